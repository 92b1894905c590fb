package canary

import "math"

// aloneWeight is the weight at which no traffic is left to compare with.
const aloneWeight = 100

// baselineLevel is the part of alpha that the bound of the baseline's rate may be wrong with.
// It comes on top of alpha: false rollbacks are at most 1.01 alpha.
const baselineLevel = 0.01

// ceiling is the e-process of the candidate's own error rate while it is alone: for each
// ratio r, r^k / (1+c(r−1))^n in k errors of n requests. A rate of at most c makes its mean at
// most 1, since a request contributes 1+p(r−1).
type ceiling struct {
	rate  float64
	begun bool
	logs  [gridSize]float64
}

// begin fixes the ceiling: the error budget, or Tolerance times the highest rate that the
// active release can have had before, whichever is more. That the service as a whole did not
// get worse than this by itself is an assumption; alone, there is nothing to check it with.
// Without a baseline and a budget the ceiling is 1, and nothing fails.
func (c *ceiling) begin(settings Settings, baseline Counts) {
	c.begun = true
	c.rate = settings.ErrorBudget
	if baseline.Requests > 0 || c.rate == 0 {
		highest := rateAtMost(baseline, settings.Alpha*baselineLevel)
		c.rate = min(1, max(c.rate, settings.Tolerance*highest))
	}
}

// multiply takes in the candidate's counts of one interval.
func (c *ceiling) multiply(counts Counts) {
	for i, r := range ratios() {
		c.logs[i] += float64(counts.Errors)*math.Log(r) - float64(counts.Requests)*math.Log1p(c.rate*(r-1))
	}
}

// log is the logarithm of the mean over the ratios, 0 before the candidate is alone.
func (c *ceiling) log() float64 {
	if !c.begun {
		return 0
	}
	return logSum(c.logs[:]) - math.Log(gridSize)
}
