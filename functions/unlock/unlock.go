// Package unlock is the stage that gives the lock back.
package unlock

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Locks is what is asked of the ledger.
type Locks interface {
	Release(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error
	ReleaseExecution(ctx context.Context, scope deploy.Scope, execution string) error
	Rejoin(ctx context.Context, scope deploy.Scope, deployment string) (ledger.Place, error)
	Dequeue(ctx context.Context, scope deploy.Scope, deployment string) (ledger.Place, error)
}

// Stage gives locks back.
type Stage struct{ Locks Locks }

// yield is the state that gives the lock back for a while.
const yield = "YieldLock"

// Result is empty: there is nothing to say of a lock that was given back.
type Result struct{}

// Handle gives the lease back, if there is one and it was not lost, and then what the execution
// may have taken without hearing of it: a function can die right after it took the lock. A place
// in the queue goes as well, but where the lock is given back only for the time that people need to
// look at a changed plan: there the deployment goes back to its place, and is fault.Locked when a
// newer one has taken that. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (Result, error) {
	if doc.Lease().Held() {
		if err := s.Locks.Release(ctx, doc.Request.Scope, doc.Lease()); err != nil {
			return Result{}, err
		}
	}
	if err := s.Locks.ReleaseExecution(ctx, doc.Request.Scope, doc.Execution); err != nil {
		return Result{}, err
	}
	if doc.Stage == yield {
		place, err := s.Locks.Rejoin(ctx, doc.Request.Scope, doc.ID)
		if err != nil {
			return Result{}, err
		}
		return Result{}, place.Lost()
	}
	_, err := s.Locks.Dequeue(ctx, doc.Request.Scope, doc.ID)
	return Result{}, err
}
