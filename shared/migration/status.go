package migration

import (
	"context"
	"errors"

	"github.com/pilotage/pilotage/shared/fault"
)

// Status returns what the database has, in the order of application. It changes nothing, takes no
// lock, and for a database that was never migrated returns nothing. A database that cannot be
// asked is fault.Transient.
func (m Migrator) Status(ctx context.Context) ([]Applied, error) {
	exists, err := (&store{}).TableExists(ctx, m.DB)
	if err != nil {
		return nil, fault.New(fault.Transient, "read table %q: %w", table, err)
	}
	if !exists {
		return nil, nil
	}
	applied, err := list(ctx, m.DB)
	if err != nil {
		return nil, fault.New(fault.Transient, "read table %q: %w", table, err)
	}
	return applied, nil
}

// Version is the highest number applied, of either kind; zero when there is none. Errors are as
// those of Status.
func (m Migrator) Version(ctx context.Context) (int64, error) {
	applied, err := m.Status(ctx)
	return highest(applied), err
}

// Pending returns the migrations of a kind that the database lacks, lowest version first: it is
// what a plan shows. Drift, and an expand that Expand would refuse for its number, are
// fault.Invalid as there. That a contract waits for expands is not: at planning they come first.
func (m Migrator) Pending(ctx context.Context, kind Kind) ([]Migration, error) {
	applied, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	err = drift(m.Set, applied)
	if kind == Expand {
		err = errors.Join(err, late(m.Set, applied))
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "plan migrations: %w", err)
	}
	return pending(m.Set, applied, kind), nil
}
