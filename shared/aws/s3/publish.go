package s3

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Publish makes a release known under its digest, commit and version. Migrations that do not
// fit it are fault.Invalid, and so is a version or commit that stands for another digest
// already: a name is never moved. Repeating it is safe.
func (b Bucket) Publish(ctx context.Context, release deploy.Release, migrations fs.FS) error {
	if !plain(release.Service) || !plain(release.Version) || !plain(release.Commit) || !plain(release.Digest) {
		return fault.New(fault.Invalid, "publish release %q of %q: service, version, commit and digest must be names", release.Version, release.Service)
	}
	if err := same(migrations, release); err != nil {
		return fault.New(fault.Invalid, "publish release %s of %s: %w", release.Version, release.Service, err)
	}
	archive, err := pack(migrations)
	if err != nil {
		return fmt.Errorf("pack the migrations of release %s: %w", release.Version, err)
	}
	body, err := json.MarshalIndent(release, "", "  ")
	if err != nil {
		return fmt.Errorf("encode release %s: %w", release.Version, err)
	}
	if err := b.Put(ctx, migrationsKey(release.Service, release.Digest), archive); err != nil {
		return err
	}
	if err := b.Put(ctx, releaseKey(release.Service, release.Digest), body); err != nil {
		return err
	}
	for _, key := range []string{commitKey(release.Service, release.Commit), versionKey(release.Service, release.Version)} {
		if err := b.claim(ctx, key, release.Digest); err != nil {
			return err
		}
	}
	return nil
}

// claim writes a name of the index once. S3 lets one of two writers through.
func (b Bucket) claim(ctx context.Context, key, digest string) error {
	err := b.put(ctx, key, []byte(digest), func(input *s3.PutObjectInput) { input.IfNoneMatch = aws.String("*") })
	if awserr.Is(err, "ConditionalRequestConflict") {
		return fault.New(fault.Transient, "claim %q: somebody else is writing it: %w", key, err)
	}
	if !awserr.Is(err, "PreconditionFailed") {
		return err
	}
	held, err := b.get(ctx, key)
	if err != nil {
		return err
	}
	if string(held) != digest {
		return fault.New(fault.Invalid, "claim %q: it stands for release %q already, and is never moved; give the release another version", key, held)
	}
	return nil
}

// pack is the files as an archive whose bytes depend on nothing but their content.
func pack(files fs.FS) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		file, err := archive.Create(path.Base(name))
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
