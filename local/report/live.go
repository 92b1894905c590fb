package report

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// repaintEvery is five times a second: fast enough for a clock of tenths, slow enough for ssh.
const repaintEvery = 200 * time.Millisecond

// live is a view that repaints a terminal in place.
type live struct {
	now   func() time.Time
	stop  context.CancelFunc
	ended chan struct{}

	mutex  sync.Mutex
	screen screen
	scene  *scene
	closed bool
}

func newLive(out io.Writer, options Options) *live {
	ctx, stop := context.WithCancel(context.Background())
	v := &live{
		now: options.Now, stop: stop, ended: make(chan struct{}),
		screen: screen{out: out, size: options.Size, colours: colourful},
	}
	// https://no-color.org: any value but an empty one.
	if options.Getenv("NO_COLOR") != "" {
		v.screen.colours = monochrome
	}
	go v.repaint(ctx)
	return v
}

// repaint goes by the machine's clock, whatever Now says, because it is people who look.
func (v *live) repaint(ctx context.Context) {
	defer close(v.ended)
	for (clock.System{}).Wait(ctx, repaintEvery) == nil {
		v.mutex.Lock()
		v.paint()
		v.mutex.Unlock()
	}
}

func (v *live) Begin(name, description string, number, total int) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.scene = newScene(v.now())
	v.scene.name, v.scene.description = oneLine(name), oneLine(description)
	v.scene.number, v.scene.total = number, total
	v.paint()
}

func (v *live) Note(text string) {
	v.change(func(s *scene, at float64) { s.note(at, oneLine(text)) })
}

func (v *live) State(state StateAt) {
	v.change(func(s *scene, at float64) {
		state.Seconds = at
		s.track.enter(state)
	})
}

func (v *live) Weights(weights WeightAt) {
	v.change(func(s *scene, _ float64) {
		s.weights = &weights
		s.track.weigh(weights)
	})
}

func (v *live) Traffic(rate Rate) {
	v.change(func(s *scene, at float64) { s.see(at, rate) })
}

func (v *live) End(scenario Scenario) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.closed {
		return
	}
	number, total := 0, 0
	if v.scene != nil {
		number, total = v.scene.number, v.scene.total
	}
	look := inGreen
	if !scenario.OK {
		look = inRed
	}
	text := result(scenario, number, total)
	word := verdict(scenario)
	lines := []line{line{}.say(word, look).say(text[len(word):], normal)}
	columns, _ := v.screen.size()
	for _, problem := range problems(scenario) {
		for row := range strings.Lines(wrap(problem, "       - ", columns-1)) {
			lines = append(lines, line{}.say(strings.TrimSuffix(row, "\n"), normal))
		}
	}
	v.screen.leave(lines)
	v.scene = nil
}

// Close leaves the last picture standing when a scenario was still running, so that a person who
// interrupted it sees where it was.
func (v *live) Close() {
	v.stop()
	<-v.ended
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.closed {
		return
	}
	if v.scene != nil && v.scene.number == 0 {
		v.scene = nil
		v.screen.leave(nil)
	}
	v.paint()
	v.closed = true
	v.screen.close()
}

// change applies an event that came between scenarios to an empty scene, so that notes of the
// set-up are seen too. The picture follows with the next repaint.
func (v *live) change(apply func(s *scene, at float64)) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.closed {
		return
	}
	now := v.now()
	if v.scene == nil {
		v.scene = newScene(now)
	}
	apply(v.scene, now.Sub(v.scene.begun).Seconds())
}

// paint needs the mutex to be held.
func (v *live) paint() {
	if v.closed || v.scene == nil {
		return
	}
	columns, rows := v.screen.size()
	v.screen.paint(v.scene.frame(v.now(), columns-1, rows-1))
}
