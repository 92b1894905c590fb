package canary

import "math"

// passes reports whether a step may end. While the bake runs only what this step showed
// counts, or the evidence of a small weight would wave every later one through. Once it is
// over the whole shift counts: that is how the ratio of the earlier steps carries over to
// weight 100, where nothing is left to compare with. A step without a single request of its
// own never passes.
func (t *Test) passes(v Verdict, bake BakeState, limit float64) bool {
	if v.Candidate.Requests < max(1, t.settings.MinRequests) {
		return false
	}
	if t.certified(v.RatioBound, v.RateBound, limit) {
		return true
	}
	if bake.Remaining > 0 {
		return false
	}
	level := t.settings.certificateLevel()
	ratio := ratioAtMost(t.whole.points, level)
	return t.certified(ratio, rateAtMost(t.whole.candidate, level), t.settings.ErrorBudget)
}

// certified reports whether one of the two bounds is good enough. A rate of at most 1 is known
// of every release and certifies nothing.
func (t *Test) certified(ratio, rate, limit float64) bool {
	return (ratio > 0 && ratio <= t.settings.Tolerance) || (rate < 1 && rate <= limit)
}

// rateLimit is the error rate that a candidate may have whatever the ratio: the error budget;
// alone, at least Tolerance times what the active release certainly had before.
func (t *Test) rateLimit(bake BakeState) float64 {
	if bake.Weight != aloneWeight {
		return t.settings.ErrorBudget
	}
	lowest := rateAtLeast(t.whole.active, t.settings.certificateLevel())
	return math.Max(t.settings.ErrorBudget, math.Min(1, t.settings.Tolerance*lowest))
}
