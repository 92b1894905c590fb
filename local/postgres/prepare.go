package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// oldest is the first major version whose backup functions are pg_backup_start and _stop.
const oldest = 15

// prepared returns programs that run under the account. The npm package comes without the links
// between its libraries, which its postinstall script would make: they are made here, in place
// when that can be done, else in a copy. A copy is also used when the account cannot enter the
// package's directory. Repeating it is cheap and safe, also from many processes at once.
func (b Binaries) prepared(ctx context.Context, as account) (Binaries, error) {
	if b.major != 0 {
		return b, nil
	}
	root := filepath.Dir(b.Dir)
	list, err := os.ReadFile(filepath.Join(root, linkList))
	if errors.Is(err, fs.ErrNotExist) {
		return b.seenRunning(ctx, as)
	}
	if err != nil {
		return b, fmt.Errorf("read the libraries' links: %w", err)
	}
	if linkLibraries(root, list) == nil {
		if ready, err := b.seenRunning(ctx, as); err == nil {
			return ready, nil
		}
	}
	copied, err := copyPrograms(ctx, root, list)
	if err != nil {
		return b, err
	}
	return Binaries{Dir: filepath.Join(copied, "bin")}.seenRunning(ctx, as)
}

// seenRunning asks postgres for its version, which loads every library.
func (b Binaries) seenRunning(ctx context.Context, as account) (Binaries, error) {
	program := filepath.Join(b.Dir, "postgres")
	cmd := command(ctx, as, program, "--version")
	output, err := cmd.CombinedOutput()
	if err != nil {
		return b, fmt.Errorf("run %q as %s: %w: %s", program, as, err, strings.TrimSpace(string(output)))
	}
	match := regexp.MustCompile(`\) (\d+)`).FindSubmatch(output)
	if match == nil {
		return b, fmt.Errorf("run %q: no version in %q", program, output)
	}
	b.major, err = strconv.Atoi(string(match[1]))
	if err == nil && b.major < oldest {
		err = fmt.Errorf("%q is PostgreSQL %d; version %d or newer is needed", program, b.major, oldest)
	}
	return b, err
}

// linkList is the npm package's list of links, beside its bin directory.
const linkList = "pg-symlinks.json"

// linkLibraries makes the links of the list under root that are not there yet.
func linkLibraries(root string, list []byte) error {
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("parse %s: %w", linkList, err)
	}
	for _, link := range links {
		target, err := filepath.Rel("native", filepath.FromSlash(link.Target))
		if err != nil || !filepath.IsLocal(target) {
			return fmt.Errorf("parse %s: link %q is outside the package", linkList, link.Target)
		}
		relative, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return fmt.Errorf("parse %s: %w", linkList, err)
		}
		err = os.Symlink(relative, filepath.Join(root, target))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link library %q: %w", target, err)
		}
	}
	return nil
}

// copyPrograms copies the package to a directory that every account can enter, once for each
// version of its programs, and returns that directory. It appears there whole or not at all.
func copyPrograms(ctx context.Context, root string, list []byte) (string, error) {
	info, err := os.Stat(filepath.Join(root, "bin", "postgres"))
	if err != nil {
		return "", err
	}
	key := sha256.Sum256(fmt.Appendf(list, "%s %d %s", root, info.Size(), info.ModTime()))
	home, err := copiesDirectory()
	if err != nil {
		return "", err
	}
	final := filepath.Join(home, fmt.Sprintf("%x", key[:8]))
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	partial, err := os.MkdirTemp(home, "partial-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(partial) //nolint:errcheck // gone already when it was renamed
	if err := os.CopyFS(filepath.Join(partial, "native"), os.DirFS(root)); err != nil {
		return "", fmt.Errorf("copy PostgreSQL's programs from %q: %w", root, err)
	}
	if err := linkLibraries(filepath.Join(partial, "native"), list); err != nil {
		return "", err
	}
	err = os.Rename(filepath.Join(partial, "native"), final)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		return "", err
	}
	return final, ctx.Err()
}

// copiesDirectory is a directory below the temporary one. It must be ours alone to write: what
// lies in it will be run.
func copiesDirectory() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("pilotage-postgres-%d", os.Geteuid()))
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(owner.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("directory %q must be a directory that only this account can write; remove it", dir)
	}
	return dir, nil
}
