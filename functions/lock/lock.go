// Package lock is the stage that takes the lock of a scope. A deployment queues behind the
// one that is at work or is refused, as configured; a rollback asks it to halt.
package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Locks is what is asked of the ledger.
type Locks interface {
	Acquire(ctx context.Context, claim ledger.Claim) (deploy.Lease, ledger.Lock, error)
	Lock(ctx context.Context, scope deploy.Scope) (ledger.Lock, error)
	Deployment(ctx context.Context, scope deploy.Scope, id string) (ledger.Deployment, error)
	RequestHalt(ctx context.Context, scope deploy.Scope, owner string, halt ledger.Halt) error
	Release(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error
	Turn(ctx context.Context, scope deploy.Scope, deployment string) (ledger.Place, error)
	Enter(ctx context.Context, scope deploy.Scope, deployment string) (ledger.Place, error)
}

// Stage takes locks.
type Stage struct {
	Locks Locks
	Clock clock.Clock
}

// Handle takes the lock. Not having it yet is a result; the queue's patience running out is
// fault.Locked. Repeating it gives a newer lease.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.LockResult, error) {
	now := s.Clock.Now()
	since := doc.Results.Lock.Since
	if since.IsZero() || doc.Results.Lock.Ready {
		since = now
	}
	if first, err := s.turn(ctx, doc); err != nil || first != "" {
		if err != nil {
			return deploy.LockResult{}, err
		}
		return s.wait(ctx, doc, ledger.Lock{Owner: first}, since)
	}
	claim := ledger.Claim{Scope: doc.Request.Scope, Owner: owner(doc), Execution: doc.Execution}
	force, err := s.force(ctx, doc, now.Sub(since))
	if err != nil {
		return deploy.LockResult{}, err
	}
	claim.Force = force
	lease, lock, err := s.Locks.Acquire(ctx, claim)
	if err != nil {
		return deploy.LockResult{}, err
	}
	if lease.Held() {
		return held(doc, lease, lock, now), s.enter(ctx, doc, lease)
	}
	return s.wait(ctx, doc, lock, since)
}

// queues reports whether a request waits for its turn: rollbacks do not, and neither does what
// only tidies up.
func queues(doc deploy.Document) bool {
	return doc.Request.Kind == deploy.KindDeploy && doc.Results.Promote.Slot == ""
}

// turn is the deployment whose turn it is before this one's, if any.
func (s Stage) turn(ctx context.Context, doc deploy.Document) (first string, err error) {
	if !queues(doc) {
		return "", nil
	}
	place, err := s.Locks.Turn(ctx, doc.Request.Scope, doc.ID)
	if err != nil {
		return "", err
	}
	return place.Next, place.Lost()
}

// enter leaves the place in the queue for the work. Who was superseded up to this moment gives the
// lock back as well: nothing was changed under it.
func (s Stage) enter(ctx context.Context, doc deploy.Document, lease deploy.Lease) error {
	if !queues(doc) {
		return nil
	}
	place, err := s.Locks.Enter(ctx, doc.Request.Scope, doc.ID)
	if err == nil {
		err = place.Lost()
	}
	if err != nil {
		return errors.Join(err, s.Locks.Release(ctx, doc.Request.Scope, lease))
	}
	return nil
}

// force lets an emergency take the lock after the grace, and any rollback by a person take it from
// a deployment that ended dirty: that one keeps it so that nothing starts by itself.
func (s Stage) force(ctx context.Context, doc deploy.Document, waited time.Duration) (ledger.Force, error) {
	if doc.Request.Kind != deploy.KindRollback || automatic(doc) {
		return ledger.Polite, nil
	}
	if emergency(doc) && waited >= time.Duration(doc.Plan.Environment.Rollback.HaltGraceSeconds)*time.Second {
		return ledger.TakeIt, nil
	}
	lock, err := s.Locks.Lock(ctx, doc.Request.Scope)
	if err != nil || lock.Owner == "" {
		return ledger.Polite, err
	}
	holder, err := s.Locks.Deployment(ctx, doc.Request.Scope, lock.Owner)
	switch {
	case fault.Is(err, fault.Invalid):
		return ledger.Polite, nil // nobody knows the holder, so nobody knows how it ended
	case err != nil || holder.Outcome != deploy.FailedDirty:
		return ledger.Polite, err
	}
	return ledger.TakeIt, nil
}

func held(doc deploy.Document, lease deploy.Lease, lock ledger.Lock, now time.Time) deploy.LockResult {
	seconds := doc.Plan.Environment.TimeoutSeconds
	if doc.Request.Kind == deploy.KindRollback {
		seconds = doc.Plan.Environment.Rollback.TimeoutSeconds
	}
	result := deploy.LockResult{Lease: lease, At: now, Deadline: now.Add(time.Duration(seconds) * time.Second)}
	result.Ready, result.Holder = true, lock.Owner
	return result
}

// owner is in whose name the lock is taken: an automatic rollback acts for the deployment that
// it takes back, and so inherits its lock.
func owner(doc deploy.Document) string {
	if automatic(doc) {
		return doc.Request.Rollback.Deployment
	}
	return doc.ID
}

func automatic(doc deploy.Document) bool {
	return doc.Request.GoesBackByItself()
}

func emergency(doc deploy.Document) bool {
	return doc.Request.Kind == deploy.KindRollback && doc.Request.Rollback.Mode == deploy.Emergency
}

// patience is how long a rollback waits for the lock. An automatic one asks nobody to halt, so
// it outwaits the lease of a holder that died as well.
func patience(doc deploy.Document) time.Duration {
	limit := time.Duration(doc.Plan.Environment.Rollback.TimeoutSeconds) * time.Second
	if automatic(doc) {
		limit += ledger.DefaultLease
	}
	return limit
}

// bound is when waiting changes its kind: an emergency takes the lock, others give up.
func bound(doc deploy.Document, waited time.Duration) time.Duration {
	grace := time.Duration(doc.Plan.Environment.Rollback.HaltGraceSeconds) * time.Second
	switch {
	case emergency(doc) && waited < grace:
		return grace
	case doc.Request.Kind == deploy.KindRollback:
		return patience(doc)
	}
	return time.Duration(doc.Plan.Environment.Queue.WaitSeconds) * time.Second
}

func (s Stage) wait(ctx context.Context, doc deploy.Document, lock ledger.Lock, since time.Time) (deploy.LockResult, error) {
	waited := s.Clock.Now().Sub(since)
	queue := doc.Plan.Environment.Queue
	rollback := doc.Request.Kind == deploy.KindRollback
	// LockToRetire: a newer deployment is at work and takes the old slot over itself.
	retiring := doc.Results.Promote.Slot != ""
	switch {
	case retiring:
	case automatic(doc) && waited >= patience(doc):
		return deploy.LockResult{}, fault.New(fault.Locked, "deployment %s still holds the lock of %s after %s, and %s has to be taken back", lock.Owner, doc.Request.Scope, waited.Round(time.Second), doc.Request.Rollback.Deployment)
	case automatic(doc):
		// Whoever holds the lock now is not the deployment that is taken back: it is innocent.
	case rollback && waited >= patience(doc):
		return deploy.LockResult{}, fault.New(fault.Locked, "deployment %s did not stop within %s of being asked to; an emergency rollback takes the lock from it", lock.Owner, waited.Round(time.Second))
	case rollback:
		halt := ledger.Halt{By: doc.Request.RequestedBy, Reason: doc.Request.Reason, At: s.Clock.Now()}
		if err := s.Locks.RequestHalt(ctx, doc.Request.Scope, lock.Owner, halt); err != nil {
			return deploy.LockResult{}, err
		}
	case queue.Policy == deploy.QueueReject:
		return deploy.LockResult{}, fault.New(fault.Locked, "deployment %s holds the lock of %s, and the environment does not queue", lock.Owner, doc.Request.Scope)
	case waited >= time.Duration(queue.WaitSeconds)*time.Second:
		return deploy.LockResult{}, fault.New(fault.Locked, "deployment %s still holds the lock of %s after %s", lock.Owner, doc.Request.Scope, waited.Round(time.Second))
	}
	result := deploy.LockResult{Holder: lock.Owner}
	poll := min(doc.Plan.Environment.Health.PollSeconds, 10)
	result.Since, result.WaitSeconds = since, deploy.PollSeconds(poll, waited, bound(doc, waited))
	result.Reason = fmt.Sprintf("deployment %s holds the lock", lock.Owner)
	return result, nil
}
