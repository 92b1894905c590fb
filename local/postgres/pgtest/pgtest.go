// Package pgtest gives tests a real PostgreSQL: one instance for each test binary, started when
// first needed, and a fresh database for each test.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
//
//	func TestQuery(t *testing.T) {
//		db, err := sql.Open("pgx", pgtest.Database(t))
//
// PostgreSQL is looked for as postgres.Find does, in the directory that PILOTAGE_POSTGRES names if
// it is set. Not finding it fails the test; it is never skipped.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/pilotage/pilotage/local/postgres"
)

// Setting is the environment variable with the directory of PostgreSQL's programs.
const Setting = "PILOTAGE_POSTGRES"

// directoryPrefix is followed by the number of the process that owns the directory.
const directoryPrefix = "pilotage-pgtest-"

// shared is the instance of this test binary. It is a package variable, against house style,
// because testing gives TestMain and a test no other way to share something made on demand.
var shared holder

type holder struct {
	mu       sync.Mutex
	running  bool // TestMain called Run
	dir      string
	instance *postgres.Instance
}

// Run runs the tests and then stops the instance and removes its data, if a test needed one. It
// returns the exit code for os.Exit. Call it from TestMain.
func Run(m *testing.M) int {
	shared.mu.Lock()
	shared.running = true
	shared.mu.Unlock()
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// Database returns the URL, password included, of a new empty database that is dropped when the
// test ends. It takes some 20 ms, the first call of a test binary about two seconds.
func Database(tb testing.TB) string { return From(tb, "template1") }

// From is Database with a copy of another database, by name, in place of an empty one. Nobody
// may be connected to the other one.
func From(tb testing.TB, template string) string {
	tb.Helper()
	endpoint := Endpoint(tb)
	name := "test_" + strings.ToLower(rand.Text())
	execute(tb, endpoint, "CREATE DATABASE "+name+" TEMPLATE "+pgx.Identifier{template}.Sanitize())
	tb.Cleanup(func() { execute(tb, endpoint, "DROP DATABASE "+name+" WITH (FORCE)") })
	return endpoint.DSN(name)
}

// Endpoint is that of the shared instance. It is for tests of what concerns a whole server; do
// not stop it or change its settings.
func Endpoint(tb testing.TB) postgres.Endpoint {
	tb.Helper()
	instance, err := shared.get()
	if err != nil {
		tb.Fatal(err)
	}
	return instance.Endpoint()
}

// Binaries finds PostgreSQL, or fails the test with what to do.
func Binaries(tb testing.TB) postgres.Binaries {
	tb.Helper()
	binaries, err := postgres.Find(os.Getenv(Setting))
	if err != nil {
		tb.Fatal(err)
	}
	return binaries
}

func execute(tb testing.TB, endpoint postgres.Endpoint, statement string) {
	tb.Helper()
	ctx := context.Background() // a test's own context has ended when its cleanups run
	conn, err := pgx.Connect(ctx, endpoint.DSN(""))
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(ctx) //nolint:errcheck // the statement's result is what counts
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

func (h *holder) get() (*postgres.Instance, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.instance != nil {
		return h.instance, nil
	}
	if !h.running {
		return nil, errors.New("pgtest: the package needs func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }")
	}
	binaries, err := postgres.Find(os.Getenv(Setting))
	if err != nil {
		return nil, err
	}
	if err := removeAbandoned(); err != nil {
		return nil, err
	}
	h.dir, err = postgres.TempDir(directoryPrefix+strconv.Itoa(os.Getpid())+"-", "")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	instance, err := postgres.Create(ctx, postgres.Config{
		Binaries: binaries, Dir: filepath.Join(h.dir, "instance"),
		Password: rand.Text(), Durability: postgres.Volatile,
	})
	if err != nil {
		return nil, err
	}
	if err := instance.Start(ctx); err != nil {
		return nil, err
	}
	h.instance = instance
	return instance, nil
}

func (h *holder) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.instance != nil {
		h.instance.Stop()
	}
	if h.dir == "" {
		return nil
	}
	return os.RemoveAll(h.dir)
}

// removeAbandoned removes the directories of test binaries that were killed. Their servers were
// shut down by the kernel.
func removeAbandoned() error {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), directoryPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), directoryPrefix), "-")
		pid, err := strconv.Atoi(number)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir) // another account's stays
		}
	}
	return nil
}
