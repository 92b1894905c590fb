package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/notify"
)

// decide counts an approver's voice. Their identity is the proof that the code is elsewhere.
func (f Function) decide(ctx context.Context, who caller, command commands.Command) (commands.Answer, error) {
	vote, err := f.current(ctx, command.Deployment)
	if err != nil {
		return commands.Answer{}, err
	}
	ballot, asked := vote.BallotOf(who.mail)
	if !asked {
		return commands.Answer{}, f.foreign(ctx, vote, who, command)
	}
	seen, err := f.Desk.Take(ctx, vote.ID, approval.Choice{
		Ballot: ballot.ID, Kind: command.Verb, Reason: command.Reason, PlanDigest: command.Plan, Via: approval.ByIdentity,
	})
	if err != nil {
		return commands.Answer{}, err
	}
	text := "your decision is kept; others have to agree as well: it takes " + seen.Needed()
	if story := seen.Story(); story != "" {
		text = story
	} else if command.Verb == commands.Delay {
		text = "everybody has until " + notify.Time(seen.ExpiresAt)
	}
	return commands.Answer{Deployment: command.Deployment, Text: text, Vote: public(seen, false)}, nil
}

// foreign remembers that somebody tried to decide who was not asked.
func (f Function) foreign(ctx context.Context, vote approval.Vote, who caller, command commands.Command) error {
	var names []string
	for _, b := range vote.Ballots {
		names = append(names, b.Approver)
	}
	err := f.Ledger.PutVote(ctx, vote.ID, func(v *approval.Vote) error {
		v.Refuse(f.Clock.Now(), who.mail, command.Verb+": not asked")
		return nil
	})
	if err != nil {
		return err
	}
	return fault.New(fault.Denied, "%s was not asked about deployment %s; %s were. Who asked for a deployment, or wrote it, is not", who.mail, command.Deployment, strings.Join(names, ", "))
}

// current is the newest vote on a deployment. One that was never voted on is fault.Invalid.
func (f Function) current(ctx context.Context, deployment string) (approval.Vote, error) {
	votes, err := f.Ledger.Votes(ctx, deployment)
	if err != nil {
		return approval.Vote{}, err
	}
	if len(votes) == 0 {
		return approval.Vote{}, fault.New(fault.Invalid, "nobody was asked about deployment %s", deployment)
	}
	newest := votes[0]
	for _, vote := range votes[1:] {
		if vote.OpenedAt.After(newest.OpenedAt) || newest.Void != "" && vote.Void == "" {
			newest = vote
		}
	}
	return newest, nil
}

// show is what there is to know of a deployment, and the question that is open on it.
func (f Function) show(ctx context.Context, who caller, command commands.Command) (commands.Answer, error) {
	entry, err := f.Ledger.Locate(ctx, command.Deployment)
	if err != nil {
		return commands.Answer{}, err
	}
	answer := commands.Answer{Deployment: entry.ID, Entry: &entry, Text: fmt.Sprintf("%s to %s", entry.Kind, entry.Scope)}
	vote, err := f.current(ctx, command.Deployment)
	if fault.Is(err, fault.Invalid) {
		return answer, nil
	}
	if err != nil {
		return commands.Answer{}, err
	}
	ballot, asked := vote.BallotOf(who.mail)
	if asked {
		// What was decided and has not reached the execution reaches it now, at the latest.
		if err := f.Desk.Deliver(ctx, vote); err != nil {
			return commands.Answer{}, err
		}
	}
	answer.Vote = public(vote, asked && vote.Open(f.Clock.Now()) && ballot.Decision.Kind == "" && ballot.Void == "")
	return answer, nil
}

// public is a vote without what is nobody's business.
func public(v approval.Vote, open bool) *commands.Vote {
	return &commands.Vote{
		Plan: v.PlanDigest, Summary: v.Summary, Needed: v.Needed(), Until: notify.Time(v.ExpiresAt),
		Open: open, Story: v.Story(), Voices: v.Result().Voices,
	}
}

// hold sets or lifts the hold of a scope.
func (f Function) hold(ctx context.Context, who caller, command commands.Command) (commands.Answer, error) {
	if command.Verb == commands.Lift {
		hold, err := f.Holds.Lift(ctx, who.at.Scope, who.mail, command.Reason)
		if err != nil {
			return commands.Answer{}, err
		}
		return commands.Answer{Text: fmt.Sprintf("the hold of %s by %s is lifted: %s", who.at.Scope, hold.By, hold.Reason)}, nil
	}
	if _, err := f.Holds.Set(ctx, who.at.Scope, who.mail, command.Reason); err != nil {
		return commands.Answer{}, err
	}
	return commands.Answer{Text: fmt.Sprintf("%s is on hold: nothing is deployed there by itself until somebody lifts it", who.at.Scope)}, nil
}
