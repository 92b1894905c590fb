package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Lock is who may change a scope.
type Lock struct {
	// Owner is a deployment's id; empty when the lock is free.
	Owner string `json:"owner"`
	// Execution is the ARN of the execution that took it.
	Execution string `json:"execution"`
	// Token is the number of times that the lock was taken.
	Token     int64     `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
	// Halt asks the owner to stop at the next safe point; set by a person's rollback.
	Halt Halt `json:"halt,omitzero"`
}

// Halt is a request to stop.
type Halt struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Claim is a wish for the lock.
type Claim struct {
	Scope deploy.Scope
	// Owner is the deployment's id, Execution the ARN of the execution that asks.
	Owner     string
	Execution string
	// Force takes the lock from its holder. Only an emergency rollback may, after it has
	// asked the holder to halt and given it time.
	Force Force
}

// Force says whether a Claim may take a lock that is held.
type Force string

// The values of Claim.Force.
const (
	Polite Force = ""
	TakeIt Force = "take"
)

const lockSort = "lock"

// Acquire takes the lock of a scope. The lock is free when nobody has it, when its lease is
// over, and for its own owner: a second execution of the same deployment, such as its
// rollback, takes it over and thereby fences the first. When somebody else holds it, Acquire
// returns the Lock as it is and no lease. Repeating an Acquire gives a new token.
func (l *Ledger) Acquire(ctx context.Context, claim Claim) (deploy.Lease, Lock, error) {
	var lease deploy.Lease
	var seen Lock
	err := update(ctx, l, partition(claim.Scope), lockSort, func(lock *Lock) error {
		lease = deploy.Lease{}
		now := l.Clock.Now()
		free := lock.Owner == "" || lock.Owner == claim.Owner || !now.Before(lock.ExpiresAt)
		if seen = *lock; !free && claim.Force != TakeIt {
			return errUnchanged
		}
		*lock = Lock{Owner: claim.Owner, Execution: claim.Execution, Token: lock.Token + 1, ExpiresAt: now.Add(l.leaseFor())}
		lease, seen = deploy.Lease{Owner: claim.Owner, Token: lock.Token}, *lock
		return nil
	})
	if err != nil {
		return deploy.Lease{}, Lock{}, fmt.Errorf("acquire the lock of %s: %w", claim.Scope, err)
	}
	return lease, seen, nil
}

// Renew makes a lease last for another full term and returns the lock, whose Halt the caller
// must look at. It returns fault.LeaseLost when the lock was taken by somebody else.
func (l *Ledger) Renew(ctx context.Context, scope deploy.Scope, lease deploy.Lease) (Lock, error) {
	var seen Lock
	err := update(ctx, l, partition(scope), lockSort, func(lock *Lock) error {
		if err := lost(scope, lease, *lock); err != nil {
			return err
		}
		lock.ExpiresAt = l.Clock.Now().Add(l.leaseFor())
		seen = *lock
		return nil
	})
	if err != nil {
		return Lock{}, fmt.Errorf("renew the lease of %s: %w", lease.Owner, err)
	}
	return seen, nil
}

// Check returns fault.LeaseLost unless lease is the newest one of the scope. It is what an
// adapter asks right before it changes something.
func (l *Ledger) Check(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error {
	lock, err := l.Lock(ctx, scope)
	if err != nil {
		return err
	}
	return lost(scope, lease, lock)
}

func lost(scope deploy.Scope, lease deploy.Lease, lock Lock) error {
	if lock.Owner == lease.Owner && lock.Token == lease.Token && lease.Held() {
		return nil
	}
	return fault.New(fault.LeaseLost, "the lock of %s was taken from %s (token %d) and is now at token %d, held by %q",
		scope, lease.Owner, lease.Token, lock.Token, lock.Owner)
}

// Release gives the lock back. Giving back a lease that was lost, or was given back before,
// does nothing: it is somebody else's lock by now.
func (l *Ledger) Release(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error {
	err := update(ctx, l, partition(scope), lockSort, func(lock *Lock) error {
		if lost(scope, lease, *lock) != nil {
			return errUnchanged
		}
		*lock = Lock{Token: lock.Token}
		return nil
	})
	if err != nil {
		return fmt.Errorf("release the lock of %s: %w", scope, err)
	}
	return nil
}

// Lock reads who holds the lock of a scope.
func (l *Ledger) Lock(ctx context.Context, scope deploy.Scope) (Lock, error) {
	var lock Lock
	_, err := l.read(ctx, partition(scope), lockSort, &lock)
	return lock, err
}

// RequestHalt asks the holder of the lock to stop at its next safe point. Asking again keeps
// the first request; asking when owner does not hold the lock does nothing.
func (l *Ledger) RequestHalt(ctx context.Context, scope deploy.Scope, owner string, halt Halt) error {
	return update(ctx, l, partition(scope), lockSort, func(lock *Lock) error {
		if lock.Owner != owner || lock.Halt.By != "" {
			return errUnchanged
		}
		lock.Halt = halt
		return nil
	})
}
