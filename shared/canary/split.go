package canary

import "math"

// gridSize is the number of alternatives that a test averages over.
const gridSize = 11

// ratios are the alternatives of docs/analysis.md.
func ratios() [gridSize]float64 {
	return [gridSize]float64{1.25, 1.5, 2, 3, 4, 6, 10, 20, 50, 200, 1000}
}

// split is the e-process of how errors fall on the two sides: log M(r) for each ratio.
type split struct{ logs [gridSize]float64 }

// multiply takes in the factors of one interval.
func (s *split) multiply(factors [gridSize]float64) {
	for i, f := range factors {
		s.logs[i] += f
	}
}

// log is the logarithm of the mean over the ratios.
func (s *split) log() float64 { return logSum(s.logs[:]) - math.Log(gridSize) }

// splitFactors is the logarithm of r^k / (1−ρ+rρ)^n for each ratio. It is 0 without errors,
// and where one side has no requests: such an interval tells nothing about the split.
func splitFactors(interval Interval) (factors [gridSize]float64) {
	point := pointOf(interval)
	if point.errors == 0 {
		return factors
	}
	for i, r := range ratios() {
		factors[i] = -point.against(math.Log(r))
	}
	return factors
}

// point is the part of an interval that the ratio of error rates depends on: the errors of
// both sides, the candidate's, and the candidate's share of the requests, 0 to 1 exclusive.
type point struct{ errors, candidate, share float64 }

// pointOf is an interval's point, without errors when one side has no requests.
func pointOf(interval Interval) point {
	c, a := interval.Candidate, interval.Active
	if c.Requests == 0 || a.Requests == 0 {
		return point{}
	}
	return point{
		errors:    float64(c.Errors) + float64(a.Errors),
		candidate: float64(c.Errors),
		share:     float64(c.Requests) / (float64(c.Requests) + float64(a.Requests)),
	}
}

// against is the logarithm of 1/M for a ratio of exp u in this interval.
func (p point) against(u float64) float64 {
	return p.errors*math.Log1p(p.share*math.Expm1(u)) - p.candidate*u
}
