// Package promote is the stage that makes the candidate the active release.
package promote

import (
	"context"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Ledger is what is asked of the ledger.
type Ledger interface {
	SetLive(ctx context.Context, scope deploy.Scope, live ledger.Live) error
	Amend(ctx context.Context, scope deploy.Scope, id string, change func(*ledger.Deployment)) error
}

// Stage promotes.
type Stage struct {
	Ledger Ledger
	Clock  clock.Clock
}

// Handle writes down what is live from now on, and with which schema it was verified: that is
// what a later rollback returns to. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.PromoteResult, error) {
	now := s.Clock.Now()
	workload := doc.Plan.Workload
	workload.Definition = doc.Results.Release.Definition
	err := s.Ledger.SetLive(ctx, doc.Request.Scope, ledger.Live{
		Deployment: doc.ID, Release: doc.Plan.Release, Slot: doc.Plan.Target, Workload: workload,
		SchemaVersion: doc.Plan.SchemaTo, At: now,
	})
	if err != nil {
		return deploy.PromoteResult{}, err
	}
	err = s.Ledger.Amend(ctx, doc.Request.Scope, doc.ID, func(entry *ledger.Deployment) { entry.Promoted = true })
	if err != nil {
		return deploy.PromoteResult{}, err
	}
	return deploy.PromoteResult{Slot: doc.Plan.Target, At: now}, nil
}
