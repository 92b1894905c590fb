// Package database is the port to a service's database: its snapshots and its schema. RDS and
// Aurora implement it on AWS, PostgreSQL on one machine.
package database

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Status is the state of a snapshot or of a restore.
type Status string

// The states.
const (
	Creating  Status = "creating"
	Available Status = "available"
	Failed    Status = "failed"
	// Absent: there is none of that name.
	Absent Status = "absent"
)

// Snapshot is a backup of a whole instance.
type Snapshot struct {
	ID     string
	Status Status
	At     time.Time
	Bytes  int64
	// Percent is the progress, 0 to 100.
	Percent int
	// Reason says why it failed.
	Reason string
}

// Backups takes and restores snapshots. Names derive from the deployment, so that repeating a
// call is safe. Changes carry the lease and are refused with fault.LeaseLost when it is old.
type Backups interface {
	// CreateSnapshot starts a snapshot of instance and returns at once.
	CreateSnapshot(ctx context.Context, lease deploy.Lease, instance, id string) error
	// Snapshot tells its progress; Status is Absent when there is none of that id.
	Snapshot(ctx context.Context, instance, id string) (Snapshot, error)
	// Restore makes instance what it was when the snapshot was taken: a new instance is made
	// from it and takes the old one's name once it is ready; the old one is kept aside. It
	// returns at once, and is called again until the status is Available.
	Restore(ctx context.Context, lease deploy.Lease, instance, id string) (Snapshot, error)
}

// Change is a change of schema.
type Change struct {
	// Instance is the database, Release the digest of the release whose migrations are used.
	Instance string
	Release  string
	// To is the version to reach: what is planned, for Expand; how far back, for Revert.
	To int64
	// LockTimeout and StatementTimeout bound each statement; a timeout is an error.
	LockTimeout      time.Duration
	StatementTimeout time.Duration
}

// Changed is what a change of schema did.
type Changed struct {
	From int64
	To   int64
	// Done names the migrations that were applied or reverted, in order.
	Done []string
}

// Schema migrates a database. A migration that fails is fault.MigrationIncomplete, a changed
// file that was applied before is fault.Invalid, found before anything is applied. Repeating a
// change continues where it ended.
type Schema interface {
	// Version is the newest migration applied, 0 when there is none.
	Version(ctx context.Context, instance string) (int64, error)
	// Pending are the expand migrations of a release that the database lacks, lowest version
	// first: what Expand would apply. It changes nothing. A file that was changed after it was
	// applied, and one whose number is below an applied one, are fault.Invalid.
	Pending(ctx context.Context, instance, release string) ([]deploy.Migration, error)
	// Expand applies the release's pending expand migrations up to change.To. When that does not
	// lead to change.To, which was planned, it is fault.MigrationIncomplete.
	Expand(ctx context.Context, lease deploy.Lease, change Change) (Changed, error)
	// Revert applies the down parts of what was applied after change.To, newest first.
	Revert(ctx context.Context, lease deploy.Lease, change Change) (Changed, error)
}
