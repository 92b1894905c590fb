package canary

import "fmt"

// Settings says how sure the analysis has to be. Defaults are usable as they are.
type Settings struct {
	// Alpha is the accepted probability of failing a candidate that is no worse, over the
	// whole shift and however often one looks: 0 to 0.5, both exclusive.
	Alpha float64
	// Beta is the accepted probability of passing, at one step, a candidate that fails at
	// least Tolerance times as often and above ErrorBudget: 0 to 0.5, both exclusive.
	Beta float64
	// Tolerance is R, the largest ratio of error rates that may pass: more than 1, at most
	// 1000.
	Tolerance float64
	// MinRequests is how many requests the candidate must have answered at a step to pass
	// it, 0 or more.
	MinRequests int64
	// ErrorBudget is the error rate, as a fraction of requests, below which a candidate
	// passes whatever the ratio: 0 to 1, exclusive. 0 asks for the ratio always; a service
	// without errors can then never pass.
	ErrorBudget float64
}

// Defaults are the settings of docs/analysis.md: alpha 0.01, tolerance 2, at least 100 requests
// and an error budget of 0.1 %. Beta is 0.05, weaker than alpha, because a wrong pass costs
// one step: the evidence goes on growing at the next, where more traffic shows more.
func Defaults() Settings {
	return Settings{Alpha: 0.01, Beta: 0.05, Tolerance: 2, MinRequests: 100, ErrorBudget: 0.001}
}

// Validate reports the first setting that is out of its range.
func (s Settings) Validate() error {
	switch {
	case !(s.Alpha > 0 && s.Alpha < 0.5):
		return fmt.Errorf("alpha is %v; it must lie between 0 and 0.5", s.Alpha)
	case !(s.Beta > 0 && s.Beta < 0.5):
		return fmt.Errorf("beta is %v; it must lie between 0 and 0.5", s.Beta)
	case !(s.Tolerance > 1 && s.Tolerance <= 1000):
		return fmt.Errorf("the tolerance is %v; it must be more than 1 and at most 1000", s.Tolerance)
	case s.MinRequests < 0:
		return fmt.Errorf("the minimum of requests is %d; it must not be negative", s.MinRequests)
	case !(s.ErrorBudget >= 0 && s.ErrorBudget < 1):
		return fmt.Errorf("the error budget is %v; it must be at least 0 and less than 1", s.ErrorBudget)
	}
	return nil
}

// certificateLevel is the error that each certificate may have. With an error budget there
// are two ways to pass, and Beta is halved between them.
func (s Settings) certificateLevel() float64 {
	if s.ErrorBudget > 0 {
		return s.Beta / 2
	}
	return s.Beta
}
