package canary

import "math"

// highestRatio is where the search for a bound of the ratio ends; beyond it there is none.
const highestRatio = 1e6

// ratioAtMost is the smallest ratio r with 1/M(r) >= 1/level: a bound that holds at every look
// together with probability 1−level, because for each r, 1/M(r) is an e-process for "at least
// r times as often" (its factors are at most 1 in the mean, by 1+x ≤ exp x). It is 0 when no
// ratio up to highestRatio qualifies. log 1/M is convex in u = log r and 0 at u = 0, so that
// Newton's method from the right comes down on the one crossing and never passes it.
func ratioAtMost(points []point, level float64) float64 {
	target := -math.Log(level)
	u := math.Log(highestRatio)
	value, slope := against(points, u)
	if !(value >= target) {
		return 0
	}
	for range 100 {
		step := (value - target) / slope
		if !(step > 1e-12) {
			break
		}
		u -= step
		value, slope = against(points, u)
	}
	return math.Exp(u)
}

// against is log 1/M for a ratio of exp u, and its derivative in u.
func against(points []point, u float64) (value, slope float64) {
	for _, p := range points {
		value += p.against(u)
		weighted := p.share * math.Exp(u)
		slope += p.errors*weighted/(1-p.share+weighted) - p.candidate
	}
	return value, slope
}

// rateAtMost is an upper bound of an error rate that holds at every look together with
// probability 1−level; 1 when nothing is known.
func rateAtMost(counts Counts, level float64) float64 {
	k, n := float64(counts.Errors), float64(counts.Requests)
	return rateCrossing(func(p float64) bool { return logRateBelow(k, n, p) >= -math.Log(level) })
}

// rateAtLeast is the lower bound that belongs to rateAtMost; 0 when nothing is known.
func rateAtLeast(counts Counts, level float64) float64 {
	k, n := float64(counts.Errors), float64(counts.Requests)
	if k == 0 {
		return 0
	}
	return rateCrossing(func(p float64) bool { return logRateAbove(k, n, p) < -math.Log(level) })
}

// rateCrossing is where a condition begins to hold that, once it does, holds for every higher
// rate: 1 when it never does.
func rateCrossing(holds func(rate float64) bool) float64 {
	low, high := math.Log(1e-15), 0.0
	for range 60 {
		middle := (low + high) / 2
		if holds(math.Exp(middle)) {
			high = middle
		} else {
			low = middle
		}
	}
	return math.Exp(high)
}

// logRateBelow is the logarithm of an e-process for "the rate is at least p", in k errors of n
// requests: the mean over s of s^k / (1−p(1−s))^n, s being how much lower the rate is taken to
// be. s = 0 is the most that a series without errors can give; 2/3 serves large counts.
func logRateBelow(k, n, p float64) float64 {
	logs := [3]float64{math.Inf(-1), logRateFactor(k, n, p, 0.25), logRateFactor(k, n, p, 2.0/3)}
	if k == 0 {
		logs[0] = -n * math.Log1p(-p)
	}
	return logSum(logs[:]) - math.Log(3)
}

// logRateAbove is its mirror image, for "the rate is at most p".
func logRateAbove(k, n, p float64) float64 {
	logs := [3]float64{logRateFactor(k, n, p, 1.5), logRateFactor(k, n, p, 4), logRateFactor(k, n, p, 50)}
	return logSum(logs[:]) - math.Log(3)
}

// logRateFactor is the logarithm of s^k / (1+p(s−1))^n, for s > 0.
func logRateFactor(k, n, p, s float64) float64 {
	return k*math.Log(s) - n*math.Log1p(p*(s-1))
}
