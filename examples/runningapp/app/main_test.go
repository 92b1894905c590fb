package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/shared/migration"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// baseline is what release 1.0.0 is, next what 1.1.0 is.
func baseline() app.Release { return app.Release{Version: "1.0.0", RequiresSchema: 1} }

func next() app.Release {
	return app.Release{Version: "1.1.0", RequiresSchema: 2, Columns: app.Columns{Shoe: true}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// migrate brings a database to the schema of a version in ../releases.
func migrate(t *testing.T, dsn, version string) {
	t.Helper()
	migrator := migrator(t, dsn, version)
	_, err := migrator.Expand(t.Context())
	must(t, err)
}

func migrator(t *testing.T, dsn, version string) migration.Migrator {
	t.Helper()
	set, err := migration.Parse(os.DirFS("../releases/" + version + "/migrations"))
	must(t, err)
	db, err := migration.Open(dsn, migration.Timeouts{Lock: time.Second, Statement: 10 * time.Second})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return migration.Migrator{DB: db, Set: set}
}

// serve composes a release over a database.
func serve(t *testing.T, release app.Release, dsn string) http.Handler {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), dsn)
	must(t, err)
	t.Cleanup(pool.Close)
	return app.New(release, pool, "instance-1", slog.New(slog.NewJSONHandler(io.Discard, nil))).Handler()
}

// ask makes one request; header is name and value in turn.
func ask(handler http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
		t.Fatalf("decode %q: %v", w.Body, err)
	}
	return value
}

// wants fails the test unless the answer has the status.
func wants(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status: got %d, want %d: %s", w.Code, status, w.Body)
	}
}
