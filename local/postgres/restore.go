package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Restore makes a new instance in cfg.Dir from the backup in dir and returns it, not started. Its
// first Start replays the write-ahead log to the moment at which the backup became consistent.
// Every file's digest is verified. cfg.Password must be the one of the instance that was backed
// up, because it is in the data.
//
// It fails with an *IncompleteError for half a backup, and when cfg.Dir holds an instance
// already. Repeating it after a failure is safe.
func Restore(ctx context.Context, dir string, cfg Config, progress Progress) (*Instance, error) {
	manifest, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	i, err := instance(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := i.restore(ctx, filepath.Join(dir, "data"), manifest, progress); err != nil {
		return nil, fmt.Errorf("restore backup %q into %q: %w", dir, cfg.Dir, err)
	}
	return i, nil
}

func (i *Instance) restore(ctx context.Context, from string, manifest Manifest, progress Progress) error {
	if _, err := os.Stat(i.data()); err == nil {
		return errors.New("there is an instance already")
	}
	if manifest.ServerMajor != i.cfg.Binaries.major {
		return fmt.Errorf("the backup is of PostgreSQL %d, and the programs in %q are of version %d",
			manifest.ServerMajor, i.cfg.Binaries.Dir, i.cfg.Binaries.major)
	}
	partial := i.data() + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := i.copyBack(ctx, from, partial, manifest, progress); err != nil {
		return err
	}
	conf := filepath.Join(partial, "postgresql.conf")
	if err := os.WriteFile(conf, i.settings(), 0o600); err != nil { // keeps its owner
		return err
	}
	if i.cfg.Durability == Durable {
		if err := syncTree(partial); err != nil {
			return err
		}
	}
	return os.Rename(partial, i.data())
}

func (i *Instance) copyBack(ctx context.Context, from, to string, manifest Manifest, progress Progress) error {
	for _, dir := range append([]string{"."}, manifest.Directories...) {
		if !filepath.IsLocal(dir) {
			return fmt.Errorf("the manifest names %q, outside the data directory", dir)
		}
		target := filepath.Join(to, filepath.FromSlash(dir))
		if err := errors.Join(os.Mkdir(target, 0o700), i.as.own(target)); err != nil {
			return err
		}
	}
	var copied int64
	for _, want := range manifest.Files {
		if !filepath.IsLocal(want.Path) {
			return fmt.Errorf("the manifest names %q, outside the data directory", want.Path)
		}
		got, err := copyFile(ctx, from, to, want.Path)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("file %q is not the one that was backed up: the backup is damaged", want.Path)
		}
		if err := i.as.own(filepath.Join(to, filepath.FromSlash(want.Path))); err != nil {
			return err
		}
		copied += got.Size
		if progress != nil {
			progress(copied, manifest.Bytes)
		}
	}
	return nil
}
