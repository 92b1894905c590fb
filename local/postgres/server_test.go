package postgres_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

func serverConfig(t *testing.T) postgres.ServerConfig {
	t.Helper()
	return postgres.ServerConfig{
		Binaries: pgtest.Binaries(t), Dir: tempDir(t), Password: password, Durability: postgres.Volatile,
	}
}

func openServer(t *testing.T, cfg postgres.ServerConfig) *postgres.Server {
	t.Helper()
	server, err := postgres.OpenServer(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// settled waits until what status reports is over.
func settled(t *testing.T, status func() (postgres.Status, string)) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		now, failure := status()
		if now == postgres.Available {
			return
		}
		if now == postgres.Failed || time.Now().After(deadline) {
			t.Fatalf("status %q (%s), want available", now, failure)
		}
		<-time.After(time.Millisecond)
	}
}

func awaitSnapshot(t *testing.T, server *postgres.Server, id string) postgres.Snapshot {
	t.Helper()
	settled(t, func() (postgres.Status, string) {
		return snapshot(t, server, id).Status, snapshot(t, server, id).Failure
	})
	return snapshot(t, server, id)
}

func snapshot(t *testing.T, server *postgres.Server, id string) postgres.Snapshot {
	t.Helper()
	got, err := server.Snapshot(id)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func awaitInstance(t *testing.T, server *postgres.Server, id string) {
	t.Helper()
	settled(t, func() (postgres.Status, string) {
		state, err := server.Instance(id)
		if err != nil {
			t.Fatal(err)
		}
		return state.Status, state.Failure
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func endpoint(t *testing.T, server *postgres.Server, id string) postgres.Endpoint {
	t.Helper()
	got, err := server.Endpoint(id)
	must(t, err)
	return got
}

func run(t *testing.T, server *postgres.Server, id, sql string) {
	t.Helper()
	conn := connect(t, endpoint(t, server, id).DSN(""))
	_, err := conn.Exec(t.Context(), sql)
	must(t, err)
}

func TestARestoredInstanceTakesOverNameAndPort(t *testing.T) {
	cfg := serverConfig(t)
	server := openServer(t, cfg)
	must(t, server.CreateInstance(t.Context(), "orders", 0))
	old := endpoint(t, server, "orders")
	run(t, server, "orders", "CREATE TABLE note AS SELECT 'before' AS text")

	must(t, server.CreateSnapshot("orders", "orders-1"))
	must(t, server.CreateSnapshot("orders", "orders-1"))
	taken := awaitSnapshot(t, server, "orders-1")
	if taken.Bytes == 0 || taken.Percent != 100 || taken.ConsistentAt.Before(taken.CreatedAt) {
		t.Errorf("snapshot = %+v, want its size, 100 percent and times in order", taken)
	}
	run(t, server, "orders", "UPDATE note SET text = 'after'")

	must(t, server.RestoreInstance("orders-1", "orders-restored"))
	must(t, server.RestoreInstance("orders-1", "orders-restored"))
	awaitInstance(t, server, "orders-restored")
	if got := endpoint(t, server, "orders-restored"); got.Port == old.Port {
		t.Errorf("the restored instance listens on the old one's port %d", got.Port)
	}
	for range 2 { // repeating it is safe
		must(t, server.Promote(t.Context(), "orders-restored", "orders", "d1"))
	}
	if got := endpoint(t, server, "orders"); got != old {
		t.Errorf("endpoint = %v, want %v as before", got, old)
	}
	if got := query[string](t, connect(t, old.DSN("")), "SELECT text FROM note"); got != "before" {
		t.Errorf("text = %q, want what the snapshot has", got)
	}
	if state, err := server.Instance("orders-replaced-d1"); err != nil || state.Status != postgres.Stopped {
		t.Errorf("old instance = %+v, %v, want stopped under its new name", state, err)
	}

	must(t, server.Close())
	again := openServer(t, cfg)
	if got := endpoint(t, again, "orders"); got != old {
		t.Errorf("endpoint after reopening = %v, want %v", got, old)
	}
	if got := query[string](t, connect(t, old.DSN("")), "SELECT text FROM note"); got != "before" {
		t.Errorf("text after reopening = %q, want what the snapshot has", got)
	}
	if got := snapshot(t, again, "orders-1"); got != taken {
		t.Errorf("snapshot after reopening = %+v, want %+v", got, taken)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	server := openServer(t, serverConfig(t))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := server.CreateInstance(context.Background(), "orders", 0); err != nil {
				t.Error(err)
			}
			if err := server.CreateSnapshot("orders", "one"); err != nil {
				t.Error(err)
			}
			if _, err := server.Snapshot("one"); err != nil {
				t.Error(err)
			}
			server.Instances()
			server.Snapshots("orders")
		})
	}
	group.Wait()
	awaitSnapshot(t, server, "one")
	for range 4 {
		group.Go(func() {
			if err := server.RestoreInstance("one", "copy"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	awaitInstance(t, server, "copy")
	if got := len(server.Instances()); got != 2 {
		t.Errorf("%d instances, want 2", got)
	}
}

func TestNamesThatAreUnknownTakenOrUnfit(t *testing.T) {
	server := openServer(t, serverConfig(t))
	must(t, server.CreateInstance(t.Context(), "orders", 0))
	must(t, server.CreateInstance(t.Context(), "users", 0))
	must(t, server.CreateSnapshot("orders", "one"))
	awaitSnapshot(t, server, "one")
	var unknown *postgres.UnknownError
	var taken *postgres.TakenError
	if err := server.CreateSnapshot("nobody", "two"); !errors.As(err, &unknown) {
		t.Errorf("snapshot of no instance = %v", err)
	}
	if err := server.CreateSnapshot("users", "one"); !errors.As(err, &taken) {
		t.Errorf("snapshot name of another instance = %v", err)
	}
	if err := server.RestoreInstance("one", "users"); !errors.As(err, &taken) {
		t.Errorf("restore over an instance = %v", err)
	}
	if err := server.RestoreInstance("two", "new"); !errors.As(err, &unknown) {
		t.Errorf("restore of no snapshot = %v", err)
	}
	if err := server.Promote(t.Context(), "new", "users", "x"); !errors.As(err, &unknown) {
		t.Errorf("promote of no instance = %v", err)
	}
	for _, id := range []string{"", "..", "a/b", "1a", "a--b", "a-", filepath.Join("..", "a")} {
		if server.CreateInstance(t.Context(), id, 0) == nil || server.CreateSnapshot("orders", id) == nil {
			t.Errorf("identifier %q was accepted", id)
		}
	}
	must(t, server.DeleteSnapshot("one"))
	must(t, server.DeleteInstance("orders"))
	must(t, server.DeleteInstance("orders"))
	if _, err := server.Endpoint("orders"); !errors.As(err, &unknown) {
		t.Errorf("endpoint of a deleted instance = %v", err)
	}
}

func TestASecondServerIsKeptOut(t *testing.T) {
	cfg := serverConfig(t)
	openServer(t, cfg)
	if second, err := postgres.OpenServer(t.Context(), cfg); err == nil {
		_ = second.Close()
		t.Error("a second server opened the same directory")
	}
}
