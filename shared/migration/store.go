package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pressly/goose/v3/database"

	"github.com/pilotage/pilotage/shared/fault"
)

// table records what the database has.
const table = "pilotage_migrations"

// store is goose's view of the table. Goose asks it for the list of applied migrations after it
// has the lock, on the connection that holds the lock, and before it applies anything: that is
// where the list is checked, so that no other migrator can come between check and effect. Goose
// records a migration in the transaction that applies it.
type store struct {
	set   Set
	check func(applied []Applied) error
	// order arranges the list as goose shall see it; nil means newest first.
	order func(applied []Applied) []Applied
}

func (s *store) Tablename() string { return table }

// TableExists spares goose a query that fails.
func (s *store) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	var exists bool
	err := db.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&exists)
	return exists, err
}

func (s *store) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	// sequence is the order of application, which is not the order of versions.
	_, err := db.ExecContext(ctx, `CREATE TABLE `+table+` (
		version bigint PRIMARY KEY,
		name text NOT NULL,
		kind text NOT NULL,
		checksum text NOT NULL,
		applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE
	)`)
	return err
}

// Insert records a migration; version zero is goose's mark that the table is its own.
func (s *store) Insert(ctx context.Context, db database.DBTxConn, request database.InsertRequest) error {
	var m Migration
	if request.Version != 0 {
		i := slices.IndexFunc(s.set.Migrations, func(m Migration) bool { return m.Version == request.Version })
		if i < 0 {
			return fmt.Errorf("record migration %d: it is not in the set", request.Version)
		}
		m = s.set.Migrations[i]
	}
	_, err := db.ExecContext(ctx, "INSERT INTO "+table+" (version, name, kind, checksum) VALUES ($1, $2, $3, $4)",
		request.Version, m.Name, string(m.Kind), m.Checksum)
	return err
}

func (s *store) Delete(ctx context.Context, db database.DBTxConn, version int64) error {
	_, err := db.ExecContext(ctx, "DELETE FROM "+table+" WHERE version = $1", version)
	return err
}

func (s *store) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	applied, err := list(ctx, db)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(applied, func(a Applied) bool { return a.Version == version })
	if i < 0 {
		return nil, database.ErrVersionNotFound
	}
	return &database.GetMigrationResult{Timestamp: applied[i].AppliedAt, IsApplied: true}, nil
}

func (s *store) GetLatestVersion(ctx context.Context, db database.DBTxConn) (int64, error) {
	applied, err := list(ctx, db)
	return highest(applied), err
}

// ListMigrations checks, and lists version zero last.
func (s *store) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	applied, err := list(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := s.refusal(applied); err != nil {
		return nil, err
	}
	slices.Reverse(applied)
	if s.order != nil {
		applied = s.order(applied)
	}
	var results []*database.ListMigrationsResult
	for _, a := range applied {
		results = append(results, &database.ListMigrationsResult{Version: a.Version, IsApplied: true})
	}
	return append(results, &database.ListMigrationsResult{Version: 0, IsApplied: true}), nil
}

// refusal is what forbids to go on, fault.Invalid.
func (s *store) refusal(applied []Applied) error {
	if err := errors.Join(drift(s.set, applied), s.check(applied)); err != nil {
		return &fault.Error{Class: fault.Invalid, Err: err}
	}
	return nil
}

// list reads the table, oldest first, without goose's mark.
func list(ctx context.Context, db database.DBTxConn) (applied []Applied, err error) {
	rows, err := db.QueryContext(ctx, "SELECT version, name, kind, checksum, applied_at FROM "+table+
		" WHERE version > 0 ORDER BY sequence")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var a Applied
		if err := rows.Scan(&a.Version, &a.Name, &a.Kind, &a.Checksum, &a.AppliedAt); err != nil {
			return nil, err
		}
		a.AppliedAt = a.AppliedAt.UTC()
		applied = append(applied, a)
	}
	return applied, rows.Err()
}

func highest(applied []Applied) int64 {
	var version int64
	for _, a := range applied {
		version = max(version, a.Version)
	}
	return version
}
