package s3

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/migration"
	"github.com/pilotage/pilotage/shared/record"
	"github.com/pilotage/pilotage/shared/release"
)

var (
	_ record.Archive  = Bucket{}
	_ release.Catalog = Bucket{}
)

const digestPrefix = "sha256:"

// listed is how many versions a message lists.
const listed = 20

// Find returns the release that ref names: a digest, a commit or a version. None is
// release.Unknown, and the message lists versions that exist. A release whose content says
// another digest or service than its key is fault.Invalid too.
func (b Bucket) Find(ctx context.Context, service, ref string) (deploy.Release, error) {
	if !plain(service) || !plain(ref) {
		return deploy.Release{}, fault.New(fault.Invalid, "find release %q of %q: these are not names", ref, service)
	}
	digest := ref
	if !strings.HasPrefix(ref, digestPrefix) {
		found, err := b.lookUp(ctx, service, ref)
		if err != nil {
			return deploy.Release{}, err
		}
		digest = found
	}
	body, err := b.get(ctx, releaseKey(service, digest))
	if errors.Is(err, errNone) {
		return deploy.Release{}, b.unknown(ctx, service, ref)
	}
	if err != nil {
		return deploy.Release{}, err
	}
	var found deploy.Release
	if err := json.Unmarshal(body, &found); err != nil {
		return deploy.Release{}, fault.New(fault.Invalid, "read release %q of %s: %w", digest, service, err)
	}
	if found.Digest != digest || found.Service != service {
		return deploy.Release{}, fault.New(fault.Invalid, "read release %q of %s: it says that it is %q of %q; publish it again", digest, service, found.Digest, found.Service)
	}
	return found, nil
}

// lookUp is the digest in the index.
func (b Bucket) lookUp(ctx context.Context, service, ref string) (string, error) {
	for _, key := range []string{versionKey(service, ref), commitKey(service, ref)} {
		body, err := b.get(ctx, key)
		if errors.Is(err, errNone) {
			continue
		}
		return strings.TrimSpace(string(body)), err
	}
	return "", b.unknown(ctx, service, ref)
}

func (b Bucket) unknown(ctx context.Context, service, ref string) error {
	versions, err := b.list(ctx, versionKey(service, ""))
	if err != nil {
		return err
	}
	slices.Reverse(versions)
	text := strings.Join(versions[:min(len(versions), listed)], ", ")
	if text == "" {
		text = "none"
	}
	return release.Unknown("no release %q of %s is published; published are %s", ref, service, text)
}

// Migrations are a release's migration files, which must be those that the release was
// published with: a checksum that differs is fault.Invalid.
func (b Bucket) Migrations(ctx context.Context, service, digest string) (fs.FS, error) {
	found, err := b.Find(ctx, service, digest)
	if err != nil {
		return nil, err
	}
	key := migrationsKey(service, found.Digest)
	body, err := b.get(ctx, key)
	if errors.Is(err, errNone) {
		return nil, fault.New(fault.Invalid, "read the migrations of release %q: there is no object %q; publish it again", found.Digest, key)
	}
	if err != nil {
		return nil, err
	}
	files, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, fault.New(fault.Invalid, "read the migrations of release %q: %w", found.Digest, err)
	}
	if err := same(files, found); err != nil {
		return nil, fault.New(fault.Invalid, "read the migrations of release %q: %w", found.Digest, err)
	}
	return files, nil
}

// same compares files with what their release says of them.
func same(files fs.FS, of deploy.Release) error {
	set, err := migration.Parse(files)
	if err != nil {
		return err
	}
	if len(set.Migrations) != len(of.Migrations) {
		return fmt.Errorf("there are %d files, and the release has %d migrations", len(set.Migrations), len(of.Migrations))
	}
	for i, one := range set.Migrations {
		if one.Version != of.Migrations[i].Version || one.Checksum != of.Migrations[i].Checksum {
			return fmt.Errorf("file %q is not the one that the release was published with", one.Name)
		}
	}
	return nil
}

// plain reports a name that stays within its folder.
func plain(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsAny(name, "/\\ \n") && name != "." && name != ".."
}

func releaseKey(service, digest string) string {
	return "releases/" + service + "/" + digest + "/release.json"
}

func migrationsKey(service, digest string) string {
	return "releases/" + service + "/" + digest + "/migrations.zip"
}

func commitKey(service, commit string) string { return "releases/" + service + "/commits/" + commit }

func versionKey(service, version string) string {
	return "releases/" + service + "/versions/" + version
}
