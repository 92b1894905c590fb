package migration

import (
	"context"

	"github.com/pressly/goose/v3"
)

// Expand applies the expand migrations that the database lacks, each with its record in one
// transaction unless it says NO TRANSACTION, and leaves contract migrations alone. Repeating it is
// safe: what was applied is not applied again.
//
// It fails, having changed nothing, with fault.Invalid around a *DriftError or *OrderError, and with
// fault.Transient when the database or the migration lock cannot be had, or when the first
// migration was rolled back because others held a lock. Once a migration has failed otherwise it is
// fault.MigrationIncomplete around an *IncompleteError; Result then holds what was applied.
func (m Migrator) Expand(ctx context.Context) (Result, error) { return m.up(ctx, Expand, late) }

// Contract applies the contract migrations that the database lacks, once every expand below them
// is applied. Errors and repetition are as those of Expand.
func (m Migrator) Contract(ctx context.Context) (Result, error) { return m.up(ctx, Contract, early) }

func (m Migrator) up(ctx context.Context, kind Kind, check func(Set, []Applied) error) (Result, error) {
	s := &store{set: m.Set, check: func(applied []Applied) error { return check(m.Set, applied) }}
	return m.run(ctx, s, pending(m.Set, nil, kind),
		func(ctx context.Context, provider *goose.Provider) ([]*goose.MigrationResult, error) {
			return provider.Up(ctx)
		})
}
