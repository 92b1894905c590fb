// Package releases is the catalog of releases on one machine: folders with a release.yaml,
// migrations and the command that builds the program.
package releases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/release"
	"github.com/pilotage/pilotage/shared/release/assemble"
	"github.com/pilotage/pilotage/shared/release/manifest"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// Catalog knows the releases of one service. It is safe for concurrent use.
type Catalog struct {
	// Service is its name.
	Service string
	// Dir has a folder for each release.
	Dir string
	// Root is where build commands run, Out where the programs go.
	Root string
	Out  string
	// Shelf is where builds publish; without Dir they do not.
	Shelf Shelf

	mu        sync.Mutex
	published []published
}

type published struct {
	release deploy.Release
	// migrations is the folder of the migration files.
	migrations string
}

// Manifest is the name of the file that describes a release.
const Manifest = "release.yaml"

// Versions lists the releases that could be published, by the names of their folders.
func (c *Catalog) Versions() ([]string, error) {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("list the releases of %s: %w", c.Service, err)
	}
	var versions []string
	for _, entry := range entries {
		if _, err := os.Stat(filepath.Join(c.Dir, entry.Name(), Manifest)); err == nil {
			versions = append(versions, entry.Name())
		}
	}
	return versions, nil
}

// Describe reads what a release says of itself, and builds nothing. An unknown one, one of
// another service, and a manifest that is wrong are fault.Invalid.
func (c *Catalog) Describe(version string) (manifest.Manifest, error) {
	path := filepath.Join(c.Dir, version, Manifest)
	text, err := os.ReadFile(path)
	if err != nil {
		// No folder has no versions.
		versions, _ := c.Versions()
		return manifest.Manifest{}, fault.New(fault.Invalid, "there is no release %q of %s; there are %s", version, c.Service, strings.Join(versions, ", "))
	}
	described, err := manifest.Parse(path, text)
	if err != nil {
		return manifest.Manifest{}, err
	}
	for _, field := range []struct{ name, got, want string }{
		{"service", described.Service, c.Service}, {"version", described.Version, version},
	} {
		if field.got != field.want {
			line, column := yamlfile.Locate(text, field.name)
			return manifest.Manifest{}, fault.New(fault.Invalid, "%s:%d:%d: %s: is %q; in this folder it must be %q", path, line, column, field.name, field.got, field.want)
		}
	}
	return described, nil
}

// Publish builds a release and makes it known under its digest, commit and version. Publishing
// it again is safe and builds it once. An unknown one is fault.Invalid.
func (c *Catalog) Publish(ctx context.Context, version string) (deploy.Release, error) {
	if found, err := c.Find(ctx, c.Service, version); err == nil {
		return found, nil
	}
	described, err := c.Describe(version)
	if err != nil {
		return deploy.Release{}, err
	}
	dir := filepath.Join(c.Dir, version)
	program := filepath.Join(c.Out, c.Service+"-"+version)
	if err := c.build(ctx, described.Build.Command, program); err != nil {
		return deploy.Release{}, err
	}
	made, err := assembled(described, program, os.DirFS(filepath.Join(dir, described.Migrations)))
	if err != nil {
		return deploy.Release{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.published = append(c.published, published{made, filepath.Join(dir, described.Migrations)})
	return made, nil
}

// assembled is the release of a manifest and a built program.
func assembled(m manifest.Manifest, program string, migrations fs.FS) (deploy.Release, error) {
	sum, err := fileSum(program)
	if err != nil {
		return deploy.Release{}, err
	}
	return assemble.Release(m, assemble.Built{Artefact: program, Sum: sum}, migrations)
}

func fileSum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open the program: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("read the program: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Find returns the published release that ref names: a digest, a commit or a version.
func (c *Catalog) Find(_ context.Context, service, ref string) (deploy.Release, error) {
	found, err := c.find(service, ref)
	return found.release, err
}

func (c *Catalog) find(service, ref string) (published, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var known []string
	for _, p := range c.published {
		if ref != "" && (p.release.Digest == ref || p.release.Commit == ref || p.release.Version == ref) && service == c.Service {
			return p, nil
		}
		known = append(known, p.release.Version)
	}
	if c.Shelf.Dir != "" {
		if found, err := c.Shelf.find(service, ref); !release.IsUnknown(err) {
			return found, err
		}
		known = append(known, c.Shelf.versions(c.Service)...)
	}
	return published{}, release.Unknown("no release %q of %s is published; published are %s", ref, service, listed(known))
}

// Only is a catalog of which only those versions are published, of those that are here, and that
// finds what builds publish on a shelf of its own.
func (c *Catalog) Only(versions []string, shelf Shelf) *Catalog {
	c.mu.Lock()
	defer c.mu.Unlock()
	only := &Catalog{Service: c.Service, Dir: c.Dir, Root: c.Root, Out: c.Out, Shelf: shelf}
	for _, p := range c.published {
		if slices.Contains(versions, p.release.Version) {
			only.published = append(only.published, p)
		}
	}
	return only
}

// Migrations are a release's migration files.
func (c *Catalog) Migrations(_ context.Context, service, digest string) (fs.FS, error) {
	found, err := c.find(service, digest)
	if err != nil {
		return nil, err
	}
	return os.DirFS(found.migrations), nil
}

// Artefact is the program of a release.
func (c *Catalog) Artefact(_ context.Context, service, digest string) (string, error) {
	found, err := c.find(service, digest)
	return found.release.Artefact, err
}
