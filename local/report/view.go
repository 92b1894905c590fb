package report

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Mode chooses how a view shows itself.
type Mode string

const (
	// Auto repaints when the output is a terminal and writes plain lines when it is not.
	Auto Mode = ""
	// Plain writes one line per event, wherever it goes.
	Plain Mode = "plain"
	// Live repaints in place, wherever it goes.
	Live Mode = "live"
)

// Options say how a view looks. The zero value suits a command line.
type Options struct {
	Mode Mode
	// Now is the time; time.Now when nil.
	Now func() time.Time
}

// NewView is a view on out. Close it before out is used for anything else.
func NewView(out io.Writer, options Options) View {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &plain{out: out, now: options.Now}
}

type plain struct {
	mutex sync.Mutex
	out   io.Writer
	now   func() time.Time
	begun time.Time
}

func (p *plain) line(format string, args ...any) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.begun.IsZero() {
		p.begun = p.now()
	}
	fmt.Fprintf(p.out, "%6.1fs  %s\n", p.now().Sub(p.begun).Seconds(), fmt.Sprintf(format, args...))
}

func (p *plain) Begin(name, description string, number, total int) {
	p.line("%d/%d %s: %s", number, total, name, description)
}
func (p *plain) Note(text string)      { p.line("%s", text) }
func (p *plain) State(state StateAt)   { p.line("%s %s", state.Machine, state.State) }
func (p *plain) Weights(w WeightAt)    { p.line("weights blue %d green %d", w.Blue, w.Green) }
func (p *plain) Traffic(Rate)          {}
func (p *plain) End(scenario Scenario) { p.line("%s %s", scenario.Name, scenario.Outcome) }
func (p *plain) Close()                {}
