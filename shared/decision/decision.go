// Package decision is the desk at which approvers decide, however they come there: it counts
// what they say, tells the execution that waits, and tells people what was put off.
package decision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/notify"
)

// Votes keeps votes.
type Votes interface {
	PutVote(ctx context.Context, id string, change func(*approval.Vote) error) error
	Votes(ctx context.Context, deployment string) ([]approval.Vote, error)
}

// Tokens tells a waiting execution how it goes on.
type Tokens interface {
	SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error
	SendTaskFailure(ctx context.Context, token, class, cause string) error
}

// ErrNotWaiting is what Tokens returns when no execution waits for the token any more.
var ErrNotWaiting = errors.New("no execution waits for this decision any more") //nolint:gochecknoglobals // a sentinel error

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Clerk tells executions what came of votes, and withdraws them. It is safe for concurrent use.
type Clerk struct {
	Votes  Votes
	Tokens Tokens
	Clock  clock.Clock
}

// Desk takes decisions. It is safe for concurrent use.
type Desk struct {
	Clerk
	Notifier Notifier
}

// Take counts a choice and tells the execution when it decides the vote. It returns the vote as
// it is then. A choice that does not count is fault.Denied with the reason, one that cannot be
// understood fault.Invalid; both leave the vote's decisions as they were, and the first is
// remembered in it. Repeating a choice is safe.
func (d Desk) Take(ctx context.Context, vote string, choice approval.Choice) (approval.Vote, error) {
	if err := choice.Check(); err != nil {
		return approval.Vote{}, err
	}
	seen, refused, err := d.put(ctx, vote, func(v *approval.Vote) error { return v.Take(choice, d.Clock.Now()) })
	if err != nil {
		return seen, err
	}
	// A wrong code may have been the last one that a vote could bear: that decides it as well.
	if err := d.Deliver(ctx, seen); err != nil {
		return seen, err
	}
	if refused != nil {
		return seen, refused
	}
	if choice.Kind == approval.PutOff {
		return seen, d.tellDelay(ctx, seen, choice)
	}
	return seen, nil
}

// put edits a vote and keeps the edit even when the change refuses.
func (c Clerk) put(ctx context.Context, id string, change func(*approval.Vote) error) (seen approval.Vote, refused, err error) {
	err = c.Votes.PutVote(ctx, id, func(v *approval.Vote) error {
		if v.ID == "" {
			return fault.New(fault.Invalid, "there is no vote of this id")
		}
		refused = change(v)
		if refused != nil && fault.Of(refused) != fault.Denied {
			return refused
		}
		seen = *v
		return nil
	})
	return seen, refused, err
}

// Deliver tells the execution what came of a vote, if anything did and it was not told before,
// and remembers that it was. An execution that does not wait at this moment is no error: it looks
// at the vote before it waits again. Repeating it is safe.
func (c Clerk) Deliver(ctx context.Context, v approval.Vote) error {
	if v.Outcome.Kind == "" || v.Outcome.Delivered || v.TaskToken == "" {
		return nil
	}
	err := c.sendAgain(ctx, v)
	if errors.Is(err, ErrNotWaiting) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tell deployment %s of the decision: %w", v.Deployment, err)
	}
	return c.Votes.PutVote(ctx, v.ID, func(v *approval.Vote) error {
		v.Outcome.Delivered = true
		return nil
	})
}

// tries are how often an execution is told before its approver has to come back, with waits that
// double from firstWait.
const (
	tries     = 3
	firstWait = 200 * time.Millisecond
)

func (c Clerk) sendAgain(ctx context.Context, v approval.Vote) error {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		err := c.send(ctx, v)
		if !fault.Is(err, fault.Transient) || attempt == tries {
			return err
		}
		if err := c.Clock.Wait(ctx, wait); err != nil {
			return fmt.Errorf("wait before telling %s again: %w", v.Deployment, err)
		}
		wait *= 2
	}
}

func (c Clerk) send(ctx context.Context, v approval.Vote) error {
	if v.Outcome.Kind == approval.Approve && v.Void != "" {
		return c.Tokens.SendTaskFailure(ctx, v.TaskToken, string(fault.Locked), v.Void)
	}
	switch v.Outcome.Kind {
	case approval.Approve:
		output, err := json.Marshal(v.Result())
		if err != nil {
			return fmt.Errorf("encode the decision on %s: %w", v.Deployment, err)
		}
		return c.Tokens.SendTaskSuccess(ctx, v.TaskToken, output)
	case approval.Expired:
		return c.Tokens.SendTaskFailure(ctx, v.TaskToken, string(fault.Expired), v.Story())
	case approval.Withdrawn:
		return c.Tokens.SendTaskFailure(ctx, v.TaskToken, string(fault.Locked), v.Outcome.Reason)
	}
	return c.Tokens.SendTaskFailure(ctx, v.TaskToken, string(fault.Rejected), v.Story())
}

// Approved is what the approvers of a document's plan decided. A plan that they have not approved,
// or no longer, is fault.Rejected: the ledger is asked and not the execution, so that whoever got
// hold of its task token cannot approve in their place.
func (c Clerk) Approved(ctx context.Context, doc deploy.Document) (deploy.ApproveResult, error) {
	votes, err := c.Votes.Votes(ctx, doc.ID)
	if err != nil {
		return deploy.ApproveResult{}, err
	}
	id := approval.VoteID(doc.ID, doc.Plan.Digest, doc.Results.Announce.Round)
	for _, v := range votes {
		if v.ID != id {
			continue
		}
		if v.Outcome.Kind != approval.Approve || v.Void != "" {
			return deploy.ApproveResult{}, fault.New(fault.Rejected, "the execution goes on as if plan %s were approved, and it is not: %s", doc.Plan.Digest, standing(v))
		}
		return v.Result(), nil
	}
	return deploy.ApproveResult{}, fault.New(fault.Rejected, "the execution goes on as if plan %s were approved, and nobody was asked about it", doc.Plan.Digest)
}

func standing(v approval.Vote) string {
	if v.Void != "" {
		return v.Void
	}
	if story := v.Story(); story != "" {
		return story
	}
	return "it takes " + v.Needed() + ", who have not decided yet"
}

// Withdraw makes every vote on a deployment void, but the one on the plan kept, and tells the
// execution where it waits for one of them. The reason is shown to who opens the link. Repeating
// it is safe.
func (c Clerk) Withdraw(ctx context.Context, deployment, kept, reason string) error {
	votes, err := c.Votes.Votes(ctx, deployment)
	if err != nil {
		return err
	}
	for _, v := range votes {
		if v.PlanDigest == kept {
			continue
		}
		seen, _, err := c.put(ctx, v.ID, func(v *approval.Vote) error {
			v.Withdraw(reason, c.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		if err := c.Deliver(ctx, seen); err != nil {
			return err
		}
	}
	return nil
}

// tellDelay tells everybody who was asked, and who asked for the deployment, of the new end.
func (d Desk) tellDelay(ctx context.Context, v approval.Vote, choice approval.Choice) error {
	ballot, _ := v.Ballot(choice.Ballot)
	to := v.Undecided()
	if notify.IsAddress(v.RequestedBy) {
		to = append(to, v.RequestedBy)
	}
	_, err := d.Notifier.Tell(ctx, to, notify.Message{
		ID: v.ID + "#delay#" + ballot.ID, Scope: v.Scope, Subject: "[pilotage] " + v.Headline + ": more time to decide",
		Body: notify.Line("What", v.Headline) + notify.Line("Put off by", ballot.Approver) + notify.Line("Why", choice.Reason) +
			notify.Line("Until", notify.Time(v.ExpiresAt)) + notify.Line("Deployment", v.Deployment) +
			"\nYour link and your code stay the same.\n",
	})
	return err
}
