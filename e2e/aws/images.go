package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// repository is that of the service's images: the one that the pipeline's stack makes.
const repository = account + ".dkr.ecr." + region + ".amazonaws.com/" + service

// images are the programs that stand in for images, by the digest that a task definition names.
type images struct {
	mu       sync.Mutex
	programs map[string]string
}

// Artefact is the program of an image.
func (i *images) Artefact(_ context.Context, _, digest string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if program, found := i.programs[digest]; found {
		return program, nil
	}
	return "", fault.New(fault.Invalid, "nobody has pushed an image %q", digest)
}

// push makes a program known as an image, and returns the image's name.
func (i *images) push(program string) (string, error) {
	file, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // it was read only
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("read %s: %w", program, err)
	}
	digest := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	i.mu.Lock()
	defer i.mu.Unlock()
	i.programs[digest] = program
	return repository + "@" + digest, nil
}

// publish builds releases of the example and publishes them as its CI does, into the bucket.
func (w *world) publish(ctx context.Context, versions ...string) (map[string]deploy.Release, error) {
	catalog := &releases.Catalog{Service: service, Dir: filepath.Join("examples", "runningapp", "releases"), Root: ".", Out: filepath.Join(w.dir, "programs")}
	published := map[string]deploy.Release{}
	for _, version := range versions {
		say("building release %s of the example", version)
		release, err := catalog.Publish(ctx, version)
		if err != nil {
			return nil, err
		}
		migrations, err := catalog.Migrations(ctx, service, release.Digest)
		if err != nil {
			return nil, err
		}
		if release.Artefact, err = w.images.push(release.Artefact); err != nil {
			return nil, err
		}
		if err := w.bucket.Publish(ctx, release, migrations); err != nil {
			return nil, err
		}
		published[version] = release
	}
	return published, nil
}
