package migration

import (
	"context"
	"errors"

	"github.com/pressly/goose/v3"

	"github.com/pilotage/pilotage/shared/fault"
)

// RevertTo takes back, by their down parts and newest application first, the migrations with
// numbers above a version, contracts among them, so that Version is that version or less. A down
// part brings back a column or a table, not the data that were in it. Repeating it is safe.
//
// It fails as Expand does; with an *OrderError also when a migration that must be taken back is not
// in the set: revert with the set of the newer release. A negative version is fault.Invalid.
func (m Migrator) RevertTo(ctx context.Context, version int64) (Result, error) {
	if version < 0 {
		return Result{}, fault.New(fault.Invalid, "revert to version %d: it must not be negative", version)
	}
	s := &store{
		set:   m.Set,
		check: func(applied []Applied) error { return unknown(m.Set, applied, version) },
		order: func(applied []Applied) []Applied { return aboveFirst(applied, version) },
	}
	return m.run(ctx, s, m.Set.Migrations,
		func(ctx context.Context, provider *goose.Provider) ([]*goose.MigrationResult, error) {
			return provider.DownTo(ctx, version)
		})
}

// unknown finds applied migrations above a version that the set has no down part for.
func unknown(set Set, applied []Applied, version int64) error {
	var problems []error
	for _, a := range applied {
		known := false
		for _, m := range set.Migrations {
			known = known || m.Version == a.Version
		}
		if a.Version > version && !known {
			problems = append(problems, &OrderError{
				File:   a.Name,
				Reason: "it is applied and must be taken back, but is not among these files: use those of the release that brought it",
			})
		}
	}
	return errors.Join(problems...)
}

// aboveFirst moves what must be taken back to the front, because goose stops at the first number
// that is not above the version, and contracts are applied out of the numbers' order.
func aboveFirst(applied []Applied, version int64) []Applied {
	var above, rest []Applied
	for _, a := range applied {
		if a.Version > version {
			above = append(above, a)
		} else {
			rest = append(rest, a)
		}
	}
	return append(above, rest...)
}
