package load

import (
	"cmp"
	"slices"
	"time"

	"github.com/pilotage/pilotage/local/router/latency"
)

// Snapshot is a run so far, or in the end.
type Snapshot struct {
	// Began is zero before Run; Ended is zero until Run has returned.
	Began, Ended time.Time
	// Elapsed is the time since Began, until Ended.
	Elapsed time.Duration
	// Scheduled is how many requests have been due: those sent and those Skipped because too
	// many were in flight. Late is how many of those answered had left more than 50 ms after
	// their time, because this machine was busy.
	Scheduled, Skipped, Late int
	InFlight                 int
	// Tally and the percentiles are over all releases.
	Tally
	P50, P99 time.Duration
	// Releases is by name.
	Releases []Release
	// FirstBad is the first result that was failed or lost, by the time it was known; absent
	// when there was none.
	FirstBad *Result
	// Last is the last whole second.
	Last Second
}

// Release is what one release answered.
type Release struct {
	// Name is the release header's value, Unknown or Others.
	Name string
	Tally
	// P50 and P99 are of complete answers, 12.5 % too high at most.
	P50, P99 time.Duration
}

// Second is what was answered, or lost, within one second.
type Second struct {
	// At is the beginning of the second.
	At time.Time
	Tally
	// Skipped is how many requests were due in this second but not sent.
	Skipped  int
	P50, P99 time.Duration
	// Releases is by name, those with results in this second only.
	Releases []Release
}

// Snapshot is the state of the run at this moment.
func (g *Generator) Snapshot() Snapshot { return g.tally.snapshot() }

// Series is the seconds of the run so far without gaps, the one under way left out until the run
// has ended; nil before Run.
func (g *Generator) Series() []Second { return g.tally.series() }

func (t *tally) snapshot() Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Snapshot{
		Began: t.began, Ended: t.ended, Scheduled: t.scheduled, Skipped: t.skipped, Late: t.late,
		InFlight: t.inflight,
	}
	if t.began.IsZero() {
		return s
	}
	now := t.ended
	if now.IsZero() {
		now = t.now()
	}
	s.Elapsed = now.Sub(t.began)
	s.Tally, s.P50, s.P99, s.Releases = summarise(t.releases)
	if t.firstBad != nil {
		first := *t.firstBad
		s.FirstBad = &first
	}
	s.Last = t.second(now.Unix() - 1)
	return s
}

func (t *tally) series() []Second {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.began.IsZero() {
		return nil
	}
	end := t.now().Unix()
	if !t.ended.IsZero() {
		end = t.ended.Unix() + 1
	}
	var seconds []Second
	for unix := t.began.Unix(); unix < end; unix++ {
		seconds = append(seconds, t.second(unix))
	}
	return seconds
}

func (t *tally) second(unix int64) Second {
	s := Second{At: time.Unix(unix, 0).UTC(), Skipped: t.skips[unix]}
	s.Tally, s.P50, s.P99, s.Releases = summarise(t.seconds[unix])
	return s
}

func summarise(cells map[string]*cell) (all Tally, p50, p99 time.Duration, releases []Release) {
	var merged latency.Histogram
	for name, c := range cells {
		all.Requests += c.tally.Requests
		all.Failed += c.tally.Failed
		all.Lost += c.tally.Lost
		merged.Merge(c.latency)
		releases = append(releases, Release{
			Name: name, Tally: c.tally,
			P50: c.latency.Quantile(0.5), P99: c.latency.Quantile(0.99),
		})
	}
	slices.SortFunc(releases, func(a, b Release) int { return cmp.Compare(a.Name, b.Name) })
	return all, merged.Quantile(0.5), merged.Quantile(0.99), releases
}
