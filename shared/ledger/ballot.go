package ledger

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Ballot is one approver's voice on one plan. The task token, which is what really lets the
// execution go on, stays in here and is never sent to anybody.
type Ballot struct {
	// ID is opaque and unguessable; it is what the link in the mail carries.
	ID         string       `json:"id"`
	Deployment string       `json:"deployment"`
	Scope      deploy.Scope `json:"scope"`
	Approver   string       `json:"approver"`
	// PlanDigest is the plan that is voted on; no other is.
	PlanDigest string `json:"planDigest"`
	// Summary is the plan in words, as the mail has it.
	Summary string `json:"summary"`
	// CodeHash is the SHA-256 of the id and the code, in hex.
	CodeHash string `json:"codeHash"`
	// Tries counts wrong codes.
	Tries     int       `json:"tries,omitempty"`
	TaskToken string    `json:"taskToken"`
	ExpiresAt time.Time `json:"expiresAt"`
	// Mailed says that the approver was written to.
	Mailed bool `json:"mailed,omitempty"`
	// Void says why this ballot no longer counts; empty while it does.
	Void     string   `json:"void,omitempty"`
	Decision Decision `json:"decision,omitzero"`
}

// Decision is what an approver decided.
type Decision struct {
	// Kind is "approve" or "reject".
	Kind   string    `json:"kind"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// Delivered says that the execution has been told.
	Delivered bool `json:"delivered,omitempty"`
}

// The kinds of Decision.
const (
	Approve = "approve"
	Reject  = "reject"
)

const ballotPartition = "ballots"

// PutBallot creates a ballot, or lets change edit the one of that id.
func (l *Ledger) PutBallot(ctx context.Context, id string, change func(*Ballot) error) error {
	return update(ctx, l, ballotPartition, id, change)
}

// Ballot reads a ballot by its id. An unknown one is fault.Invalid.
func (l *Ledger) Ballot(ctx context.Context, id string) (Ballot, error) {
	var ballot Ballot
	if _, err := l.read(ctx, ballotPartition, id, &ballot); err != nil {
		return Ballot{}, err
	}
	if ballot.ID == "" {
		return Ballot{}, fault.New(fault.Invalid, "there is no ballot of this id")
	}
	return ballot, nil
}
