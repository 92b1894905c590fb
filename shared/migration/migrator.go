package migration

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/pilotage/pilotage/shared/fault"
)

// Migrator applies a set to a database. It may be used from many processes at once: one at a time
// works, under a session-level advisory lock, and the others wait.
type Migrator struct {
	// DB is a database from Open. It must allow two connections or more.
	DB *sql.DB
	// Set is the release's migrations.
	Set Set
	// LockPatience is how long to wait for another migrator; zero means one minute. It is
	// rounded up to whole seconds.
	LockPatience time.Duration
}

// Applied is a migration that the database has.
type Applied struct {
	Version  int64  `json:"version"`
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Checksum string `json:"checksum"`
	// AppliedAt is by the database's clock, in UTC.
	AppliedAt time.Time `json:"appliedAt"`
}

// Result is what was done.
type Result struct {
	// Applied or, by RevertTo, taken back, in that order.
	Applied []Step `json:"applied"`
	// From and To are Version before and after.
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Step is one migration that ran.
type Step struct {
	Version  int64         `json:"version"`
	Name     string        `json:"name"`
	Duration time.Duration `json:"durationNanoseconds"`
}

// IncompleteError says how far a run came. The migrations in Result were applied (or taken back)
// and recorded. The failed one was rolled back if it is transactional; if it is not, what it did
// up to the failure stays and is not recorded.
type IncompleteError struct {
	Result        Result
	Failed        Step
	Transactional bool
	Err           error
}

// Error lists what was done, what failed, and what that means.
func (e *IncompleteError) Error() string {
	state := "it was rolled back"
	if !e.Transactional {
		state = "it is not transactional: what it did before the failure stays"
	}
	return fmt.Sprintf("migration %s failed (%s) after %s: %v", e.Failed.Name, state, names(e.Result.Applied), e.Err)
}

// Unwrap returns the cause, usually a *pgconn.PgError.
func (e *IncompleteError) Unwrap() error { return e.Err }

func names(steps []Step) string {
	if len(steps) == 0 {
		return "nothing else"
	}
	list := ""
	for i, step := range steps {
		if i > 0 {
			list += ", "
		}
		list += step.Name
	}
	return list
}

// run has goose do work over the migrations that the choice selects. The store checks and
// records; goose locks, orders and executes.
func (m Migrator) run(
	ctx context.Context, s *store, selected []Migration,
	work func(context.Context, *goose.Provider) ([]*goose.MigrationResult, error),
) (Result, error) {
	before, err := m.Status(ctx)
	if err != nil {
		return Result{}, err
	}
	result := Result{From: highest(before), To: highest(before)}
	if len(selected) == 0 { // which goose refuses to work with
		return result, s.refusal(before)
	}
	patience := cmp.Or(m.LockPatience, time.Minute)
	locker, err := lock.NewPostgresSessionLocker(
		lock.WithLockID(lockID), lock.WithLockTimeout(1, uint64((patience+time.Second-1)/time.Second)))
	if err != nil {
		return result, fmt.Errorf("make the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectCustom, m.DB, files(selected),
		goose.WithStore(s), goose.WithSessionLocker(locker), goose.WithAllowOutofOrder(true),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return result, fmt.Errorf("prepare migrations: %w", err)
	}
	done, err := work(ctx, provider)
	result.Applied = steps(done)
	if err != nil {
		err = classify(err, &result, m.Set)
	}
	to, versionErr := m.Version(context.WithoutCancel(ctx))
	if versionErr == nil {
		result.To = to
	}
	var incomplete *IncompleteError
	if errors.As(err, &incomplete) {
		incomplete.Result = result
	}
	return result, err
}

// lockID is the advisory lock's number: "pilotage" in ASCII.
const lockID = 0x70696c6f74616765

func steps(done []*goose.MigrationResult) []Step {
	var list []Step
	for _, d := range done {
		list = append(list, Step{Version: d.Source.Version, Name: d.Source.Path, Duration: d.Duration})
	}
	return list
}

// classify turns goose's error into ours.
func classify(err error, result *Result, set Set) error {
	var classified *fault.Error
	if errors.As(err, &classified) {
		return err
	}
	var partial *goose.PartialError
	if !errors.As(err, &partial) {
		return fault.New(fault.Transient, "prepare to migrate: %w", err)
	}
	result.Applied = steps(partial.Applied)
	failed := partial.Failed
	incomplete := &IncompleteError{
		Failed: Step{Version: failed.Source.Version, Name: failed.Source.Path, Duration: failed.Duration},
		Err:    partial.Err,
	}
	for _, m := range set.Migrations {
		if m.Version == failed.Source.Version {
			incomplete.Transactional = m.Transactional()
		}
	}
	if len(partial.Applied) == 0 && incomplete.Transactional && contended(partial.Err) {
		return &fault.Error{Class: fault.Transient, Err: incomplete}
	}
	return &fault.Error{Class: fault.MigrationIncomplete, Err: incomplete}
}

// contended reports whether a statement failed only because others held what it wanted:
// lock_not_available, deadlock_detected.
func contended(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "55P03" || refused.Code == "40P01")
}
