package schema_test

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/schema"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// one is the one database there is.
type one struct{ dsn string }

func (o one) Database(context.Context, string) (schema.Database, error) {
	return schema.Database{DSN: o.dsn}, nil
}

// shelf is the migrations of releases by digest.
type shelf map[string]fstest.MapFS

func (s shelf) Migrations(_ context.Context, _, digest string) (fs.FS, error) { return s[digest], nil }

// free is a ledger in which every lease holds.
type free struct{}

func (free) Check(context.Context, deploy.Scope, deploy.Lease) error { return nil }

func files(names ...string) fstest.MapFS {
	made := fstest.MapFS{}
	for _, name := range names {
		table := strings.NewReplacer(".", "_", "-", "_").Replace(name)
		made[name] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE t" + table + " (id bigint);\n-- +goose Down\nDROP TABLE t" + table + ";\n")}
	}
	return made
}

// migrated is a database with the migrations of release "old".
func migrated(t *testing.T, releases shelf) schema.Schema {
	t.Helper()
	s := schema.Schema{Connections: one{pgtest.Database(t)}, Migrations: releases, Leases: free{}}
	change := to("old", 3)
	if _, err := s.Expand(t.Context(), deploy.Lease{}, change); err != nil {
		t.Fatal(err)
	}
	return s
}

func to(release string, version int64) database.Change {
	return database.Change{Instance: "db", Release: release, To: version, LockTimeout: time.Second, StatementTimeout: 10 * time.Second}
}

func releases() shelf {
	changed := files("0001_a.expand.sql", "0003_c.expand.sql", "0004_d.expand.sql")
	changed["0001_a.expand.sql"] = files("0009_other.expand.sql")["0009_other.expand.sql"]
	return shelf{
		"old":     files("0001_a.expand.sql", "0003_c.expand.sql"),
		"new":     files("0001_a.expand.sql", "0003_c.expand.sql", "0004_add_shoe.expand.sql", "0005_e.contract.sql", "0006_f.expand.sql"),
		"late":    files("0001_a.expand.sql", "0002_b.expand.sql", "0003_c.expand.sql"),
		"changed": changed,
	}
}

func TestPendingIsWhatExpandApplies(t *testing.T) {
	s := migrated(t, releases())
	pending, err := s.Pending(t.Context(), "db", "new")
	if err != nil || len(pending) != 2 || pending[0].Version != 4 || pending[0].Name != "add_shoe" || pending[1].Version != 6 || pending[1].Kind != deploy.Expand {
		t.Fatalf("got %+v and error %v, want 4 and 6", pending, err)
	}
	changed, err := s.Expand(t.Context(), deploy.Lease{}, to("new", 6))
	if err != nil || changed.From != 3 || changed.To != 6 || len(changed.Done) != 2 {
		t.Errorf("got %+v and error %v, want both applied", changed, err)
	}
	if pending, err = s.Pending(t.Context(), "db", "new"); err != nil || len(pending) > 0 {
		t.Errorf("got %+v and error %v, want nothing more", pending, err)
	}
}

func TestPendingRefusesWhatDoesNotFitTheDatabase(t *testing.T) {
	for release, want := range map[string]string{
		"late":    "migration 0002_b.expand.sql: the database has number 3 already: give this file the next free number",
		"changed": "migration 0001_a.expand.sql was changed after it was applied",
	} {
		t.Run(release, func(t *testing.T) {
			s := migrated(t, releases())
			_, err := s.Pending(t.Context(), "db", release)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s: %s", err, fault.Invalid, want)
			}
			if version, err := s.Version(t.Context(), "db"); err != nil || version != 3 {
				t.Errorf("the schema is at %d (%v), want 3", version, err)
			}
		})
	}
}

func TestExpandThatLeadsElsewhereThanPlannedIsIncomplete(t *testing.T) {
	s := migrated(t, releases())
	if _, err := s.Expand(t.Context(), deploy.Lease{}, to("new", 6)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Expand(t.Context(), deploy.Lease{}, to("old", 4))
	if !fault.Is(err, fault.MigrationIncomplete) || !strings.Contains(err.Error(), "is at 6 after the migrations, and 4 was planned") {
		t.Errorf("got %v, want %s", err, fault.MigrationIncomplete)
	}
}
