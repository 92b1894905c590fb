package postgres_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

// TestProgramsThatCannotRunWhereTheyLie has the package as npm leaves it, without links, in a
// directory that no link can be made in and, for root, that the other account cannot enter.
func TestProgramsThatCannotRunWhereTheyLie(t *testing.T) {
	from := filepath.Dir(pgtest.Binaries(t).Dir)
	if _, err := os.Stat(filepath.Join(from, "pg-symlinks.json")); err != nil {
		return // not the npm package; others run where they lie
	}
	native := filepath.Join(t.TempDir(), "home", "native")
	copyRegular(t, from, native)
	must(t, os.Chmod(filepath.Join(native, "lib"), 0o500))
	must(t, os.Chmod(filepath.Dir(native), 0o700))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(native, "lib"), 0o700) })
	t.Setenv("TMPDIR", tempDir(t))

	binaries, err := postgres.Find(filepath.Join(native, "bin"))
	must(t, err)
	cfg := config(t)
	cfg.Binaries = binaries
	for range 2 { // the second finds the copy
		_ = started(t, cfg)
		cfg.Dir += "-again"
	}
	copies, err := filepath.Glob(filepath.Join(os.TempDir(), "pilotage-postgres-*", "*"))
	must(t, err)
	if len(copies) != 1 {
		t.Errorf("copies = %q, want one", copies)
	}
}

// copyRegular copies a tree without its links.
func copyRegular(t *testing.T, from, to string) {
	t.Helper()
	must(t, filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, info.Mode().Perm())
	}))
}
