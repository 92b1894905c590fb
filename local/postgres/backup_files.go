package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// controlFile is copied after all others, as pg_basebackup does.
const controlFile = "global/pg_control"

// emptied lists the directories whose content is of no use to a restored server or harms it, by
// section 26.3.4.4 of PostgreSQL 18's manual. The write-ahead log is copied by copyWAL.
func emptied(path string) bool {
	switch path {
	case "pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots",
		"pg_stat_tmp", "pg_subtrans":
		return true
	}
	return false
}

// left reports whether a file stays behind: what belongs to the running server, temporary files,
// and caches that are made again.
func left(path string) bool {
	switch path {
	case "postmaster.pid", "postmaster.opts", "backup_label", "tablespace_map", "backup_manifest":
		return true
	}
	name := filepath.Base(path)
	return strings.HasPrefix(name, "pgsql_tmp") || strings.HasPrefix(name, "pg_internal.init") ||
		strings.HasSuffix(name, ".partial")
}

// copyFiles copies the data directory as it is, torn pages and all: the write-ahead log, which
// holds whole pages during a backup, repairs them. Files that vanish were dropped meanwhile, and
// the log knows.
func (b *backup) copyFiles(ctx context.Context) error {
	files, err := b.list()
	if err != nil {
		return fmt.Errorf("list the data directory: %w", err)
	}
	if err := os.Mkdir(b.to, 0o700); err != nil {
		return err
	}
	for _, dir := range b.manifest.Directories {
		if err := os.Mkdir(filepath.Join(b.to, filepath.FromSlash(dir)), 0o700); err != nil {
			return err
		}
	}
	for _, path := range files {
		if err := b.take(ctx, b.from, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("copy %q: %w", path, err)
		}
	}
	return b.copyControl(ctx)
}

// list notes the directories and returns the files to copy.
func (b *backup) list() ([]string, error) {
	var files []string
	err := filepath.WalkDir(b.from, func(full string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && full != b.from {
			return nil
		}
		if err != nil || full == b.from {
			return err
		}
		path, err := filepath.Rel(b.from, full)
		if err != nil {
			return err
		}
		path = filepath.ToSlash(path)
		switch {
		case entry.IsDir() && left(path):
			return fs.SkipDir
		case entry.IsDir():
			b.manifest.Directories = append(b.manifest.Directories, path)
			if emptied(path) {
				return b.subdirectoriesOf(path)
			}
		case entry.Type().IsRegular() && !left(path) && path != controlFile:
			files = append(files, path)
			if info, err := entry.Info(); err == nil {
				b.total += info.Size()
			}
		}
		return nil
	})
	return files, err
}

// subdirectoriesOf notes the directories that the server does not make again by itself.
func (b *backup) subdirectoriesOf(path string) error {
	if path == "pg_wal" {
		b.manifest.Directories = append(b.manifest.Directories, "pg_wal/archive_status", "pg_wal/summaries")
	}
	return fs.SkipDir
}

// take copies one file and adds it to the manifest.
func (b *backup) take(ctx context.Context, from, path string) error {
	file, err := copyFile(ctx, from, b.to, path)
	if err != nil {
		return err
	}
	b.manifest.Files = append(b.manifest.Files, file)
	b.manifest.Bytes += file.Size
	if b.progress != nil {
		b.progress(min(b.manifest.Bytes, b.total), b.total)
	}
	return nil
}

// copyControl copies the control file from a moment at which it was not being written: its
// digest must be that of a second reading.
func (b *backup) copyControl(ctx context.Context) error {
	target := filepath.Join(b.to, filepath.FromSlash(controlFile))
	for range 100 {
		first, err := copyFile(ctx, b.from, b.to, controlFile)
		if err != nil {
			return err
		}
		if err := os.Remove(target); err != nil {
			return err
		}
		second, err := copyFile(ctx, b.from, b.to, controlFile)
		if err != nil {
			return err
		}
		if first == second {
			b.manifest.Files = append(b.manifest.Files, second)
			b.manifest.Bytes += second.Size
			return nil
		}
		if err := os.Remove(target); err != nil {
			return err
		}
	}
	return fmt.Errorf("copy %q: it changes at every reading", controlFile)
}

// copyWAL copies the segments from the first to the last that the backup needs.
func (b *backup) copyWAL(ctx context.Context) error {
	var segment int64
	const size = "SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'"
	if err := b.conn.QueryRow(ctx, size).Scan(&segment); err != nil {
		return fmt.Errorf("ask for the size of a segment: %w", err)
	}
	first, err := segmentNumber(b.first, segment)
	if err != nil {
		return err
	}
	last, err := segmentNumber(b.last, segment)
	if err != nil {
		return err
	}
	perFile := int64(1<<32) / segment
	for number := first; number <= last; number++ {
		name := fmt.Sprintf("%s%08X%08X", b.first[:8], number/perFile, number%perFile)
		if err := b.take(ctx, b.from, "pg_wal/"+name); err != nil {
			return fmt.Errorf("copy segment %q of the write-ahead log: %w", name, err)
		}
	}
	return nil
}

// segmentNumber reads a segment's place in the log from its name: timeline, high and low part in
// eight hexadecimal digits each.
func segmentNumber(name string, size int64) (int64, error) {
	if len(name) != 24 {
		return 0, fmt.Errorf("%q is no name of a segment", name)
	}
	high, err := strconv.ParseInt(name[8:16], 16, 64)
	if err != nil {
		return 0, err
	}
	low, err := strconv.ParseInt(name[16:], 16, 64)
	return high*(int64(1<<32)/size) + low, err
}
