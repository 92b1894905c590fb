package approval

import (
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Minutes are what a change record keeps of a vote: everything but the token, the links and the
// codes.
type Minutes struct {
	PlanDigest string         `json:"planDigest"`
	Needed     string         `json:"needed"`
	Asked      []string       `json:"asked"`
	OpenedAt   time.Time      `json:"openedAt"`
	ExpiresAt  time.Time      `json:"expiresAt"`
	Voices     []deploy.Voice `json:"voices,omitempty"`
	Outcome    Outcome        `json:"outcome,omitzero"`
	Story      string         `json:"story,omitempty"`
	Void       string         `json:"void,omitempty"`
	// Refused are the newest attempts that did not count, RefusedCount how many there were.
	Refused      []Attempt `json:"refused,omitempty"`
	RefusedCount int       `json:"refusedCount,omitempty"`
}

// Minutes are those of the vote as it is.
func (v Vote) Minutes() Minutes {
	made := Minutes{
		PlanDigest: v.PlanDigest, Needed: v.Needed(), OpenedAt: v.OpenedAt, ExpiresAt: v.ExpiresAt, Voices: v.Result().Voices,
		Outcome: v.Outcome, Story: v.Story(), Void: v.Void, Refused: v.Refused, RefusedCount: v.RefusedCount,
	}
	for _, b := range v.Ballots {
		made.Asked = append(made.Asked, b.Approver)
	}
	return made
}
