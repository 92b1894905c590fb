package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// trafficEvery is how often plain lines tell of traffic, which changes all the time.
const trafficEvery = 5 * time.Second

// plain is a view of one line per event, for files and logs.
type plain struct {
	mutex sync.Mutex
	out   io.Writer
	now   func() time.Time

	number, total int
	begun, told   time.Time
	track         *track
	closed        bool
}

func (p *plain) Begin(name, description string, number, total int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.begun = p.now()
	p.told = p.begun
	p.number, p.total = number, total
	p.track = &track{}
	p.write("\n== %d/%d %s: %s\n", number, total, oneLine(name), oneLine(description))
}

func (p *plain) Note(text string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.line("note", oneLine(text))
}

func (p *plain) State(state StateAt) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.track == nil {
		p.track = &track{}
	}
	l, fresh := p.track.enter(state)
	if !fresh {
		return
	}
	text := oneLine(state.State)
	if l.Nested {
		text = "  " + text
	}
	p.line(l.Title, text)
}

func (p *plain) Weights(weights WeightAt) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.line("weights", fmt.Sprintf("blue %3d %%  green %3d %%", weights.Blue, weights.Green))
}

func (p *plain) Traffic(rate Rate) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := p.now()
	if now.Sub(p.told) < trafficEvery {
		return
	}
	p.told = now
	var b strings.Builder
	for _, version := range slices.Sorted(maps.Keys(rate.PerSecond)) {
		fmt.Fprintf(&b, "%s %.0f/s  ", oneLine(version), rate.PerSecond[version])
	}
	fmt.Fprintf(&b, "errors %.0f/s  (%s, %s failed, %s lost)", rate.ErrorsPerSecond,
		plural(rate.Requests, "request"), count(rate.Failed), count(rate.Lost))
	p.line("traffic", b.String())
}

func (p *plain) End(scenario Scenario) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.write("%s\n", result(scenario, p.number, p.total))
	for _, problem := range problems(scenario) {
		p.write("       - %s\n", problem)
	}
	p.track = nil
}

func (p *plain) Close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.closed = true
}

func (p *plain) line(kind, text string) {
	if p.begun.IsZero() {
		p.begun = p.now()
	}
	p.write("%s  %s %s\n", offset(p.now().Sub(p.begun)), left(kind, 9), text)
}

func (p *plain) write(format string, args ...any) {
	if !p.closed {
		_, _ = fmt.Fprintf(p.out, format, args...)
	}
}

// offset is the time since a scenario began, to a tenth of a second.
func offset(d time.Duration) string { return fmt.Sprintf("%7.1fs", max(0, d.Seconds())) }
