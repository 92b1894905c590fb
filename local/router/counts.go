package router

import (
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/router/latency"
)

// Retention is how far back Counts reaches.
const Retention = 20 * time.Minute

const ringSize = int64(Retention/time.Second) + 1 // the second under way comes on top

// NoGroup is the name under which Counts and Totals keep the requests that went to no target
// group: fixed responses, by status, and 503 for a forward without weights, as Lost.
const NoGroup = ""

// Tally counts requests by what became of them. Requests is the sum of the other counts but
// FailOpen, which counts anew.
type Tally struct {
	// Requests is all requests whose answer was complete, or had failed.
	Requests int
	// Status2xx to Status5xx are answers of a target, complete. 1xx counts as 2xx.
	Status2xx, Status3xx, Status4xx, Status5xx int
	// ConnectionErrors is targets that refused, reset, broke off, or did not answer in time:
	// the client got 502, 504 or half an answer.
	ConnectionErrors int
	// Lost is requests answered 503 because the group had no registered target.
	Lost int
	// Aborted is requests whose client left before the answer was complete.
	Aborted int
	// FailOpen is requests sent to a target that was not healthy, because none was.
	FailOpen int
}

// Failed is what a user would call an error: 5xx, connection errors and lost requests.
func (t Tally) Failed() int { return t.Status5xx + t.ConnectionErrors + t.Lost }

// Second is what was completed within one second.
type Second struct {
	// At is the beginning of the second, UTC.
	At time.Time
	Tally
	// Latency is the time from the request's arrival to the end of its answer, of all complete
	// answers by a target.
	Latency latency.Histogram
}

// Counts is a target group's seconds from that of from up to, not including, that of to, without
// gaps: a second without requests is all zero. A request counts in the second in which its answer
// was complete. Seconds longer ago than Retention, and seconds that have not begun, are left out
// rather than shown as zero; the second under way is included when asked for, and still grows.
// NoGroup names the requests that went to none; for an unknown group the result is nil.
func (r *Router) Counts(groupName string, from, to time.Time) []Second {
	counts := r.countsOf(groupName)
	if counts == nil {
		return nil
	}
	now := r.clock.Now().Unix()
	return counts.seconds(max(from.Unix(), now-ringSize+1), min(to.Unix(), now+1))
}

// Totals is all that a target group was sent since it was created.
func (r *Router) Totals(groupName string) Tally {
	counts := r.countsOf(groupName)
	if counts == nil {
		return Tally{}
	}
	counts.mu.Lock()
	defer counts.mu.Unlock()
	return counts.total
}

func (r *Router) countsOf(groupName string) *ring {
	if groupName == NoGroup {
		return r.unsent
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if g, ok := r.groups[groupName]; ok {
		return g.counts
	}
	return nil
}

// ring is the last seconds, each in the slot of its number modulo the size.
type ring struct {
	mu    sync.Mutex
	total Tally
	slots []slot
}

type slot struct {
	unix    int64
	tally   Tally
	latency latency.Histogram
}

func newRing() *ring { return &ring{slots: make([]slot, ringSize)} }

// add counts one request that ended at the given time after the given latency.
func (c *ring) add(end time.Time, took time.Duration, what outcome) {
	unix := end.Unix()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.slots[unix%ringSize]
	if s.unix != unix {
		*s = slot{unix: unix}
	}
	s.tally.add(what)
	c.total.add(what)
	if what.end == endAnswered {
		s.latency.Add(took)
	}
}

func (c *ring) seconds(from, to int64) []Second {
	c.mu.Lock()
	defer c.mu.Unlock()
	var seconds []Second
	for unix := from; unix < to; unix++ {
		second := Second{At: time.Unix(unix, 0).UTC()}
		if s := &c.slots[unix%ringSize]; s.unix == unix {
			second.Tally, second.Latency = s.tally, s.latency
		}
		seconds = append(seconds, second)
	}
	return seconds
}
