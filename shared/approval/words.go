package approval

import (
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }

// Story is what came of the vote, in one sentence: by whom, when and why. It is empty while the
// vote is open.
func (v Vote) Story() string {
	o := v.Outcome
	switch o.Kind {
	case Approve:
		return fmt.Sprintf("approved by %s at %s.", strings.Join(o.By, " and "), stamp(o.At))
	case Reject:
		if len(o.By) == 0 {
			return fmt.Sprintf("rejected at %s, because %s.", stamp(o.At), o.Reason)
		}
		return fmt.Sprintf("rejected by %s at %s: %s", strings.Join(o.By, " and "), stamp(o.At), o.Reason)
	case Expired:
		return fmt.Sprintf("too few decided in time; it was over at %s.", stamp(v.ExpiresAt))
	case Withdrawn:
		return fmt.Sprintf("withdrawn at %s: %s", stamp(o.At), o.Reason)
	}
	return ""
}

// Needed says what an approval takes: "2 of 4, among them 1 of security".
func (v Vote) Needed() string {
	text := fmt.Sprintf("%d of %d", v.Quorum, len(v.Ballots))
	for i, group := range v.Groups {
		joint := ", among them "
		if i > 0 {
			joint = " and "
		}
		text += fmt.Sprintf("%s%d of %s", joint, group.Quorum, group.Name)
	}
	return text
}

// Result is the vote as the document and the record carry it.
func (v Vote) Result() deploy.ApproveResult {
	result := deploy.ApproveResult{By: strings.Join(v.Outcome.By, ", "), At: v.Outcome.At, PlanDigest: v.PlanDigest, Needed: v.Needed()}
	for _, b := range v.Ballots {
		if b.Decision.Kind != "" {
			result.Voices = append(result.Voices, deploy.Voice{By: b.Approver, Kind: b.Decision.Kind, Reason: b.Decision.Reason, At: b.Decision.At, Via: b.Decision.Via})
		}
		if !b.Delay.At.IsZero() {
			result.Voices = append(result.Voices, deploy.Voice{By: b.Approver, Kind: PutOff, Reason: b.Delay.Reason, At: b.Delay.At})
		}
	}
	return result
}
