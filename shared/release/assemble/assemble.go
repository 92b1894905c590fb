// Package assemble makes a release out of what its manifest says and what was built: the same
// content is the same release, wherever it is assembled.
package assemble

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/migration"
	"github.com/pilotage/pilotage/shared/release/manifest"
)

// Built is what a slot runs.
type Built struct {
	// Artefact is an image with its digest, or the path of a program.
	Artefact string
	// Sum is the SHA-256 of its content, in hex.
	Sum string
}

// Image is the artefact of an image. A reference without a digest is fault.Invalid: a tag can be
// moved to another image after everything was checked.
func Image(reference string) (Built, error) {
	found := regexp.MustCompile(`^[^@\s]+@sha256:([0-9a-f]{64})$`).FindStringSubmatch(reference)
	if found == nil {
		return Built{}, fault.New(fault.Invalid, "image %q has no digest; name it as REPOSITORY@sha256:…, which docker inspect --format '{{index .RepoDigests 0}}' prints", reference)
	}
	return Built{Artefact: reference, Sum: found[1]}, nil
}

// Release makes the release. Its digest covers what is run, the migrations, and what decides how
// they are run; evidence and changes may be added without making another release of it.
// Migrations that cannot be read are an error.
func Release(m manifest.Manifest, built Built, migrations fs.FS) (deploy.Release, error) {
	set, err := migration.Parse(migrations)
	if err != nil {
		return deploy.Release{}, err
	}
	release := m.Release()
	release.Artefact = built.Artefact
	for _, one := range set.Migrations {
		release.Migrations = append(release.Migrations, deploy.Migration{
			Version: one.Version, Name: name(one.Name), Kind: string(one.Kind), Checksum: one.Checksum,
		})
	}
	for _, one := range migration.Lint(set) {
		release.Findings = append(release.Findings, deploy.Finding{
			File: one.File, Line: one.Line, Rule: one.Rule, Severity: string(one.Severity), Message: one.Message, Advice: one.Advice,
		})
	}
	content, err := json.Marshal([]string{m.Service, m.Version, m.Commit, m.ConfigSchema, fmt.Sprint(m.RequiresSchema), set.Digest, built.Sum})
	if err != nil {
		return deploy.Release{}, fmt.Errorf("compute the digest of %s: %w", m.Version, err)
	}
	digest := sha256.Sum256(content)
	release.Digest = "sha256:" + hex.EncodeToString(digest[:])
	return release, nil
}

// name is a migration's file name without number, kind and ending: "add_shoe".
func name(file string) string {
	_, rest, _ := strings.Cut(file, "_")
	rest, _, _ = strings.Cut(rest, ".")
	return rest
}
