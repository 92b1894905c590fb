// Package hold is the stage that stops automatic deployments after a rollback, and corrects
// what the ledger says is live.
package hold

import (
	"context"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Ledger is what is asked of the ledger.
type Ledger interface {
	SetHold(ctx context.Context, scope deploy.Scope, hold ledger.Hold) error
	Undo(ctx context.Context, scope deploy.Scope, deployment string) error
}

// Stage sets holds.
type Stage struct {
	Ledger Ledger
	Clock  clock.Clock
}

// Handle takes the undone deployment out of what is live and sets a hold. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.HoldResult, error) {
	if err := s.Ledger.Undo(ctx, doc.Request.Scope, doc.Plan.Undoes); err != nil {
		return deploy.HoldResult{}, err
	}
	err := s.Ledger.SetHold(ctx, doc.Request.Scope, ledger.Hold{
		By: doc.Request.RequestedBy, Reason: doc.Request.Reason, Deployment: doc.Plan.Undoes, At: s.Clock.Now(),
	})
	return deploy.HoldResult{Held: err == nil}, err
}
