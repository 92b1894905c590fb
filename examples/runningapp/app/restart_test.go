package app_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

// A pipeline that restores a backup puts another server in the place of the database.
func TestADatabaseThatStopsAndComesBackIsUsedAgain(t *testing.T) {
	dir, err := postgres.TempDir("runningapp-test-", "")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	instance, err := postgres.Create(t.Context(), postgres.Config{
		Binaries: pgtest.Binaries(t), Dir: filepath.Join(dir, "instance"),
		Password: "secret", Durability: postgres.Volatile, Port: freePort(t),
	})
	must(t, err)
	must(t, instance.Start(t.Context()))
	t.Cleanup(instance.Stop)
	dsn := instance.Endpoint().DSN("")
	migrate(t, dsn, "1.0.0")
	handler := serve(t, baseline(), dsn)
	wants(t, ask(handler, "POST", "/runs", `{"runner":"Anna","distanceMeters":1000,"durationSeconds":300}`), http.StatusCreated)

	instance.Stop()
	wants(t, ask(handler, "GET", "/runs", ""), http.StatusServiceUnavailable)
	wants(t, ask(handler, "GET", "/health/readiness", ""), http.StatusServiceUnavailable)

	must(t, instance.Start(t.Context()))
	wants(t, ask(handler, "GET", "/health/readiness", ""), http.StatusOK)
	wants(t, ask(handler, "GET", "/runs/1", ""), http.StatusOK)
}

// freePort is a port on which nobody listens now, so that the database comes back where it was.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, listener.Close()) }()
	return listener.Addr().(*net.TCPAddr).Port
}
