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

// LiftHold removes the hold of a scope; removing none is safe.
func (l *Ledger) LiftHold(ctx context.Context, scope deploy.Scope) error {
	return update(ctx, l, partition(scope), holdSort, func(held *Hold) error {
		*held = Hold{}
		return nil
	})
}

// Hold reads the hold of a scope, the zero Hold when there is none.
func (l *Ledger) Hold(ctx context.Context, scope deploy.Scope) (Hold, error) {
	var hold Hold
	_, err := l.read(ctx, partition(scope), holdSort, &hold)
	return hold, err
}
