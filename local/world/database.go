package world

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/schema"
)

// Database is the RDS of every environment: an instance each.
type Database struct {
	server *postgres.Server
	leases *ledger.Ledger
	// scopes is whose each instance is.
	scopes map[string]deploy.Scope
}

func (w *World) openDatabase(ctx context.Context, book *ledger.Ledger) error {
	dir, err := databaseDir(w.options.Dir)
	if err != nil {
		return err
	}
	server, err := postgres.OpenServer(ctx, postgres.ServerConfig{
		Binaries: w.options.Postgres, Dir: dir, Password: rand.Text(), Durability: postgres.Volatile, Clock: w.options.Clock,
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	w.onClose(server.Destroy)
	w.Database = &Database{server: server, leases: book, scopes: map[string]deploy.Scope{}}
	for _, name := range w.options.Environments {
		scope := w.Scope(name)
		env, err := w.options.Settings.Environment(ctx, scope)
		if err != nil {
			return err
		}
		if err := server.CreateInstance(ctx, env.Database.Instance, 0); err != nil {
			return fmt.Errorf("create the database of %s: %w", scope, err)
		}
		w.Database.scopes[env.Database.Instance] = scope
	}
	return nil
}

// databasePrefix is followed by the number of the process whose database is in the folder.
const databasePrefix = "pilotage-world-"

// databaseDir is where PostgreSQL keeps its files: in the world, or, when this process is root,
// in a temporary folder, because PostgreSQL runs as another account then, which has to get there.
// Folders of processes that were killed are removed.
func databaseDir(world string) (string, error) {
	if os.Geteuid() != 0 {
		return filepath.Join(world, "postgres"), nil
	}
	abandoned, err := filepath.Glob(filepath.Join(os.TempDir(), databasePrefix+"*"))
	if err != nil {
		return "", fmt.Errorf("look for databases that were left behind: %w", err)
	}
	for _, dir := range abandoned {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), databasePrefix), "-")
		pid, err := strconv.Atoi(number)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			// What cannot be removed is somebody else's, and in nobody's way.
			_ = os.RemoveAll(dir)
		}
	}
	dir, err := postgres.TempDir(databasePrefix+strconv.Itoa(os.Getpid())+"-", "")
	if err != nil {
		return "", fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	return dir, nil
}

// environment is what the processes of a slot get.
func (d *Database) environment(env deploy.Environment) ([]string, error) {
	endpoint, err := d.server.Endpoint(env.Database.Instance)
	if err != nil {
		return nil, err
	}
	return []string{"DATABASE_URL=" + endpoint.DSN(""), "LOG_LEVEL=" + env.Capacity.LogLevel}, nil
}

// Database says where an instance is and whose it is.
func (d *Database) Database(_ context.Context, instance string) (schema.Database, error) {
	endpoint, err := d.server.Endpoint(instance)
	if err != nil {
		return schema.Database{}, fault.New(fault.Invalid, "find database %q: %w", instance, err)
	}
	return schema.Database{DSN: endpoint.DSN(""), Scope: d.scopes[instance]}, nil
}

// check refuses changes of an instance that is nobody's, or under a lease that was lost.
func (d *Database) check(ctx context.Context, lease deploy.Lease, instance string) error {
	scope, known := d.scopes[instance]
	if !known {
		return fault.New(fault.Invalid, "there is no database %q on this machine", instance)
	}
	return d.leases.Check(ctx, scope, lease)
}

// CreateSnapshot starts a snapshot.
func (d *Database) CreateSnapshot(ctx context.Context, lease deploy.Lease, instance, id string) error {
	if err := d.check(ctx, lease, instance); err != nil {
		return err
	}
	return d.server.CreateSnapshot(instance, id)
}

// Snapshot tells the progress of a snapshot.
func (d *Database) Snapshot(_ context.Context, _, id string) (database.Snapshot, error) {
	found, err := d.server.Snapshot(id)
	var unknown *postgres.UnknownError
	if errors.As(err, &unknown) {
		return database.Snapshot{ID: id, Status: database.Absent}, nil
	}
	if err != nil {
		return database.Snapshot{}, err
	}
	return database.Snapshot{
		ID: id, Status: database.Status(found.Status), At: found.ConsistentAt, Bytes: found.Bytes,
		Percent: found.Percent, Reason: found.Failure,
	}, nil
}

// Restore makes a new instance from a snapshot and, once it is available, lets it take the old
// one's place.
func (d *Database) Restore(ctx context.Context, lease deploy.Lease, instance, id string) (database.Snapshot, error) {
	if err := d.check(ctx, lease, instance); err != nil {
		return database.Snapshot{}, err
	}
	restored := instance + "-from-" + id
	state, err := d.server.Instance(restored)
	var unknown *postgres.UnknownError
	switch {
	case errors.As(err, &unknown) && d.replaced(instance, id):
		return database.Snapshot{ID: id, Status: database.Available}, nil
	case errors.As(err, &unknown):
		return database.Snapshot{ID: id, Status: database.Creating}, d.server.RestoreInstance(id, restored)
	case err != nil:
		return database.Snapshot{}, err
	case state.Status == postgres.Available:
		if err := d.server.Promote(ctx, restored, instance, id); err != nil {
			return database.Snapshot{}, err
		}
		return database.Snapshot{ID: id, Status: database.Available}, nil
	}
	return database.Snapshot{ID: id, Status: database.Status(state.Status), Percent: state.Percent, Reason: state.Failure}, nil
}

// replaced reports whether the restored instance has taken the old one's place already.
func (d *Database) replaced(instance, id string) bool {
	_, err := d.server.Instance(instance + "-replaced-" + id)
	return err == nil
}
