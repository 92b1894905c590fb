package sim

import (
	"context"
	"fmt"

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
