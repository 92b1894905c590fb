package sim

import (
	"context"
	"fmt"
	"slices"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

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

// Pending implements database.Schema.
func (s schemas) Pending(ctx context.Context, name, digest string) ([]deploy.Migration, error) {
	return read(s.w, ctx, "Schema.Pending", func() ([]deploy.Migration, error) {
		found, _, err := s.w.instance(name)
		if err != nil {
			return nil, err
		}
		release, err := s.w.release(digest)
		if err != nil {
			return nil, err
		}
		return found.pending(release)
	})
}

// pending is what the database lacks of a release.
func (i *instance) pending(release deploy.Release) ([]deploy.Migration, error) {
	var lacking []deploy.Migration
	for _, migration := range release.Migrations {
		at := slices.IndexFunc(i.applied, func(a deploy.Migration) bool { return a.Version == migration.Version })
		switch {
		case at >= 0 && i.applied[at] != migration:
			return nil, fault.New(fault.Invalid, "migration %d was changed after it was applied: restore its content and put the change into a new file", migration.Version)
		case at >= 0 || migration.Kind != deploy.Expand:
		case migration.Version < i.version():
			return nil, fault.New(fault.Invalid, "migration %d: the database has number %d already: give this file the next free number", migration.Version, i.version())
		default:
			lacking = append(lacking, migration)
		}
	}
	return lacking, nil
}

// Expand implements database.Schema.
func (s schemas) Expand(ctx context.Context, lease deploy.Lease, wanted database.Change) (database.Changed, error) {
	var done database.Changed
	err := s.w.alter(ctx, "Schema.Expand", wanted.Instance, lease, func(i *instance) error {
		release, err := s.w.release(wanted.Release)
		if err != nil {
			return err
		}
		pending, err := i.pending(release)
		if err != nil {
			return err
		}
		done.From, done.To = i.version(), i.version()
		for _, migration := range pending {
			if migration.Version > wanted.To {
				break
			}
			if migration.Version == s.w.options.Behaviours[release.Version].FailingMigration {
				return fault.New(fault.MigrationIncomplete, "migration %d failed; applied before it: %v", migration.Version, done.Done)
			}
			i.applied = append(i.applied, migration)
			done.Done, done.To = append(done.Done, fmt.Sprintf("%04d %s", migration.Version, migration.Name)), migration.Version
		}
		if done.To != wanted.To {
			return fault.New(fault.MigrationIncomplete, "the schema is at %d after the migrations, and %d was planned", done.To, wanted.To)
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
