package canary

import "time"

// Kind is one of the four verdicts of docs/analysis.md.
type Kind string

// The verdicts. Fail goes before Unmeasured, and Unmeasured before Pass.
const (
	// Fail: the evidence reached 1/alpha. It stays, whatever is observed afterwards.
	Fail Kind = "fail"
	// Pass: the step may end now, certified, even if the bake is not over.
	Pass Kind = "pass"
	// Hold: nothing is decided. While the bake runs, go on; once it is over there was not
	// enough data, and NeedRequests says how much is lacking.
	Hold Kind = "hold"
	// Unmeasured: the step's series has a gap or a fault, or its bake is over and there is no
	// series. Never a pass.
	Unmeasured Kind = "unmeasured"
)

// Verdict is what is known at one look. Every number is finite.
type Verdict struct {
	Kind Kind `json:"kind"`
	// E is the largest evidence so far that the candidate is worse, at least 1, capped at
	// the largest float64. 1 says nothing, 1/alpha fails. LogE is its natural logarithm,
	// which is not capped.
	E    float64 `json:"e"`
	LogE float64 `json:"logE"`
	// Ratio is the observed ratio of error rates at this step; 0 when it is not defined.
	Ratio float64 `json:"ratio"`
	// RatioBound is the certified upper bound of the ratio at this step, more than 1; 0 when
	// there is none, as when the active side had no errors. It holds at every look together.
	RatioBound float64 `json:"ratioBound"`
	// RateBound is the certified upper bound of the candidate's own error rate at this step,
	// 0 to 1; 1 says nothing.
	RateBound float64 `json:"rateBound"`
	// Reason is a sentence for people.
	Reason string `json:"reason"`
	// NeedRequests is how many more candidate requests a pass takes, about, if the candidate
	// is no worse. 0 when nothing is needed or no number of requests would do.
	NeedRequests int64 `json:"needRequests"`
	// NeedDuration is how long they take at the candidate's rate of requests; 0 when
	// NeedRequests is 0 or there is no traffic to tell from.
	NeedDuration time.Duration `json:"needNanoseconds"`
	// Candidate and Active are the totals of this step.
	Candidate Counts `json:"candidate"`
	Active    Counts `json:"active"`
}
