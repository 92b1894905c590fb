package canary

import "math"

// How the evidence is shared out. The shares are fixed before anything is seen and add up to
// 1, which is what makes the sum of e-processes an e-process; one that has not begun is 1.
const (
	// shareSplit is for the split of errors over the whole shift. It costs −ln 0.8, that is
	// 0.22 of the 4.6 nats that alpha 0.01 takes.
	shareSplit = 0.8
	// shareSteps is for the same test begun anew at each step, so that a long clean step does
	// not hide a regression that comes with load. The j-th gets 1/(j(j+1)) of it.
	shareSteps = 0.1
	// shareAlone is for the candidate's own error rate at weight 100.
	shareAlone = 0.1
)

// evidence is the tests against "the candidate is no worse", and their combination.
type evidence struct {
	split split
	steps []split
	alone ceiling
	// peak is the largest logarithm of the combined e-process so far.
	peak float64
}

// restart begins the split test anew for a further step.
func (e *evidence) restart() { e.steps = append(e.steps, split{}) }

// observe multiplies an interval into every test that it concerns.
func (e *evidence) observe(interval Interval) {
	factors := splitFactors(interval)
	e.split.multiply(factors)
	for i := range e.steps {
		e.steps[i].multiply(factors)
	}
	if interval.Weight == aloneWeight {
		e.alone.multiply(interval.Candidate)
	}
	e.peak = max(e.peak, e.log())
}

// log is the logarithm of the combined e-process now.
func (e *evidence) log() float64 {
	// The steps to come are 1 each, and 1/(J+1) of their share is still theirs.
	terms := []float64{
		math.Log(shareSplit) + e.split.log(),
		math.Log(shareAlone) + e.alone.log(),
		math.Log(shareSteps / float64(len(e.steps)+1)),
	}
	for i, step := range e.steps {
		share := shareSteps / float64((i+1)*(i+2))
		terms = append(terms, math.Log(share)+step.log())
	}
	return logSum(terms)
}

// logSum is the logarithm of the sum of exponentials, without overflow.
func logSum(logs []float64) float64 {
	largest := math.Inf(-1)
	for _, l := range logs {
		largest = max(largest, l)
	}
	if math.IsInf(largest, 0) {
		return largest
	}
	sum := 0.0
	for _, l := range logs {
		sum += math.Exp(l - largest)
	}
	return largest + math.Log(sum)
}
