package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/fault"
)

const (
	votePartition   = "votes"
	ballotPartition = "ballots"
	// mostVotes is how many plans of one deployment are looked through: a plan changes three
	// times at most.
	mostVotes = 20
)

// PutVote creates a vote, or lets change edit the one of that id. change may be called more
// than once.
func (l *Ledger) PutVote(ctx context.Context, id string, change func(*approval.Vote) error) error {
	return update(ctx, l, votePartition, id, change)
}

// Vote reads a vote by its id. An unknown one is fault.Invalid.
func (l *Ledger) Vote(ctx context.Context, id string) (approval.Vote, error) {
	var vote approval.Vote
	if _, err := l.read(ctx, votePartition, id, &vote); err != nil {
		return approval.Vote{}, err
	}
	if vote.ID == "" {
		return approval.Vote{}, fault.New(fault.Invalid, "there is no vote of this id")
	}
	return vote, nil
}

// Votes are all votes on plans of a deployment, in no order that means anything.
func (l *Ledger) Votes(ctx context.Context, deployment string) ([]approval.Vote, error) {
	items, err := l.Store.List(ctx, Query{Partition: votePartition, Prefix: deployment + "#", Limit: mostVotes})
	if err != nil {
		return nil, fmt.Errorf("list the votes on %s: %w", deployment, err)
	}
	votes := make([]approval.Vote, len(items))
	for i, item := range items {
		if err := json.Unmarshal(item.Body, &votes[i]); err != nil {
			return nil, fmt.Errorf("decode vote %s: %w", item.Sort, err)
		}
	}
	return votes, nil
}

// IndexBallot remembers which vote a ballot belongs to. Repeating it is safe.
func (l *Ledger) IndexBallot(ctx context.Context, ballot, vote string) error {
	return update(ctx, l, ballotPartition, ballot, func(known *string) error {
		if *known == vote {
			return errUnchanged
		}
		*known = vote
		return nil
	})
}

// VoteOf is the vote that a ballot belongs to. An unknown ballot is fault.Invalid.
func (l *Ledger) VoteOf(ctx context.Context, ballot string) (approval.Vote, error) {
	var id string
	if _, err := l.read(ctx, ballotPartition, ballot, &id); err != nil {
		return approval.Vote{}, err
	}
	if id == "" {
		return approval.Vote{}, fault.New(fault.Invalid, "there is no ballot of this id")
	}
	return l.Vote(ctx, id)
}
