package canary

import (
	"math"
	"math/rand/v2"
	"time"
)

// began is when every simulated shift begins.
func began() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }

// load is simulated traffic: requests per second, error rates of both sides, and the time
// between two looks.
type load struct {
	rps               float64
	candidate, active float64
	peek              time.Duration
	// look is how a verdict is taken: fully or evidenceOnly.
	look func(*Test, BakeState) Kind
}

// fully is the verdict as a stage gets it.
func fully(test *Test, bake BakeState) Kind { return test.Verdict(bake).Kind }

// evidenceOnly knows only Fail and Hold, and takes a tenth of the time.
func evidenceOnly(test *Test, _ BakeState) Kind {
	if test.failed() {
		return Fail
	}
	return Hold
}

// failing is the same traffic, of which only failures are of interest.
func (l load) failing() load {
	l.look = evidenceOnly
	return l
}

// interval draws one interval at a weight, starting at an offset from the beginning.
func (l load) interval(random *rand.Rand, weight int, at time.Duration) Interval {
	total := int64(l.rps * l.peek.Seconds())
	c := binomial(random, total, float64(weight)/100)
	a := total - c
	return Interval{
		Start: began().Add(at), Length: l.peek, Weight: weight,
		Candidate: Counts{Requests: c, Errors: binomial(random, c, l.candidate)},
		Active:    Counts{Requests: a, Errors: binomial(random, a, l.active)},
	}
}

// outcome is how one simulated shift ended.
type outcome struct {
	kind   Kind
	failed int64
	after  time.Duration
}

// bake simulates a step from an offset on until it fails or is over; passing early is left to
// the caller's reading of passed.
func (l load) bake(random *rand.Rand, test *Test, weight int, from, length time.Duration) (o outcome, passed bool) {
	for at := time.Duration(0); at < length; at += l.peek {
		interval := l.interval(random, weight, from+at)
		o.failed += interval.Candidate.Errors
		test.Observe(interval)
		o.after = from + at + l.peek
		o.kind = l.look(test, BakeState{Weight: weight, Remaining: length - at - l.peek})
		if o.kind == Fail {
			return o, passed
		}
		passed = passed || o.kind == Pass
	}
	return o, passed
}

// binomial draws the number of successes in n trials: by waiting times, or for large means by
// the normal approximation.
func binomial(random *rand.Rand, n int64, p float64) int64 {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p > 0.5:
		return n - binomial(random, n, 1-p)
	case float64(n)*p > 100:
		mean := float64(n) * p
		drawn := math.Round(mean + random.NormFloat64()*math.Sqrt(mean*(1-p)))
		return int64(math.Max(0, math.Min(float64(n), drawn)))
	}
	successes, position := int64(0), 0.0
	for {
		position += math.Floor(math.Log(1-random.Float64())/math.Log1p(-p)) + 1
		if position > float64(n) {
			return successes
		}
		successes++
	}
}

// seeded is a source that gives the same numbers in every run.
func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 20260302)) }

// mustTest begins a test whose settings are known to be valid.
func mustTest(settings Settings) *Test {
	test, err := NewTest(settings)
	if err != nil {
		panic(err)
	}
	return test
}

// even is a series of equal intervals of a second.
func even(n, weight int, candidate, active Counts) []Interval {
	intervals := make([]Interval, n)
	for i := range intervals {
		intervals[i] = Interval{
			Start: began().Add(time.Duration(i) * time.Second), Length: time.Second, Weight: weight,
			Candidate: candidate, Active: active,
		}
	}
	return intervals
}

// after moves a series so that it begins the given time after the beginning.
func after(offset time.Duration, intervals []Interval) []Interval {
	for i := range intervals {
		intervals[i].Start = intervals[i].Start.Add(offset)
	}
	return intervals
}
