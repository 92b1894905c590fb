// Package enqueue is the stage that takes a deployment's place in the queue of its scope, and,
// where the environment says so, the place of older ones that wait.
package enqueue

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

// Queue is the order in which deployments came.
type Queue interface {
	Enqueue(ctx context.Context, scope deploy.Scope, deployment string, arrival ledger.Arrival) (ledger.Place, error)
}

// Desk withdraws votes.
type Desk interface {
	Withdraw(ctx context.Context, deployment, kept, reason string) error
}

// Stage queues.
type Stage struct {
	Queue Queue
	Desk  Desk
	Clock clock.Clock
}

// Handle takes the deployment's place. Under the policy "supersede" those that wait, for the lock
// or for people, are refused with a pointer to this one; those that are at work already are left
// alone. A newer deployment that came first, while this one was being built, is fault.Locked.
// Repeating it changes nothing more.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.EnqueueResult, error) {
	arrival := ledger.Line
	if doc.Plan.Environment.Queue.Policy == deploy.QueueSupersede {
		arrival = ledger.Supersede
	}
	place, err := s.Queue.Enqueue(ctx, doc.Request.Scope, doc.ID, arrival)
	if err != nil {
		return deploy.EnqueueResult{}, err
	}
	if err := place.Lost(); err != nil {
		return deploy.EnqueueResult{}, err
	}
	for _, older := range place.Superseded {
		reason := fmt.Sprintf("superseded by deployment %s (%s), which is newer", doc.ID, notify.Headline(doc))
		if err := s.Desk.Withdraw(ctx, older, "", reason); err != nil {
			return deploy.EnqueueResult{}, err
		}
	}
	return deploy.EnqueueResult{Ahead: place.Ahead, Superseded: place.Superseded}, nil
}
