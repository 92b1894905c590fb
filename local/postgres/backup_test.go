package postgres_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pilotage/pilotage/local/postgres"
)

// transfers writes transactions of two rows that add up to zero until stopped, and counts those
// that were acknowledged.
type transfers struct {
	acknowledged atomic.Int64
	stop         context.CancelFunc
	group        sync.WaitGroup
}

func writeTransfers(t *testing.T, instance *postgres.Instance) *transfers {
	t.Helper()
	conn := connect(t, instance.Endpoint().DSN(""))
	const table = `CREATE TABLE entry (transfer bigserial, amount bigint NOT NULL, filler text);
		CREATE TABLE counter (id int PRIMARY KEY, n bigint NOT NULL);
		INSERT INTO counter SELECT i, 0 FROM generate_series(1, 2000) AS i;`
	if _, err := conn.Exec(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &transfers{stop: cancel}
	for range 2 {
		conn := connect(t, instance.Endpoint().DSN(""))
		w.group.Go(func() {
			for ctx.Err() == nil {
				if w.write(ctx, conn) == nil {
					w.acknowledged.Add(1)
				}
			}
		})
	}
	t.Cleanup(w.end)
	return w
}

// write moves an amount between two entries and, so that pages are rewritten and not only
// appended, adds one to one counter and takes one from another.
func (w *transfers) write(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		const insert = "INSERT INTO entry (amount, filler) VALUES (7, repeat('x', 500))"
		if _, err := tx.Exec(ctx, insert); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO entry (amount, filler) VALUES (-7, repeat('y', 500))"); err != nil {
			return err
		}
		const update = `UPDATE counter SET n = n + CASE WHEN id % 2 = 0 THEN 1 ELSE -1 END
			WHERE id IN (SELECT 2 * a + b FROM (SELECT (random() * 998)::int + 0 AS a) AS p, generate_series(1, 2) AS b)`
		_, err := tx.Exec(ctx, update)
		return err
	})
}

func (w *transfers) end() {
	w.stop()
	w.group.Wait()
}

func (w *transfers) awaitAcknowledged(t *testing.T, n int64) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for w.acknowledged.Load() < n {
		if time.Now().After(deadline) {
			t.Fatalf("%d transfers acknowledged, want %d", w.acknowledged.Load(), n)
		}
		<-time.After(time.Millisecond)
	}
}

func TestABackupUnderLoadRestoresToAConsistentMoment(t *testing.T) {
	cfg := config(t)
	instance := started(t, cfg)
	writers := writeTransfers(t, instance)
	writers.awaitAcknowledged(t, 500)

	dir := filepath.Join(tempDir(t), "backup")
	acknowledged := writers.acknowledged.Load()
	before := time.Now()
	manifest, err := instance.Backup(t.Context(), dir, checkpoints(t, instance, writers))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("backup of %d bytes in %v, %d transfers meanwhile", manifest.Bytes, time.Since(before),
		writers.acknowledged.Load()-acknowledged)
	if writers.acknowledged.Load() == acknowledged {
		t.Error("no transfer was acknowledged during the backup: this tests nothing")
	}
	writers.awaitAcknowledged(t, writers.acknowledged.Load()+100)
	writers.end()

	before = time.Now()
	clone := config(t)
	restored, err := postgres.Restore(t.Context(), dir, clone, nil)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, restored)
	t.Logf("restore and start in %v", time.Since(before))
	verifyTransfers(t, restored, acknowledged)
	if got := query[int64](t, connect(t, restored.Endpoint().DSN("")), "SELECT count(*) FROM entry") / 2; got > writers.acknowledged.Load()-100 {
		t.Errorf("%d transfers restored, want only those before the backup ended", got)
	}
}

// checkpoints makes checkpoints while files are copied, each after more transfers: the control
// file then points past the backup's start, and only backup_label says where to recover from.
func checkpoints(t *testing.T, instance *postgres.Instance, writers *transfers) postgres.Progress {
	conn := connect(t, instance.Endpoint().DSN(""))
	next := int64(1)
	return func(copied, total int64) {
		if 4*copied < next*total || next > 4 {
			return
		}
		next++
		writers.awaitAcknowledged(t, writers.acknowledged.Load()+50)
		if _, err := conn.Exec(t.Context(), "CHECKPOINT"); err != nil {
			t.Error(err)
		}
	}
}

// verifyTransfers checks that every transfer is whole and that all acknowledged ones are there.
func verifyTransfers(t *testing.T, instance *postgres.Instance, acknowledged int64) {
	t.Helper()
	conn := connect(t, instance.Endpoint().DSN(""))
	if got := query[int64](t, conn, "SELECT coalesce(sum(amount), 0)::bigint FROM entry"); got != 0 {
		t.Errorf("amounts add up to %d, want 0: half a transfer was restored", got)
	}
	if got := query[int64](t, conn, "SELECT sum(n)::bigint FROM counter"); got != 0 {
		t.Errorf("counters add up to %d, want 0: half a transfer was restored", got)
	}
	if got := query[int64](t, conn, "SELECT count(*) FROM entry") / 2; got < acknowledged {
		t.Errorf("%d transfers, want the %d that were acknowledged before", got, acknowledged)
	}
	if got := query[int64](t, conn, "SELECT count(DISTINCT filler) FROM entry"); got != 2 {
		t.Errorf("%d kinds of filler, want 2", got)
	}
	if got := query[bool](t, conn, "SELECT pg_is_in_recovery()"); got {
		t.Error("still in recovery, want open for writing")
	}
}

func TestABackupThatIsCancelledCannotBeRestored(t *testing.T) {
	instance := started(t, config(t))
	ctx, cancel := context.WithCancel(t.Context())
	dir := filepath.Join(tempDir(t), "backup")
	_, err := instance.Backup(ctx, dir, func(copied, total int64) {
		if copied > total/2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Backup = %v, want cancelled", err)
	}
	_, err = postgres.Restore(t.Context(), dir, config(t), nil)
	var incomplete *postgres.IncompleteError
	if !errors.As(err, &incomplete) {
		t.Errorf("Restore = %v, want an IncompleteError", err)
	}
	conn := connect(t, instance.Endpoint().DSN(""))
	deadline := time.Now().Add(10 * time.Second)
	for query[int](t, conn, "SELECT count(*) FROM pg_replication_slots") > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the slot of the cancelled backup still holds the write-ahead log")
		}
		<-time.After(time.Millisecond)
	}
}

func TestADamagedBackupIsRefused(t *testing.T) {
	instance := started(t, config(t))
	dir := filepath.Join(tempDir(t), "backup")
	manifest, err := instance.Backup(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	flipByte(t, filepath.Join(dir, "data", manifest.Files[len(manifest.Files)/2].Path))
	if _, err := postgres.Restore(t.Context(), dir, config(t), nil); err == nil {
		t.Error("Restore = nil, want an error that says the backup is damaged")
	}
}
