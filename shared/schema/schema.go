// Package schema changes the schema of PostgreSQL databases by the migrations of releases. It
// is the one implementation of database.Schema: on AWS and on one machine alike it connects to
// the database and runs the files.
package schema

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/migration"
)

// Leases refuses changes under a lease that was lost.
type Leases interface {
	Check(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error
}

// Migrations finds the migration files of a release.
type Migrations interface {
	Migrations(ctx context.Context, service, digest string) (fs.FS, error)
}

// Database is where an instance is, and whose it is.
type Database struct {
	// DSN is a connection URL with its password. It is never logged.
	DSN   string
	Scope deploy.Scope
}

// Connections knows where instances are.
type Connections interface {
	Database(ctx context.Context, instance string) (Database, error)
}

// Schema implements database.Schema.
type Schema struct {
	Connections Connections
	Migrations  Migrations
	Leases      Leases
}

// reading bounds the statements that only read.
const reading = 10 * time.Second

// Version is the newest migration applied, 0 when there is none.
func (s Schema) Version(ctx context.Context, instance string) (int64, error) {
	at, err := s.Connections.Database(ctx, instance)
	if err != nil {
		return 0, err
	}
	db, err := migration.Open(at.DSN, migration.Timeouts{Lock: reading, Statement: reading})
	if err != nil {
		return 0, fmt.Errorf("open database %q: %w", instance, err)
	}
	defer func() { _ = db.Close() }()
	version, err := migration.Migrator{DB: db}.Version(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the schema version of %q: %w", instance, err)
	}
	return version, nil
}

// Pending are the expand migrations of a release that the database lacks, lowest version first.
func (s Schema) Pending(ctx context.Context, instance, release string) ([]deploy.Migration, error) {
	at, set, err := s.find(ctx, instance, release)
	if err != nil {
		return nil, err
	}
	db, err := migration.Open(at.DSN, migration.Timeouts{Lock: reading, Statement: reading})
	if err != nil {
		return nil, fmt.Errorf("open database %q: %w", instance, err)
	}
	defer func() { _ = db.Close() }()
	lacking, err := migration.Migrator{DB: db, Set: set}.Pending(ctx, migration.Expand)
	if err != nil {
		return nil, fmt.Errorf("compare the migrations with %q: %w", instance, err)
	}
	var pending []deploy.Migration
	for _, one := range lacking {
		pending = append(pending, deploy.Migration{Version: one.Version, Name: one.Title(), Kind: string(one.Kind), Checksum: one.Checksum})
	}
	return pending, nil
}

// Expand applies the release's pending expand migrations up to change.To. When the schema is not
// at change.To after that, somebody else migrated it since that was planned, which is
// fault.MigrationIncomplete.
func (s Schema) Expand(ctx context.Context, lease deploy.Lease, change database.Change) (database.Changed, error) {
	changed, err := s.change(ctx, lease, change, func(m migration.Migrator) (migration.Result, error) {
		m.Set.Migrations = slices.DeleteFunc(m.Set.Migrations, func(one migration.Migration) bool { return one.Version > change.To })
		return m.Expand(ctx)
	})
	if err != nil {
		return database.Changed{}, err
	}
	if changed.To != change.To {
		return database.Changed{}, fault.New(fault.MigrationIncomplete, "the schema of %q is at %d after the migrations, and %d was planned: somebody else migrates this database",
			change.Instance, changed.To, change.To)
	}
	return changed, nil
}

// Revert applies the down parts of what was applied after change.To, newest first.
func (s Schema) Revert(ctx context.Context, lease deploy.Lease, change database.Change) (database.Changed, error) {
	return s.change(ctx, lease, change, func(m migration.Migrator) (migration.Result, error) { return m.RevertTo(ctx, change.To) })
}

func (s Schema) change(ctx context.Context, lease deploy.Lease, change database.Change, run func(migration.Migrator) (migration.Result, error)) (database.Changed, error) {
	at, set, err := s.find(ctx, change.Instance, change.Release)
	if err != nil {
		return database.Changed{}, err
	}
	if err := s.Leases.Check(ctx, at.Scope, lease); err != nil {
		return database.Changed{}, err
	}
	db, err := migration.Open(at.DSN, migration.Timeouts{Lock: change.LockTimeout, Statement: change.StatementTimeout})
	if err != nil {
		return database.Changed{}, fmt.Errorf("open database %q: %w", change.Instance, err)
	}
	defer func() { _ = db.Close() }()
	result, err := run(migration.Migrator{DB: db, Set: set})
	if err != nil {
		return database.Changed{}, fmt.Errorf("migrate %q: %w", change.Instance, err)
	}
	changed := database.Changed{From: result.From, To: result.To}
	for _, step := range result.Applied {
		changed.Done = append(changed.Done, step.Name)
	}
	return changed, nil
}

// find is where an instance is, and the migrations of a release for it.
func (s Schema) find(ctx context.Context, instance, release string) (Database, migration.Set, error) {
	at, err := s.Connections.Database(ctx, instance)
	if err != nil {
		return Database{}, migration.Set{}, err
	}
	files, err := s.Migrations.Migrations(ctx, at.Scope.Service, release)
	if err != nil {
		return Database{}, migration.Set{}, err
	}
	set, err := migration.Parse(files)
	return at, set, err
}
