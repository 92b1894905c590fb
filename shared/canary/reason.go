package canary

import (
	"fmt"
	"time"
)

// failReason says what was seen.
func (t *Test) failReason(v Verdict, bake BakeState) string {
	evidence := fmt.Sprintf("evidence %.3g, limit %.3g", v.E, 1/t.settings.Alpha)
	if bake.Weight == aloneWeight {
		return fmt.Sprintf("the candidate fails more often than the active release did: %s; at most %.3g %% was to be expected at full weight; %s",
			v.Candidate, 100*t.evidence.alone.rate, evidence)
	}
	return fmt.Sprintf("the candidate fails more often than the active release: %s against %s at this step; %s",
		v.Candidate, v.Active, evidence)
}

// passReason says which certificate was met.
func (t *Test) passReason(v Verdict, limit float64) string {
	switch {
	case v.RatioBound > 0 && v.RatioBound <= t.settings.Tolerance:
		return fmt.Sprintf("certified: the candidate fails less than %.3g times as often as the active release; %.3g is tolerated",
			v.RatioBound, t.settings.Tolerance)
	case v.RateBound <= limit:
		return fmt.Sprintf("certified: less than %.3g %% of the candidate's requests fail; %.3g %% is allowed",
			100*v.RateBound, 100*limit)
	}
	return "the bake is over and the whole shift certifies the candidate"
}

// holdReason says what is lacking.
func holdReason(v Verdict, bake BakeState) string {
	need := "no number of requests would decide it as things stand"
	switch {
	case v.NeedRequests > 0 && v.NeedDuration > 0:
		need = fmt.Sprintf("%d more requests, about %s", v.NeedRequests, v.NeedDuration)
	case v.NeedRequests > 0:
		need = fmt.Sprintf("%d more requests, and there is no traffic", v.NeedRequests)
	}
	if bake.Remaining > 0 {
		return fmt.Sprintf("undecided, %s of the bake left; a pass takes %s", bake.Remaining.Round(time.Second), need)
	}
	return fmt.Sprintf("not enough data: %s; a pass takes %s", v.Candidate, need)
}

// String is, for example, "3 errors in 200 requests".
func (c Counts) String() string {
	return fmt.Sprintf("%d errors in %d requests", c.Errors, c.Requests)
}
