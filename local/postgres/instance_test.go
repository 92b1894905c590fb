package postgres_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

const password = "correct horse: battery/staple"

// tempDir is t.TempDir for an account that this process may have to switch to.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := postgres.TempDir("pilotage-test-", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func config(t *testing.T) postgres.Config {
	t.Helper()
	return postgres.Config{
		Binaries: pgtest.Binaries(t), Dir: filepath.Join(tempDir(t), "instance"),
		Password: password, Durability: postgres.Volatile,
	}
}

// started creates and starts an instance that is stopped when the test ends.
func started(t *testing.T, cfg postgres.Config) *postgres.Instance {
	t.Helper()
	instance, err := postgres.Create(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, instance)
	return instance
}

func begin(t *testing.T, instance *postgres.Instance) {
	t.Helper()
	if err := instance.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(instance.Stop)
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func query[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var got T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&got); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

func TestAnInstanceKeepsItsDataOverARestart(t *testing.T) {
	cfg := config(t)
	before := time.Now()
	instance, err := postgres.Create(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("initdb %v", time.Since(before))
	before = time.Now()
	begin(t, instance)
	t.Logf("start %v", time.Since(before))
	conn := connect(t, instance.Endpoint().DSN(""))
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 42 AS answer"); err != nil {
		t.Fatal(err)
	}
	instance.Stop()
	if instance.Running() {
		t.Error("still running after Stop")
	}
	again := started(t, cfg)
	if err := again.Start(t.Context()); err != nil {
		t.Errorf("second start: %v", err)
	}
	if got := query[int](t, connect(t, again.Endpoint().DSN("")), "SELECT answer FROM kept"); got != 42 {
		t.Errorf("answer = %d, want 42", got)
	}
}

func TestAPortThatIsTakenIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cfg := config(t)
	cfg.Port = listener.Addr().(*net.TCPAddr).Port
	instance, err := postgres.Create(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = instance.Start(t.Context())
	var taken *postgres.PortTakenError
	if !errors.As(err, &taken) || taken.Port != cfg.Port || !strings.Contains(err.Error(), strconv.Itoa(cfg.Port)) {
		t.Errorf("Start = %v, want a PortTakenError that names %d", err, cfg.Port)
	}
}

func TestAServerThatDoesNotStartShowsItsLog(t *testing.T) {
	cfg := config(t)
	instance, err := postgres.Create(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(cfg.Dir, "data", "postgresql.conf")
	if err := os.WriteFile(conf, []byte("no_such_setting = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = instance.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("Start = %v, want the log's line about no_such_setting", err)
	}
	if err != nil && strings.Contains(err.Error(), password) {
		t.Error("the error contains the password")
	}
}

func TestFindSaysWhereItLooked(t *testing.T) {
	dir := t.TempDir()
	_, err := postgres.Find(dir)
	var missing *postgres.NotFoundError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "npm ci") {
		t.Errorf("Find = %v, want a NotFoundError that names %q and npm ci", err, dir)
	}
}

func TestThePasswordIsNotInTheProcessTable(t *testing.T) {
	instance := started(t, config(t))
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		text, err := os.ReadFile(line)
		if err == nil && strings.Contains(string(text), password) {
			t.Errorf("%s contains the password", line)
		}
	}
	if strings.Contains(instance.Endpoint().String(), password) {
		t.Error("a printed endpoint contains the password")
	}
}
