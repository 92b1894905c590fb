package migration_test

import (
	"database/sql"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/shared/migration"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func file(up, down string) string { return "-- +goose Up\n" + up + "\n-- +goose Down\n" + down + "\n" }

func parse(t *testing.T, contents map[string]string) migration.Set {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, content := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	set, err := migration.Parse(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := migration.Open(dsn, migration.Timeouts{Lock: 300 * time.Millisecond, Statement: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
