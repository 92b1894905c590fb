package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// instance is one database: the migrations applied, and its snapshots by name.
type instance struct {
	applied   []int64
	snapshots map[string]snapshot
	restored  map[string]time.Time
}

type snapshot struct {
	at, ready time.Time
	applied   []int64
}

func newInstance() *instance {
	return &instance{snapshots: map[string]snapshot{}, restored: map[string]time.Time{}}
}

func (i *instance) version() int64 {
	if len(i.applied) == 0 {
		return 0
	}
	return i.applied[len(i.applied)-1]
}

// instance finds a database and the scope that it belongs to.
func (w *World) instance(name string) (*instance, deploy.Scope, error) {
	for scope, env := range w.settings {
		if env.Database.Instance == name {
			return w.databases[name], scope, nil
		}
	}
	return nil, deploy.Scope{}, fault.New(fault.Invalid, "there is no database %q", name)
}

// alter changes a database under the lease of its scope.
func (w *World) alter(ctx context.Context, call, name string, lease deploy.Lease, run func(*instance) error) error {
	w.mu.Lock()
	found, scope, err := w.instance(name)
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return change(w, ctx, call, scope, lease, func(*place) error { return run(found) })
}

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

// schemas migrates.
type schemas struct{ w *World }

// Version implements database.Schema.
func (s schemas) Version(ctx context.Context, name string) (int64, error) {
	return read(s.w, ctx, "Schema.Version", func() (int64, error) {
		found, _, err := s.w.instance(name)
		if err != nil {
			return 0, err
		}
		return found.version(), nil
	})
}

// Expand implements database.Schema.
func (s schemas) Expand(ctx context.Context, lease deploy.Lease, wanted database.Change) (database.Changed, error) {
	var done database.Changed
	err := s.w.alter(ctx, "Schema.Expand", wanted.Instance, lease, func(i *instance) error {
		release, err := s.w.release(wanted.Release)
		if err != nil {
			return err
		}
		done.From, done.To = i.version(), i.version()
		for _, migration := range release.Migrations {
			if migration.Version <= i.version() || migration.Version > wanted.To || migration.Kind != deploy.Expand {
				continue
			}
			if migration.Version == s.w.options.Behaviours[release.Version].FailingMigration {
				return fault.New(fault.MigrationIncomplete, "migration %d failed; applied before it: %v", migration.Version, done.Done)
			}
			i.applied = append(i.applied, migration.Version)
			done.Done, done.To = append(done.Done, fmt.Sprintf("%04d %s", migration.Version, migration.Name)), migration.Version
		}
		return nil
	})
	return done, err
}

// Revert implements database.Schema.
func (s schemas) Revert(ctx context.Context, lease deploy.Lease, wanted database.Change) (database.Changed, error) {
	var done database.Changed
	err := s.w.alter(ctx, "Schema.Revert", wanted.Instance, lease, func(i *instance) error {
		done.From = i.version()
		for i.version() > wanted.To {
			done.Done = append(done.Done, fmt.Sprint(i.version()))
			i.applied = i.applied[:len(i.applied)-1]
		}
		done.To = i.version()
		return nil
	})
	return done, err
}
