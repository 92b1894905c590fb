package canary

import (
	"math"
	"time"
)

// longestNeed is where looking for a number of requests ends, and longestWait where naming a
// duration does.
const (
	longestNeed = 1e12
	longestWait = 10 * 365 * 24 * time.Hour
)

// need is how many more candidate requests a pass takes by the shorter of the two ways, and
// how long they take. Zero when no number would do, or the time cannot be told.
func (t *Test) need(step series, bake BakeState, limit float64) (int64, time.Duration) {
	more := math.Min(t.needForRatio(step, bake), t.needForRate(step, limit))
	more = math.Max(more, float64(t.settings.MinRequests-step.candidate.Requests))
	if more > longestNeed {
		return 0, 0
	}
	requests := int64(math.Ceil(math.Max(1, more)))
	rate := bake.CandidateRate
	if !(rate > 0) && step.length > 0 {
		rate = float64(step.candidate.Requests) / step.length.Seconds()
	}
	if !(rate > 0) {
		return requests, 0
	}
	seconds := math.Min(float64(requests)/rate, longestWait.Seconds())
	return requests, time.Duration(seconds * float64(time.Second)).Round(time.Second)
}

// needForRatio assumes that both sides go on failing as the active one did: log 1/M(R) then
// grows by q·(log(1−ρ+Rρ) − ρ log R) with each request of either side.
func (t *Test) needForRatio(step series, bake BakeState) float64 {
	c, a := float64(step.candidate.Requests), float64(step.active.Requests)
	share := float64(bake.Weight) / 100
	if c+a > 0 {
		share = c / (c + a)
	}
	if !(share > 0 && share < 1) {
		return math.Inf(1)
	}
	u := math.Log(t.settings.Tolerance)
	reached, _ := against(step.points, u)
	growth := t.whole.active.rate() * (math.Log1p(share*math.Expm1(u)) - share*u)
	if !(growth > 0) {
		return math.Inf(1)
	}
	return (-math.Log(t.settings.certificateLevel()) - reached) / growth * share
}

// needForRate assumes that the candidate goes on failing as it did.
func (t *Test) needForRate(step series, limit float64) float64 {
	k, n, rate := float64(step.candidate.Errors), float64(step.candidate.Requests), step.candidate.rate()
	if rate >= limit {
		return math.Inf(1)
	}
	target := -math.Log(t.settings.certificateLevel())
	enough := func(more float64) bool { return logRateBelow(k+rate*more, n+more, limit) >= target }
	low, high := 0.0, 1.0
	for !enough(high) {
		if low, high = high, 2*high; high > longestNeed {
			return math.Inf(1)
		}
	}
	for high-low > 1 {
		if middle := (low + high) / 2; enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
