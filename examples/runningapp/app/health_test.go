package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

func TestReadinessWaitsForTheSchema(t *testing.T) {
	dsn := pgtest.Database(t)
	handler := serve(t, next(), dsn)
	w := ask(handler, "GET", "/health/readiness", "")
	wants(t, w, http.StatusServiceUnavailable)
	if want := "schema 0, this release requires 2"; !strings.Contains(w.Body.String(), want) {
		t.Errorf("empty database: got %s, want %q in it", w.Body, want)
	}
	migrate(t, dsn, "1.0.0")
	wants(t, ask(handler, "GET", "/health/readiness", ""), http.StatusServiceUnavailable)
	wants(t, ask(handler, "GET", "/health/startup", ""), http.StatusServiceUnavailable)
	migrate(t, dsn, "1.2.0") // newer than required is fine
	wants(t, ask(handler, "GET", "/health/readiness", ""), http.StatusOK)
	wants(t, ask(handler, "GET", "/health/startup", ""), http.StatusOK)
	wants(t, ask(handler, "GET", "/health/liveness", ""), http.StatusOK)
}

func TestDatabaseThatIsAwayIsNotReady(t *testing.T) {
	handler := serve(t, baseline(), "postgres://nobody:secret@127.0.0.1:1/none?connect_timeout=1")
	for _, target := range []string{"/health/readiness", "/runs", "/stats", "/"} {
		w := ask(handler, "GET", target, "")
		wants(t, w, http.StatusServiceUnavailable)
		if body := w.Body.String(); strings.Contains(body, "secret") || strings.Contains(body, "127.0.0.1") {
			t.Errorf("%s: the body tells where the database is: %s", target, body)
		}
		if got := w.Header().Get(app.HeaderRelease); got != "1.0.0" {
			t.Errorf("%s: release: got %q, want 1.0.0", target, got)
		}
	}
	wants(t, ask(handler, "GET", "/health/liveness", ""), http.StatusOK)
}

// While a backup is restored, the server can be there before the database is.
func TestAServerWithoutTheDatabaseIsAway(t *testing.T) {
	handler := serve(t, baseline(), pgtest.Endpoint(t).DSN("absent"))
	wants(t, ask(handler, "GET", "/runs", ""), http.StatusServiceUnavailable)
	wants(t, ask(handler, "GET", "/health/readiness", ""), http.StatusServiceUnavailable)
}

func TestConnectionsThatWereCutAreReplaced(t *testing.T) {
	dsn := pgtest.Database(t)
	migrate(t, dsn, "1.0.0")
	handler := serve(t, baseline(), dsn)
	wants(t, ask(handler, "GET", "/runs", ""), http.StatusOK)
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	defer func() { must(t, conn.Close(context.Background())) }()
	tag, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	must(t, err)
	if tag.RowsAffected() == 0 {
		t.Fatal("no connection was cut")
	}
	// The connection that was idle for less than a second is tried without a ping and found dead;
	// that is the one request which such a cut may cost.
	_ = ask(handler, "GET", "/runs", "")
	wants(t, ask(handler, "GET", "/runs", ""), http.StatusOK)
}

func TestAReleaseCanHaveItsOwnConditionAndSaysItOnce(t *testing.T) {
	dsn := pgtest.Database(t)
	migrate(t, dsn, "1.0.0")
	release := baseline()
	release.Ready = func(context.Context) error { return errors.New("the cache is cold") }
	pool, err := pgxpool.New(t.Context(), dsn)
	must(t, err)
	t.Cleanup(pool.Close)
	var log bytes.Buffer
	handler := app.New(release, pool, "i", slog.New(slog.NewJSONHandler(&log, nil))).Handler()
	for range 3 {
		w := ask(handler, "GET", "/health/readiness", "")
		wants(t, w, http.StatusServiceUnavailable)
		if !strings.Contains(w.Body.String(), "the cache is cold") {
			t.Errorf("body: got %s, want the reason", w.Body)
		}
	}
	if got := strings.Count(log.String(), "the cache is cold"); got != 1 {
		t.Errorf("log lines with the reason: got %d, want 1: %s", got, &log)
	}
}

func TestEveryAnswerSaysWhoGaveIt(t *testing.T) {
	dsn := pgtest.Database(t)
	handler := serve(t, baseline(), dsn) // without a schema, so that queries fail
	tests := map[string]int{"/health/liveness": 200, "/runs": 500, "/nothing": 404}
	for target, status := range tests {
		w := ask(handler, "GET", target, "", app.HeaderProbe, "probe-7")
		wants(t, w, status)
		for name, want := range map[string]string{
			app.HeaderRelease: "1.0.0", app.HeaderInstance: "instance-1", app.HeaderProbe: "probe-7",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: got %q, want %q", target, name, got, want)
			}
		}
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	release := baseline()
	release.Wrap = func(*slog.Logger, http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("on purpose") })
	}
	w := ask(serve(t, release, "postgres://127.0.0.1:1/none"), "GET", "/", "")
	wants(t, w, http.StatusInternalServerError)
	if got := w.Header().Get(app.HeaderRelease); got != "1.0.0" {
		t.Errorf("release: got %q, want 1.0.0", got)
	}
}
