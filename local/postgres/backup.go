package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Progress is told how many bytes of about how many have been copied.
type Progress func(copied, total int64)

// Backup copies the running instance into dir, which must not exist, by PostgreSQL's low-level
// backup API (https://www.postgresql.org/docs/18/continuous-archiving.html, section 26.3.4).
// Readers and writers go on undisturbed. The copy is of the moment at which Backup is about to
// return: everything that was acknowledged before it was called is in it.
//
// A backup that failed, or whose process ended, leaves a directory that Restore refuses with an
// *IncompleteError. Tablespaces outside the data directory are refused.
func (i *Instance) Backup(ctx context.Context, dir string, progress Progress) (Manifest, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return Manifest{}, fmt.Errorf("back PostgreSQL up to %q: %w", dir, err)
	}
	conn, err := pgx.Connect(ctx, i.Endpoint().DSN(""))
	if err != nil {
		return Manifest{}, fmt.Errorf("back PostgreSQL up to %q: %w", dir, err)
	}
	// Closing the session aborts a backup that was not stopped and drops its temporary slot.
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is lost with it
	b := &backup{
		conn: conn, from: i.data(), to: filepath.Join(dir, "data"), progress: progress,
		manifest: Manifest{ServerMajor: i.cfg.Binaries.major, StartedAt: i.cfg.Clock.Now()},
	}
	for _, step := range []func(context.Context) error{b.begin, b.copyFiles, b.end, b.copyWAL} {
		if err := step(ctx); err != nil {
			return Manifest{}, fmt.Errorf("back PostgreSQL up to %q: %w", dir, err)
		}
		if b.manifest.StopLSN == "" {
			b.manifest.ConsistentAt = i.cfg.Clock.Now()
		}
	}
	if i.cfg.Durability == Durable {
		if err := syncTree(dir); err != nil {
			return Manifest{}, fmt.Errorf("sync backup %q: %w", dir, err)
		}
	}
	if err := writeManifest(dir, b.manifest); err != nil {
		return Manifest{}, fmt.Errorf("write the manifest of backup %q: %w", dir, err)
	}
	return b.manifest, nil
}

// backup is one run of Backup; its session must stay the same throughout.
type backup struct {
	conn     *pgx.Conn
	from, to string
	progress Progress
	total    int64
	first    string // the write-ahead log's first segment that the backup needs
	last     string
	manifest Manifest
}

// begin reserves the write-ahead log by a slot that dies with the session, then starts the
// backup: in this order, or the first segment could be gone before it is reserved.
func (b *backup) begin(ctx context.Context) error {
	var tablespaces int
	const outside = "SELECT count(*) FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''"
	if err := b.conn.QueryRow(ctx, outside).Scan(&tablespaces); err != nil {
		return err
	}
	if tablespaces > 0 {
		return errors.New("a tablespace lies outside the data directory; move its tables into pg_default")
	}
	slot := "pilotage_" + strings.ToLower(rand.Text())
	if _, err := b.conn.Exec(ctx, "SELECT pg_create_physical_replication_slot($1, true, true)", slot); err != nil {
		return fmt.Errorf("reserve the write-ahead log: %w", err)
	}
	const query = "SELECT lsn::text, pg_walfile_name(lsn) FROM pg_backup_start($1, fast => true) AS lsn"
	if err := b.conn.QueryRow(ctx, query, slot).Scan(&b.manifest.StartLSN, &b.first); err != nil {
		return fmt.Errorf("start the backup: %w", err)
	}
	return nil
}

// end makes the copy consistent. Not waiting for the archive is right because copyWAL takes the
// segments from the server itself; pg_backup_stop has switched to a new segment, so the last one
// needed is whole.
func (b *backup) end(ctx context.Context) error {
	var label, tablespaces string
	const query = `SELECT lsn::text, pg_walfile_name(lsn), labelfile, coalesce(spcmapfile, '')
		FROM pg_backup_stop(wait_for_archive => false)`
	err := b.conn.QueryRow(ctx, query).Scan(&b.manifest.StopLSN, &b.last, &label, &tablespaces)
	if err != nil {
		return fmt.Errorf("stop the backup: %w", err)
	}
	if err := b.write("backup_label", label); err != nil || tablespaces == "" {
		return err
	}
	return b.write("tablespace_map", tablespaces)
}

func (b *backup) write(name, content string) error {
	source, err := os.MkdirTemp(b.to, "pilotage-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(source) //nolint:errcheck // inside the backup, and not in its manifest
	if err := os.WriteFile(filepath.Join(source, name), []byte(content), 0o600); err != nil {
		return err
	}
	return b.take(context.Background(), source, name)
}
