package ledger

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Live is what serves the users of a scope and was verified doing so. Going back means going
// back to the one before it.
type Live struct {
	// Deployment is the id of the deployment that promoted it.
	Deployment string            `json:"deployment"`
	Release    deploy.ReleaseRef `json:"release"`
	Slot       deploy.Slot       `json:"slot"`
	Workload   deploy.Workload   `json:"workload"`
	// SchemaVersion is the schema that it was verified with.
	SchemaVersion int64     `json:"schemaVersion"`
	At            time.Time `json:"at"`
	// Before are the ones that it replaced, the newest first, at most ten.
	Before []Live `json:"before,omitempty"`
}

// Known reports whether anything is live; the zero Live is nothing.
func (v Live) Known() bool { return v.Deployment != "" }

// Chain is what is live and what it replaced, the newest first, none of them with its Before. It is
// empty when nothing is live.
func (v Live) Chain() []Live {
	if !v.Known() {
		return nil
	}
	chain := append([]Live{v}, v.Before...)
	chain[0].Before = nil
	return chain
}

// Covers reports whether the chain goes back to a time: what was promoted after it and is not among
// the chain was taken out of it. Before the oldest of a full chain there may have been others.
func (v Live) Covers(at time.Time) bool {
	return len(v.Before) < keepBefore || v.Before[len(v.Before)-1].At.Before(at)
}

const (
	liveSort   = "live"
	keepBefore = 10
)

// SetLive puts live in front of what was live before. Setting the same deployment again
// changes nothing.
func (l *Ledger) SetLive(ctx context.Context, scope deploy.Scope, live Live) error {
	return update(ctx, l, partition(scope), liveSort, func(current *Live) error {
		if current.Deployment == live.Deployment {
			return errUnchanged
		}
		before := current.Before
		if current.Known() {
			replaced := *current
			replaced.Before = nil
			before = append([]Live{replaced}, before...)
		}
		live.Before = before[:min(len(before), keepBefore)]
		*current = live
		return nil
	})
}

// Undo takes live back to what the deployment replaced: everything from that deployment on
// is removed, and nothing is left when it was the first. An entry that is not among them is left
// alone. Repeating it is safe.
func (l *Ledger) Undo(ctx context.Context, scope deploy.Scope, deployment string) error {
	return update(ctx, l, partition(scope), liveSort, func(current *Live) error {
		if current.Deployment == deployment && len(current.Before) == 0 {
			*current = Live{}
			return nil
		}
		chain := append([]Live{*current}, current.Before...)
		for i, entry := range chain {
			if entry.Deployment != deployment || i+1 >= len(chain) {
				continue
			}
			rest := chain[i+1]
			rest.Before = chain[i+2:]
			*current = rest
			return nil
		}
		return errUnchanged
	})
}

// Live reads what is live in a scope, the zero Live when nothing is.
func (l *Ledger) Live(ctx context.Context, scope deploy.Scope) (Live, error) {
	var live Live
	_, err := l.read(ctx, partition(scope), liveSort, &live)
	return live, err
}
