package ledger

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Hold says that nothing is deployed by itself until a person lifts it. Every rollback leaves
// one, so that the next push does not bring back what was taken back.
type Hold struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
	// Deployment is the id of the one that led to it.
	Deployment string    `json:"deployment,omitempty"`
	At         time.Time `json:"at"`
	// Dirty holds stop people's deployments too: the scope is in no known state.
	Dirty bool `json:"dirty,omitempty"`
}

// Active reports whether there is a hold; the zero Hold is none.
func (h Hold) Active() bool { return h.By != "" }

// Admit returns fault.Denied for a deployment that the hold stops. An ordinary hold lets people
// deploy: it is there to stop what starts by itself. Under a dirty hold nobody does.
func (h Hold) Admit(r deploy.Request) error {
	if h.Active() && (h.Dirty || r.Source.Automatic()) {
		return fault.New(fault.Denied, "%s is on hold since %s, by %s: %s; lift the hold first", r.Scope, h.At.Format(time.RFC3339), h.By, h.Reason)
	}
	return nil
}

const holdSort = "hold"

// SetHold puts a hold on a scope. A dirty hold is not replaced by one that is not. Repeating
// it is safe.
func (l *Ledger) SetHold(ctx context.Context, scope deploy.Scope, hold Hold) error {
	return update(ctx, l, partition(scope), holdSort, func(held *Hold) error {
		if held.Dirty && !hold.Dirty {
			return errUnchanged
		}
		*held = hold
		return nil
	})
}

// AddHold puts a hold on a scope that has none, and returns the one that is there: the caller's own,
// or that of whoever came first. Repeating it is safe.
func (l *Ledger) AddHold(ctx context.Context, scope deploy.Scope, hold Hold) (Hold, error) {
	var seen Hold
	err := update(ctx, l, partition(scope), holdSort, func(held *Hold) error {
		if seen = *held; held.Active() {
			return errUnchanged
		}
		*held, seen = hold, hold
		return nil
	})
	return seen, err
}

// LiftHold removes a hold of a scope. When it is not there any more nothing is done; when another
// one is there by now, that is fault.Rejected: it was set for a reason that nobody has looked at.
func (l *Ledger) LiftHold(ctx context.Context, scope deploy.Scope, hold Hold) error {
	return update(ctx, l, partition(scope), holdSort, func(held *Hold) error {
		switch {
		case !held.Active():
			return errUnchanged
		case !held.same(hold):
			return fault.New(fault.Rejected, "%s got another hold at %s, by %s: %s; look at that first", scope, held.At.UTC().Format(time.RFC3339), held.By, held.Reason)
		}
		*held = Hold{}
		return nil
	})
}

// same compares holds as they are kept: times have no zone there.
func (h Hold) same(other Hold) bool {
	at := h.At.Equal(other.At)
	h.At, other.At = time.Time{}, time.Time{}
	return at && h == other
}

// Hold reads the hold of a scope, the zero Hold when there is none.
func (l *Ledger) Hold(ctx context.Context, scope deploy.Scope) (Hold, error) {
	var hold Hold
	_, err := l.read(ctx, partition(scope), holdSort, &hold)
	return hold, err
}
