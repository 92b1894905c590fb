package load

import (
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/router/latency"
)

// Unknown is the release under which results without a release header are counted, lost ones
// among them; Others takes those of releases beyond the sixteenth.
const (
	Unknown = "(unknown)"
	Others  = "(others)"
)

const maxReleases = 16

// lateBy is how much later than its schedule a request must leave to be counted as late.
const lateBy = 50 * time.Millisecond

// Tally counts results.
type Tally struct {
	// Requests is all results: complete answers and lost requests.
	Requests int
	// Failed is complete answers with a 5xx status.
	Failed int
	// Lost is requests without a complete answer: connection errors and timeouts.
	Lost int
}

// cell is the results of one release in one span of time.
type cell struct {
	tally   Tally
	latency latency.Histogram // of complete answers
}

func (c *cell) add(r Result) {
	c.tally.Requests++
	switch {
	case r.Lost():
		c.tally.Lost++
		return
	case r.Failed():
		c.tally.Failed++
	}
	c.latency.Add(r.Latency)
}

// tally keeps everything that was seen. Sixteen releases over MaxDuration are its bound.
type tally struct {
	now func() time.Time

	mu       sync.Mutex
	began    time.Time
	ended    time.Time
	inflight int
	scheduled,
	skipped, late int
	firstBad *Result
	releases map[string]*cell
	seconds  map[int64]map[string]*cell
	skips    map[int64]int
}

func newTally(now func() time.Time) *tally {
	return &tally{
		now: now, releases: map[string]*cell{}, seconds: map[int64]map[string]*cell{},
		skips: map[int64]int{},
	}
}

func (t *tally) start(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = at
}

func (t *tally) stop(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = at
}

func (t *tally) sent() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scheduled++
	t.inflight++
}

func (t *tally) skip(due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scheduled++
	t.skipped++
	t.skips[due.Unix()]++
}

func (t *tally) add(r Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inflight--
	if r.At.Sub(r.Due) > lateBy {
		t.late++
	}
	if bad := r.Failed() || r.Lost(); bad && (t.firstBad == nil || r.done().Before(t.firstBad.done())) {
		t.firstBad = &r
	}
	release := t.nameOf(r)
	cellOf(t.releases, release).add(r)
	unix := r.done().Unix()
	if t.seconds[unix] == nil {
		t.seconds[unix] = map[string]*cell{}
	}
	cellOf(t.seconds[unix], release).add(r)
}

// done is when the answer was complete, or had failed.
func (r Result) done() time.Time { return r.At.Add(r.Latency) }

func (t *tally) nameOf(r Result) string {
	if r.Release == "" {
		return Unknown
	}
	if _, known := t.releases[r.Release]; !known && len(t.releases) >= maxReleases {
		return Others
	}
	return r.Release
}

func cellOf(cells map[string]*cell, name string) *cell {
	if cells[name] == nil {
		cells[name] = &cell{}
	}
	return cells[name]
}
