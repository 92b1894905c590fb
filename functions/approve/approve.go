// Package approve is the stage that waits until people have decided on a plan: it leaves the
// task token of its execution with the vote. The decision comes in through package decide or
// command; package ask has asked for it.
package approve

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Votes keeps votes.
type Votes interface {
	PutVote(ctx context.Context, id string, change func(*approval.Vote) error) error
}

// Desk tells executions what came of a vote.
type Desk interface {
	Deliver(ctx context.Context, v approval.Vote) error
}

// Stage waits for people.
type Stage struct {
	Votes Votes
	Desk  Desk
}

// Handle leaves the task token with the vote on the document's plan. A vote that was decided
// while no execution waited is delivered at once. Repeating it, with another token, is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.ApproveResult, error) {
	var v approval.Vote
	err := s.Votes.PutVote(ctx, approval.VoteID(doc.ID, doc.Plan.Digest, doc.Results.Announce.Round), func(known *approval.Vote) error {
		if known.ID == "" {
			return fault.New(fault.Internal, "nobody was asked about plan %s of %s", doc.Plan.Digest, doc.ID)
		}
		known.TaskToken, known.Outcome.Delivered = doc.TaskToken, false
		v = *known
		return nil
	})
	if err != nil {
		return deploy.ApproveResult{}, fmt.Errorf("leave the token with the vote on %s: %w", doc.ID, err)
	}
	return deploy.ApproveResult{}, s.Desk.Deliver(ctx, v)
}
