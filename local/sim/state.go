package sim

import (
	"context"
	"fmt"
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// State is what a refused or rolled-back deployment must leave as it was. It compares with ==.
type State struct {
	Weights     deploy.Weights
	Maintenance bool
	// Active is the slot that has the traffic, Digest and Healthy what answers there; an
	// empty slot has none.
	Active  deploy.Slot
	Digest  string
	Count   int
	Healthy int
	Schema  int64
	// Live is the deployment that the ledger says is live.
	Live string
}

// State is that of Scope now.
func (w *World) State(ctx context.Context) (State, error) {
	live, err := w.Ledger.Live(ctx, Scope())
	if err != nil {
		return State{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.places[Scope()]
	state := State{
		Weights: found.weights, Maintenance: found.maintenance, Active: found.weights.Heaviest(),
		Schema: w.databases[w.settings[Scope()].Database.Instance].version(), Live: live.Deployment,
	}
	active := found.slots[state.Active]
	if active.workload.Count > 0 {
		state.Digest, state.Count, state.Healthy = active.workload.Digest, active.workload.Count, active.healthy(w.now())
	}
	return state, nil
}

// Invariants lists what is violated of the seven invariants in docs/architecture.md, for every
// execution that has ended; start is the world before them. Under a dirty hold 1, 3, 4 and the
// free lock cannot be asked for: then there must have been a page.
func (w *World) Invariants(ctx context.Context, start State) []string {
	w.mu.Lock()
	broken := slices.Clone(w.violations) // 2
	w.mu.Unlock()
	entries, err := w.Ledger.Deployments(ctx, Scope(), 1000)
	if err != nil {
		return append(broken, err.Error())
	}
	hold, err := w.Ledger.Hold(ctx, Scope())
	if err != nil {
		return append(broken, err.Error())
	}
	if hold.Dirty && !hold.Active() {
		broken = append(broken, "a dirty hold says by nobody, and so stops nobody")
	}
	dirty := hold.Dirty
	if !dirty {
		broken = append(broken, w.settled(ctx, start)...)
	}
	broken = append(broken, w.closed(entries, dirty)...)
	return append(broken, w.told(entries)...)
}

// settled checks 1, 3, 4 and the free lock.
func (w *World) settled(ctx context.Context, start State) []string {
	var broken []string
	complain := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	now, err := w.State(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	live, err := w.Ledger.Live(ctx, Scope())
	if err != nil {
		return []string{err.Error()}
	}
	lock, err := w.Ledger.Lock(ctx, Scope())
	if err != nil {
		return []string{err.Error()}
	}
	if now.Weights.Of(now.Active) != 100 {
		complain("traffic is divided: %s", now.Weights)
	}
	if now.Digest != live.Release.Digest {
		complain("slot %s runs %q, and the ledger says that %q is live", now.Active, now.Digest, live.Release.Digest)
	}
	if now.Healthy < now.Count || live.Known() && now.Count == 0 {
		complain("slot %s has %d of %d tasks healthy", now.Active, now.Healthy, now.Count)
	}
	w.mu.Lock()
	keeps := w.settings[Scope()].Rollback.Schema == deploy.SchemaKeep
	w.mu.Unlock()
	if now.Schema != live.SchemaVersion && !(keeps && now.Schema > live.SchemaVersion) {
		complain("the schema is at %d; the live release was verified with %d", now.Schema, live.SchemaVersion)
	}
	if now.Maintenance != start.Maintenance {
		complain("maintenance mode is %v and was %v", now.Maintenance, start.Maintenance)
	}
	if lock.Owner != "" && w.now().Before(lock.ExpiresAt) {
		complain("%s still holds the lock", lock.Owner)
	}
	return broken
}

// closed checks that every record is closed, with its who, what, when, where and why.
func (w *World) closed(entries []ledger.Deployment, dirty bool) []string {
	var broken []string
	failed := false
	for _, entry := range entries {
		if entry.Open() {
			broken = append(broken, "the record of "+entry.ID+" is open")
		}
		if entry.EndedAt.IsZero() || entry.EndedAt.Before(entry.StartedAt) {
			broken = append(broken, fmt.Sprintf("the record of %s is from %s to %s", entry.ID, entry.StartedAt, entry.EndedAt))
		}
		failed = failed || entry.Outcome == deploy.FailedDirty
	}
	if failed && !dirty {
		broken = append(broken, "a deployment is failed-dirty, and there is no dirty hold")
	}
	return broken
}

// told checks that nobody got the same message twice and that a dirty end paged.
func (w *World) told(entries []ledger.Deployment) []string {
	var broken []string
	seen := map[string]bool{}
	paged := false
	for _, mail := range w.Mails() {
		if seen[mail.ID] {
			broken = append(broken, "the mail "+mail.ID+" was sent twice")
		}
		seen[mail.ID] = true
		paged = paged || mail.Urgent
	}
	for _, entry := range entries {
		if entry.Outcome == deploy.FailedDirty && !paged {
			broken = append(broken, entry.ID+" is failed-dirty, and nobody was paged")
		}
	}
	return broken
}
