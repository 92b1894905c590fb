package sim

import (
	"context"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// backups takes and restores snapshots.
type backups struct{ w *World }

// CreateSnapshot implements database.Backups.
func (b backups) CreateSnapshot(ctx context.Context, lease deploy.Lease, name, id string) error {
	return b.w.alter(ctx, "Backups.CreateSnapshot", name, lease, func(i *instance) error {
		if _, exists := i.snapshots[id]; !exists {
			now := b.w.now()
			i.snapshots[id] = snapshot{at: now, ready: now.Add(b.w.options.SnapshotFor), applied: slices.Clone(i.applied)}
		}
		return nil
	})
}

// Snapshot implements database.Backups.
func (b backups) Snapshot(ctx context.Context, name, id string) (database.Snapshot, error) {
	return read(b.w, ctx, "Backups.Snapshot", func() (database.Snapshot, error) {
		found, _, err := b.w.instance(name)
		if err != nil {
			return database.Snapshot{}, err
		}
		taken, exists := found.snapshots[id]
		if !exists {
			return database.Snapshot{ID: id, Status: database.Absent}, nil
		}
		return b.w.progress(id, taken.at, taken.ready), nil
	})
}

func (w *World) progress(id string, at, ready time.Time) database.Snapshot {
	if w.now().Before(ready) {
		return database.Snapshot{ID: id, Status: database.Creating, At: at, Percent: 50}
	}
	return database.Snapshot{ID: id, Status: database.Available, At: at, Bytes: 1 << 20, Percent: 100}
}

// Restore implements database.Backups.
func (b backups) Restore(ctx context.Context, lease deploy.Lease, name, id string) (database.Snapshot, error) {
	var result database.Snapshot
	err := b.w.alter(ctx, "Backups.Restore", name, lease, func(i *instance) error {
		taken, exists := i.snapshots[id]
		if !exists {
			return fault.New(fault.Invalid, "restore %s: there is no snapshot %q", name, id)
		}
		ready, begun := i.restored[id]
		if !begun {
			ready = b.w.now().Add(b.w.options.SnapshotFor)
			i.restored[id] = ready
		}
		result = b.w.progress(id, taken.at, ready)
		if result.Status == database.Available {
			i.applied = slices.Clone(taken.applied)
		}
		return nil
	})
	return result, err
}
