package planrollback

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// recent is how many entries are looked through for the newest deployment.
const recent = 100

// newest is the deployment that a person means who names none: the one that is at work, else the
// one that left the scope dirty, else the last one that changed anything and was neither taken
// back nor followed by another.
func (s Stage) newest(ctx context.Context, scope deploy.Scope, live ledger.Live) (string, error) {
	id, err := s.working(ctx, scope)
	if err != nil || id != "" {
		return id, err
	}
	id, err = s.dirty(ctx, scope)
	if err != nil || id != "" {
		return id, err
	}
	entries, err := s.Ledger.Deployments(ctx, scope, recent)
	if err != nil {
		return "", err
	}
	id, last := live.Deployment, live.At
	for _, entry := range entries {
		// What was promoted and is not live has been followed by another, or was taken back.
		if entry.ID != live.Deployment && !entry.Promoted && undoable(entry) && entry.Plan.MadeAt.After(last) {
			id, last = entry.ID, entry.Plan.MadeAt
		}
	}
	return id, nil
}

// working is the deployment that holds the lock, empty when none does.
func (s Stage) working(ctx context.Context, scope deploy.Scope) (string, error) {
	lock, err := s.Ledger.Lock(ctx, scope)
	if err != nil || lock.Owner == "" {
		return "", err
	}
	holder, err := s.Ledger.Deployment(ctx, scope, lock.Owner)
	if err != nil || holder.Kind != deploy.KindDeploy || !holder.Open() {
		return "", err
	}
	return holder.ID, nil
}

// dirty is the deployment that a dirty hold is there for, empty when there is none. It may have
// been taken back by a rollback that failed after that: then there is nothing more to do, and the
// good one before it is not meant.
func (s Stage) dirty(ctx context.Context, scope deploy.Scope) (string, error) {
	hold, err := s.Ledger.Hold(ctx, scope)
	if err != nil || !hold.Dirty || hold.Deployment == "" {
		return "", err
	}
	entry, err := s.Ledger.Deployment(ctx, scope, hold.Deployment)
	if err != nil || entry.Kind != deploy.KindDeploy {
		return "", err
	}
	return entry.ID, nil
}

// undoable reports whether the entry is of a deployment that changed something, which is still
// so.
func undoable(entry ledger.Deployment) bool {
	over := entry.Outcome == deploy.Refused || entry.Outcome == deploy.RolledBack
	return entry.Kind == deploy.KindDeploy && entry.Plan.Digest != "" && entry.UndoneBy == "" && !over
}

// replaced reports whether a later deployment went live in the place of the entry's. A rollback
// that died may have put the earlier one back already and not have said so in the entry.
func replaced(entry ledger.Deployment, live ledger.Live) bool {
	return entry.Promoted && entry.UndoneBy == "" && live.Deployment != entry.ID && live.At.After(entry.Plan.MadeAt)
}
