package releases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/release"
)

// Shelf is published releases as files, for builds that are processes of their own. It is laid
// out as the bucket is on AWS:
//
//	SERVICE/DIGEST/release.json     the deploy.Release
//	SERVICE/DIGEST/migrations/      its migration files
//	SERVICE/DIGEST/program          what a slot runs
//	SERVICE/commits/COMMIT          the digest, by commit
//	SERVICE/versions/VERSION        the digest, by version
//
// The index is written last, so that what is found is complete. It is safe for several processes.
type Shelf struct{ Dir string }

const (
	releaseFile      = "release.json"
	migrationsFolder = "migrations"
	programFile      = "program"
)

// Publish copies a release, its migrations and its program, and makes it known under its digest,
// commit and version. One that stands for another digest already is fault.Invalid: a name is never
// moved. Repeating it is safe. It returns the release as it is found from then on.
func (s Shelf) Publish(_ context.Context, made deploy.Release, migrations fs.FS) (deploy.Release, error) {
	for _, name := range []string{made.Service, made.Version, made.Commit, made.Digest} {
		if !plain(name) {
			return deploy.Release{}, fault.New(fault.Invalid, "publish release %q of %q: %q is no name", made.Version, made.Service, name)
		}
	}
	place := s.place(made.Service, made.Digest)
	if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
		if err := s.put(place, made, migrations); err != nil {
			return deploy.Release{}, fmt.Errorf("publish release %s of %s: %w", made.Version, made.Service, err)
		}
	}
	for _, index := range []string{filepath.Join("commits", made.Commit), filepath.Join("versions", made.Version)} {
		if err := s.claim(filepath.Join(s.Dir, made.Service, index), made.Digest); err != nil {
			return deploy.Release{}, err
		}
	}
	found, err := s.find(made.Service, made.Digest)
	return found.release, err
}

// put writes the folder of a release, whole or not at all.
func (s Shelf) put(place string, made deploy.Release, migrations fs.FS) error {
	service := filepath.Dir(place)
	if err := os.MkdirAll(service, 0o755); err != nil {
		return err
	}
	part, err := os.MkdirTemp(service, ".part-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(part) }()
	if err := os.CopyFS(filepath.Join(part, migrationsFolder), migrations); err != nil {
		return err
	}
	if err := copyProgram(filepath.Join(part, programFile), made.Artefact); err != nil {
		return err
	}
	made.Artefact = filepath.Join(place, programFile)
	text, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(part, releaseFile), text, 0o600); err != nil {
		return err
	}
	err = os.Rename(part, place)
	if _, there := os.Stat(place); err != nil && there == nil {
		return nil // another process was faster: the digest is that of the same content
	}
	return err
}

func copyProgram(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755) //nolint:gosec // a program
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// claim writes a name of the index once: of two processes one gets it.
func (s Shelf) claim(path, digest string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("claim a name: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".part-")
	if err != nil {
		return fmt.Errorf("claim a name: %w", err)
	}
	defer func() { _ = os.Remove(part.Name()) }()
	_, err = part.WriteString(digest)
	if err := errors.Join(err, part.Close()); err != nil {
		return fmt.Errorf("claim a name: %w", err)
	}
	// Unlike a rename, a link is refused where the name is taken.
	err = os.Link(part.Name(), path)
	if err == nil {
		return nil
	}
	held, readErr := os.ReadFile(path)
	if readErr != nil {
		return fmt.Errorf("claim a name: %w", errors.Join(err, readErr))
	}
	if string(held) != digest {
		return fault.New(fault.Invalid, "%s %s stands for release %s already, and is never moved; give the release another version",
			strings.TrimSuffix(filepath.Base(filepath.Dir(path)), "s"), filepath.Base(path), held)
	}
	return nil
}

// Find returns the release that ref names: a digest, a commit or a version. None is
// release.Unknown, and the message lists those that there are.
func (s Shelf) Find(_ context.Context, service, ref string) (deploy.Release, error) {
	found, err := s.find(service, ref)
	return found.release, err
}

func (s Shelf) find(service, ref string) (published, error) {
	if !plain(service) || !plain(ref) {
		return published{}, release.Unknown("no release %q of %q is published", ref, service)
	}
	digest := ref
	for _, index := range []string{"versions", "commits"} {
		if held, err := os.ReadFile(filepath.Join(s.Dir, service, index, ref)); err == nil {
			digest = string(held)
			break
		}
	}
	text, err := os.ReadFile(filepath.Join(s.place(service, digest), releaseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return published{}, release.Unknown("no release %q of %s is published; published are %s", ref, service, listed(s.versions(service)))
	}
	if err != nil {
		return published{}, fmt.Errorf("read release %q of %s: %w", ref, service, err)
	}
	var made deploy.Release
	if err := json.Unmarshal(text, &made); err != nil {
		return published{}, fault.New(fault.Invalid, "read release %q of %s: %w", ref, service, err)
	}
	return published{made, filepath.Join(s.place(service, digest), migrationsFolder)}, nil
}

// versions are those that are published; no folder has none.
func (s Shelf) versions(service string) []string {
	entries, _ := os.ReadDir(filepath.Join(s.Dir, service, "versions"))
	var versions []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			versions = append(versions, entry.Name())
		}
	}
	slices.Sort(versions)
	return versions
}

func (s Shelf) place(service, digest string) string {
	return filepath.Join(s.Dir, service, strings.ReplaceAll(digest, ":", "-"))
}

// plain reports a name that stays within its folder.
func plain(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsAny(name, "/\\ \n\x00") && !strings.HasPrefix(name, ".")
}

func listed(versions []string) string {
	if len(versions) == 0 {
		return "none"
	}
	return strings.Join(versions, ", ")
}
