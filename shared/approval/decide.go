package approval

import (
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Choice is what somebody says to a vote.
type Choice struct {
	// Ballot is the ballot's id.
	Ballot string
	// Kind is Approve, Reject or PutOff. Reason is needed but to approve; at most 500 characters.
	Kind   string
	Reason string
	// PlanDigest is the plan that was looked at.
	PlanDigest string
	// Code is what proves who it is. It is not asked of somebody whom AWS has identified, which
	// Via says.
	Code string
	Via  string
}

const (
	maxTries  = 5
	maxReason = 500
)

// Check says what is wrong with a choice by itself, as fault.Invalid.
func (c Choice) Check() error {
	switch {
	case c.Kind != Approve && c.Kind != Reject && c.Kind != PutOff:
		return fault.New(fault.Invalid, "Choose to approve, to reject or to ask for more time.")
	case c.Kind != Approve && strings.TrimSpace(c.Reason) == "":
		return fault.New(fault.Invalid, "Say why, in a few words.")
	case len([]rune(c.Reason)) > maxReason:
		return fault.New(fault.Invalid, "The reason is longer than %d characters.", maxReason)
	}
	return nil
}

// Take counts a choice, or says as fault.Denied why it does not count, and remembers that it was
// tried. It edits the vote in either case. The choice that decided the vote is no error when it comes
// again before the execution has been told of it: its sender may not have heard that it counted.
func (v *Vote) Take(c Choice, now time.Time) error {
	i := slices.IndexFunc(v.Ballots, func(b Ballot) bool { return b.ID == c.Ballot })
	if i < 0 {
		return fault.New(fault.Invalid, "This ballot belongs to another vote.")
	}
	b := &v.Ballots[i]
	if v.Void == "" && b.Decision.Kind == c.Kind && v.Outcome.Kind != "" && !v.Outcome.Delivered && c.proves(*b) {
		return nil
	}
	if why := v.closed(*b, c, now); why != "" {
		v.Refuse(now, b.Approver, c.Kind+": "+why)
		return fault.New(fault.Denied, "%s", why)
	}
	if !c.proves(*b) {
		return v.wrong(b, c, now)
	}
	if c.Kind == PutOff {
		return v.putOff(b, c, now)
	}
	b.Decision = Decision{Kind: c.Kind, Reason: c.Reason, At: now, Via: c.Via}
	v.settle(now)
	return nil
}

func (c Choice) proves(b Ballot) bool {
	return c.Via == ByIdentity || c.Via == ByCode && b.fits(c.Code)
}

// closed says why a ballot no longer counts; empty while it does.
func (v *Vote) closed(b Ballot, c Choice, now time.Time) string {
	switch {
	case v.Void != "":
		return v.Void
	case b.Void != "":
		return b.Void
	case b.Decision.Kind != "":
		return "You decided already, to " + b.Decision.Kind + ", at " + stamp(b.Decision.At) + "."
	case v.Outcome.Kind != "":
		return "This was decided already: " + v.Story()
	case !now.Before(v.ExpiresAt):
		return "Too few decided in time; it was over at " + stamp(v.ExpiresAt) + "."
	case c.PlanDigest != v.PlanDigest:
		return "This decision is about another plan than the one of this link. Open the link again and read the plan."
	}
	return ""
}

// wrong counts a wrong code. What cannot be a code is no guess: programs that look at mails send
// forms as they find them, and must not spend the tries of people.
func (v *Vote) wrong(b *Ballot, c Choice, now time.Time) error {
	if len(digits(c.Code)) != codeDigits {
		v.Refuse(now, b.Approver, "no code")
		return fault.New(fault.Denied, "The code has eight digits; it stands in your mail.")
	}
	b.Tries++
	v.Refuse(now, b.Approver, "wrong code")
	if b.Tries < maxTries {
		return fault.New(fault.Denied, "This is not the code from the mail. %s left.", tries(maxTries-b.Tries))
	}
	b.Void = "Five wrong codes were entered, so this ballot is void."
	v.settle(now)
	return fault.New(fault.Denied, "%s", b.Void)
}

func tries(left int) string {
	if left == 1 {
		return "1 try is"
	}
	return string(rune('0'+left)) + " tries are"
}

// putOff gives everybody more time.
func (v *Vote) putOff(b *Ballot, c Choice, now time.Time) error {
	if !b.Delay.At.IsZero() && b.Delay.Reason == c.Reason {
		return nil // the same wish again: its sender may not have heard that it was granted
	}
	why := ""
	switch {
	case v.DelayBy == 0:
		why = "Nobody can ask for more time here; reject it instead."
	case !b.Delay.At.IsZero():
		why = "You asked for more time already, at " + stamp(b.Delay.At) + "."
	}
	if why != "" {
		v.Refuse(now, b.Approver, c.Kind+": "+why)
		return fault.New(fault.Denied, "%s", why)
	}
	v.ExpiresAt = v.ExpiresAt.Add(v.DelayBy)
	b.Delay = Delay{Reason: c.Reason, At: now, Until: v.ExpiresAt}
	return nil
}

// settle finds out whether the vote is decided.
func (v *Vote) settle(now time.Time) {
	for _, b := range v.Ballots {
		if b.Decision.Kind == Reject {
			v.Outcome = Outcome{Kind: Reject, By: []string{b.Approver}, Reason: b.Decision.Reason, At: now}
			return
		}
	}
	agreed := v.named(func(b Ballot) bool { return b.Decision.Kind == Approve })
	possible := v.named(func(b Ballot) bool { return b.Decision.Kind != Reject && b.Void == "" })
	switch {
	case v.suffice(agreed):
		v.Outcome = Outcome{Kind: Approve, By: agreed, At: now}
	case !v.suffice(possible):
		v.Outcome = Outcome{Kind: Reject, Reason: "so many ballots are void that the rest cannot approve it any more", At: now}
	}
}

func (v *Vote) named(choose func(Ballot) bool) []string {
	var names []string
	for _, b := range v.Ballots {
		if choose(b) {
			names = append(names, b.Approver)
		}
	}
	return names
}

// suffice reports whether the approval of these people would be enough.
func (v *Vote) suffice(people []string) bool {
	enough := func(g deploy.Group) bool { return len(among(g.Members, people)) >= g.Quorum }
	return len(people) >= v.Quorum && !slices.ContainsFunc(v.Groups, func(g deploy.Group) bool { return !enough(g) })
}

// Expire closes a vote that is over; one that was decided, or is not over, stays as it is.
func (v *Vote) Expire(now time.Time) {
	if v.Outcome.Kind == "" && v.Void == "" && !now.Before(v.ExpiresAt) {
		v.Outcome = Outcome{Kind: Expired, Reason: "too few decided in time", At: now}
	}
}

// Withdraw makes a vote void, with the reason for people. An approval that the execution has not been
// told of is none any more. Repeating it keeps the first reason.
func (v *Vote) Withdraw(reason string, now time.Time) {
	if v.Void != "" {
		return
	}
	v.Void = reason
	if v.Outcome.Kind == "" || v.Outcome.Kind == Approve && !v.Outcome.Delivered {
		v.Outcome = Outcome{Kind: Withdrawn, Reason: reason, At: now}
	}
}
