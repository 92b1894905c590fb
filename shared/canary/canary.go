// Package canary decides whether a candidate release is worse than the active one while both
// answer requests. It does no I/O and reads no clock: the same series gives the same verdict.
//
// The evidence is an e-process. In an interval with n errors, k of them the candidate's, and a
// share ρ of the requests on the candidate, the factor for a candidate that fails r times as
// often is r^k / (1−ρ+rρ)^n. Given the requests of an interval, its mean over independent
// requests is at most exp(N·ρ·(1−ρ)·(r−1)/(1−ρ+rρ)·(p−q)) (by 1+x ≤ exp x; N requests, rates
// p of the candidate and q of the active release), hence at most 1 when p ≤ q, whatever q does
// over time. By Ville's inequality the product ever reaches 1/α with probability at most α,
// however often one looks. Sources: Lindon & Malek, "Anytime-Valid Inference for Multinomial
// Count Data" (NeurIPS 2022); Lindon, Sanden & Shirikian (KDD 2022). Turned round, the same
// argument bounds the ratio from above (see Verdict.RatioBound).
//
// A convex combination of e-processes is one too: evidence.go lists what is combined, and
// further tests are added there.
package canary

import (
	"slices"
	"time"
)

// MaxRequests is the largest count that one side may have in one interval. More is taken for
// a fault of the source; the limit keeps sums over any real series within an int64.
const MaxRequests = int64(1e12)

// Interval is what was counted in one span of time on both sides.
type Interval struct {
	// Start is when the span begins and Length, more than 0, how long it is.
	Start  time.Time
	Length time.Duration
	// Weight is the candidate's configured weight in percent: 0 for a baseline taken before
	// the shift, 100 when the candidate is alone. A change of Weight begins a new step.
	Weight int
	// Candidate and Active are the requests of each side.
	Candidate, Active Counts
	// Missing says why the span could not be counted; empty when it was. The counts of a
	// missing interval are ignored.
	Missing string
}

// Counts is requests and those of them that failed: 0 <= Errors <= Requests <= MaxRequests.
type Counts struct {
	Requests int64 `json:"requests"`
	Errors   int64 `json:"errors"`
}

// BakeState is where the step stands when a verdict is asked for.
type BakeState struct {
	// Weight is the step's weight in percent, as in Interval.Weight.
	Weight int
	// Remaining is how much of the bake is left; 0 or less when it is over.
	Remaining time.Duration
	// CandidateRate is how many requests per second the candidate is expected to get. 0
	// takes the rate that was observed in this step.
	CandidateRate float64
}

// Judge is the verdict on a whole series, in any order, from the beginning of the shift (and
// a baseline before it, if there is one). Settings that are not valid give Unmeasured.
// Repeating it is safe: it neither keeps nor changes anything.
func Judge(settings Settings, intervals []Interval, bake BakeState) Verdict {
	test, err := NewTest(settings)
	if err != nil {
		return Verdict{Kind: Unmeasured, E: 1, Reason: "the analysis is not configured: " + err.Error()}
	}
	sorted := slices.Clone(intervals)
	slices.SortStableFunc(sorted, func(a, b Interval) int { return a.Start.Compare(b.Start) })
	for _, interval := range sorted {
		test.Observe(interval)
	}
	return test.Verdict(bake)
}

// add is the sum of two counts.
func (c Counts) add(other Counts) Counts {
	return Counts{Requests: c.Requests + other.Requests, Errors: c.Errors + other.Errors}
}

// rate is errors per request, 0 when there were no requests.
func (c Counts) rate() float64 {
	if c.Requests == 0 {
		return 0
	}
	return float64(c.Errors) / float64(c.Requests)
}

// possible reports whether counts can be what their documentation says.
func (c Counts) possible() bool {
	return c.Errors >= 0 && c.Errors <= c.Requests && c.Requests <= MaxRequests
}
