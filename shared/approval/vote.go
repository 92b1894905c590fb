// Package approval is how people agree to a plan: who is asked, by what they prove that it is
// them, when enough have agreed, and what was tried that did not count. A vote is about one plan,
// named by its digest; every change of the plan makes another vote.
//
// Nothing here talks to anybody. Package ledger keeps votes, and Desk takes decisions.
package approval

import (
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Vote is the question whether one plan may be carried out, with everybody's answers. It is kept
// as one item, so that two answers at the same moment are counted one after the other. The task
// token, which is what really lets the execution go on, stays in it and is never sent to anybody.
type Vote struct {
	ID         string       `json:"id"`
	Deployment string       `json:"deployment"`
	Scope      deploy.Scope `json:"scope"`
	// PlanDigest is the plan that is voted on; no other is.
	PlanDigest string `json:"planDigest"`
	// Headline is the deployment in one line, Summary the plan in words, as the mail has it.
	Headline    string `json:"headline"`
	Summary     string `json:"summary"`
	RequestedBy string `json:"requestedBy"`
	// Quorum is how many have to agree, Groups who has to be among them.
	Quorum  int            `json:"quorum"`
	Groups  []deploy.Group `json:"groups,omitempty"`
	Ballots []Ballot       `json:"ballots"`
	// TaskToken is of the state that waits now; empty before the first one does.
	TaskToken string    `json:"taskToken,omitempty"`
	OpenedAt  time.Time `json:"openedAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	// RemindBefore is how long before the end people are reminded, DelayBy how much longer they
	// have when one asks for it; zero is never.
	RemindBefore time.Duration `json:"remindBefore"`
	DelayBy      time.Duration `json:"delayBy"`
	// RemindedOf is the end of which people were reminded last.
	RemindedOf time.Time `json:"remindedOf,omitzero"`
	Outcome    Outcome   `json:"outcome,omitzero"`
	// Void says why the vote no longer counts, whatever came of it; empty while it does.
	Void string `json:"void,omitempty"`
	// Refused are the newest attempts that did not count, RefusedCount how many there were.
	Refused      []Attempt `json:"refused,omitempty"`
	RefusedCount int       `json:"refusedCount,omitempty"`
}

// Ballot is one approver's voice.
type Ballot struct {
	// ID is opaque and unguessable; it is what the link in the mail carries.
	ID       string `json:"id"`
	Approver string `json:"approver"`
	// CodeHash is what Hash makes of the id and the code.
	CodeHash string `json:"codeHash"`
	// Tries counts wrong codes.
	Tries int `json:"tries,omitempty"`
	// Void says why this ballot no longer counts; empty while it does.
	Void     string   `json:"void,omitempty"`
	Decision Decision `json:"decision,omitzero"`
	Delay    Delay    `json:"delay,omitzero"`
}

// Decision is what an approver decided.
type Decision struct {
	// Kind is Approve or Reject.
	Kind   string    `json:"kind"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// Via is by what the approver was known: ByCode or ByIdentity.
	Via string `json:"via"`
}

// Delay is an approver's wish for more time.
type Delay struct {
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`
}

// What an approver can say. Delaying decides nothing.
const (
	Approve   = "approve"
	Reject    = "reject"
	PutOff    = "delay"
	Expired   = "expire"
	Withdrawn = "withdraw"
)

// By what an approver is known.
const (
	ByCode     = "code"
	ByIdentity = "identity"
)

// Outcome is what came of a vote. The zero Outcome is none yet.
type Outcome struct {
	// Kind is Approve, Reject, Expired or Withdrawn.
	Kind string `json:"kind"`
	// By are the approvers who decided it, Reason is why it was not approved.
	By     []string  `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
	// Delivered says that the execution has been told.
	Delivered bool `json:"delivered,omitempty"`
}

// Attempt is something that was tried and did not count.
type Attempt struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	What string    `json:"what"`
}

// keepAttempts is how many attempts are kept in words; all are counted.
const keepAttempts = 50

// Refuse remembers an attempt that did not count, and who made it.
func (v *Vote) Refuse(now time.Time, by, what string) {
	v.RefusedCount++
	v.Refused = append(v.Refused, Attempt{At: now, By: by, What: what})
	if extra := len(v.Refused) - keepAttempts; extra > 0 {
		v.Refused = slices.Delete(v.Refused, 0, extra)
	}
}

// Open reports whether a decision is still wanted at a time.
func (v Vote) Open(now time.Time) bool {
	return v.Void == "" && v.Outcome.Kind == "" && now.Before(v.ExpiresAt)
}

// Ballot is the ballot of an id, and whether there is one.
func (v Vote) Ballot(id string) (Ballot, bool) {
	i := slices.IndexFunc(v.Ballots, func(b Ballot) bool { return b.ID == id })
	if i < 0 {
		return Ballot{}, false
	}
	return v.Ballots[i], true
}

// BallotOf is the ballot of an approver, and whether there is one.
func (v Vote) BallotOf(approver string) (Ballot, bool) {
	i := slices.IndexFunc(v.Ballots, func(b Ballot) bool { return strings.EqualFold(b.Approver, approver) })
	if i < 0 {
		return Ballot{}, false
	}
	return v.Ballots[i], true
}

// Undecided are the approvers whose voice is still wanted.
func (v Vote) Undecided() []string {
	var names []string
	for _, b := range v.Ballots {
		if b.Decision.Kind == "" && b.Void == "" {
			names = append(names, b.Approver)
		}
	}
	return names
}

// WaitUntil is when somebody has to look at the vote again: to remind people of its end, or at
// the end.
func (v Vote) WaitUntil(now time.Time) time.Time {
	if remind := v.ExpiresAt.Add(-v.RemindBefore); v.remindable() && now.Before(remind) {
		return remind
	}
	return v.ExpiresAt
}

// RemindNow reports whether people have to be reminded of the end.
func (v Vote) RemindNow(now time.Time) bool {
	return v.Open(now) && v.remindable() && !now.Before(v.ExpiresAt.Add(-v.RemindBefore))
}

func (v Vote) remindable() bool {
	return v.RemindBefore > 0 && !v.RemindedOf.Equal(v.ExpiresAt) && v.ExpiresAt.Add(-v.RemindBefore).After(v.OpenedAt)
}
