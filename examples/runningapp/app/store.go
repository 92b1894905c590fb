package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// schemaTable has one row for each migration that is applied. The pipeline keeps it.
const schemaTable = "pilotage_migrations"

// SQLSTATE 42P01.
const undefinedTable = "42P01"

// store keeps the runs. It connects when it must and again after the database went away.
type store struct {
	pool    *pgxpool.Pool
	columns Columns
}

// poolConfig reads a connection URL and adds the limits of the service. An idle connection is
// tried before it is used, which is pgxpool's default after a second; so a database that was
// restarted or restored costs at most the requests that were inside it.
func poolConfig(url string) (*pgxpool.Config, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New("it must begin with postgres://")
	}
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The cause quotes what it could not parse, which may be the password.
		return nil, errors.New("it cannot be parsed as postgres://user:password@host:port/database")
	}
	c.MaxConns = 5
	c.MaxConnLifetime = 10 * time.Minute
	c.ConnConfig.ConnectTimeout = 2 * time.Second
	c.ConnConfig.RuntimeParams["application_name"] = Name
	c.ConnConfig.RuntimeParams["statement_timeout"] = "5000" // milliseconds
	return c, nil
}

// schemaVersion is the newest migration applied, 0 when there is none.
func (s *store) schemaVersion(ctx context.Context) (int64, error) {
	var version int64
	err := s.pool.QueryRow(ctx,
		"SELECT coalesce(max(version), 0) FROM "+schemaTable).Scan(&version)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == undefinedTable {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version from %q: %w", schemaTable, err)
	}
	return version, nil
}

// insert stores a run and returns its id.
func (s *store) insert(ctx context.Context, run Run) (int64, error) {
	return s.insertWith(ctx, s.pool, run)
}

// try does what insert does and takes it back.
func (s *store) try(ctx context.Context, run Run) error {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("try run of %q: %w", run.Runner, err)
	}
	_, err = s.insertWith(ctx, tx, run)
	return errors.Join(err, tx.Rollback(ctx))
}

type rowQuerier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (s *store) insertWith(ctx context.Context, db rowQuerier, run Run) (int64, error) {
	sql, args := s.columns.insert(run)
	var id int64
	if err := db.QueryRow(ctx, sql, args...).Scan(&id); err != nil {
		return 0, fmt.Errorf("insert run of %q: %w", run.Runner, err)
	}
	return id, nil
}

// run returns one run, or errNotFound.
func (s *store) run(ctx context.Context, id int64) (Run, error) {
	runs, err := s.query(ctx, "WHERE id = $1", id)
	if err != nil {
		return Run{}, fmt.Errorf("read run %d: %w", id, err)
	}
	if len(runs) == 0 {
		return Run{}, errNotFound
	}
	return runs[0], nil
}

// runs lists runs, the last logged first.
func (s *store) runs(ctx context.Context, p page) ([]Run, error) {
	const where = `WHERE ($1::text = '' OR runner = $1) AND ($2::bigint = 0 OR id < $2)
		ORDER BY id DESC LIMIT $3`
	runs, err := s.query(ctx, where, p.Runner, p.Before, p.Limit)
	if err != nil {
		return nil, fmt.Errorf("list runs of %q: %w", p.Runner, err)
	}
	return runs, nil
}

func (s *store) query(ctx context.Context, where string, args ...any) ([]Run, error) {
	rows, err := s.pool.Query(ctx, s.columns.selectRuns()+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Run])
}

// stats sums up the runs of one runner, or of everybody when runner is empty.
func (s *store) stats(ctx context.Context, runner string) (Stats, error) {
	rows, err := s.pool.Query(ctx, s.columns.selectStats(), runner)
	if err != nil {
		return Stats{}, fmt.Errorf("sum up runs of %q: %w", runner, err)
	}
	stats, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Stats])
	if err != nil {
		return Stats{}, fmt.Errorf("sum up runs of %q: %w", runner, err)
	}
	return stats, nil
}
