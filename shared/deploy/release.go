package deploy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Release is a version of a service that can be deployed: an artefact with its migrations and
// the evidence gathered about it. Its digest is computed from its content, so the same digest
// is the same release wherever it is met.
type Release struct {
	// Digest identifies the release: "sha256:" and 64 hex digits.
	Digest     string `json:"digest"`
	Service    string `json:"service"`
	Version    string `json:"version"`
	Repository string `json:"repository"`
	// Commit is the 40 hex digits of the commit that it was built from.
	Commit string `json:"commit"`
	// Author is who wrote that commit. Authors do not approve their own release.
	Author string `json:"author"`
	// Artefact is what a slot runs: an image with its digest, or locally a folder.
	Artefact string `json:"artefact"`
	// ConfigSchema names the shape of configuration that the release expects.
	ConfigSchema string `json:"configSchema"`
	// RequiresSchema is the least schema version that the release works with.
	RequiresSchema int64       `json:"requiresSchema"`
	Migrations     []Migration `json:"migrations"`
	Evidence       []Evidence  `json:"evidence"`
	Changes        []Change    `json:"changes"`
	// Findings are what the migration lint says of the release's migrations.
	Findings []Finding `json:"findings"`
}

// Ref is the short form of a release that plans and records carry.
func (r Release) Ref() ReleaseRef {
	return ReleaseRef{
		Digest: r.Digest, Version: r.Version, Commit: r.Commit, Author: r.Author,
		ConfigSchema: r.ConfigSchema, Migrations: r.MigrationsDigest(),
	}
}

// MigrationsDigest identifies the set of migrations that a release brings: SHA-256 over version,
// kind and checksum of each, in order. Names are left out: what is applied does not depend on them.
// A release without migrations has one too.
func (r Release) MigrationsDigest() string {
	ordered := slices.Clone(r.Migrations)
	slices.SortFunc(ordered, func(a, b Migration) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Checksum, b.Checksum))
	})
	sum := sha256.New()
	for _, m := range ordered {
		fmt.Fprintf(sum, "%d:%s:%s\n", m.Version, m.Kind, m.Checksum)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// Has reports whether the release carries evidence of a check.
func (r Release) Has(check string) bool {
	for _, e := range r.Evidence {
		if e.Check == check {
			return true
		}
	}
	return false
}

// ReleaseRef names a release for people and for machines.
type ReleaseRef struct {
	Digest  string `json:"digest"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Author  string `json:"author,omitempty"`
	// ConfigSchema is the release's. Migrations is what MigrationsDigest says; it is empty in
	// entries of the ledger that are older than this field, and then says nothing.
	ConfigSchema string `json:"configSchema,omitempty"`
	Migrations   string `json:"migrations,omitempty"`
}

// Migration is one schema change of a release.
type Migration struct {
	// Version orders migrations; it rises from 1, gaps allowed.
	Version int64  `json:"version"`
	Name    string `json:"name"`
	// Kind is "expand" for what happens before traffic is shifted, "contract" for after.
	Kind string `json:"kind"`
	// Checksum is the SHA-256 of the file in hex.
	Checksum string `json:"checksum"`
}

// The kinds of Migration.
const (
	Expand   = "expand"
	Contract = "contract"
)

// Evidence says that a check passed on exactly this release.
type Evidence struct {
	// Check names it: "tests", "security", "lint".
	Check string `json:"check"`
	By    string `json:"by"`
	// At is RFC 3339.
	At string `json:"at"`
}

// Change is one commit between a release and the one before it.
type Change struct {
	Commit  string `json:"commit,omitempty"`
	Subject string `json:"subject"`
	Author  string `json:"author,omitempty"`
}

// Finding is what a lint says of one place in a migration.
type Finding struct {
	File string `json:"file"`
	// Line counts from 1.
	Line int    `json:"line"`
	Rule string `json:"rule"`
	// Severity is "refuse" or "warn".
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Advice   string `json:"advice"`
}

// The severities of a Finding.
const (
	SeverityRefuse = "refuse"
	SeverityWarn   = "warn"
)

// IsCommit reports whether text is the 40 lower-case hex digits of a commit. A branch, or part
// of a commit, is not one thing for ever, so neither names a release.
func IsCommit(text string) bool {
	return len(text) == 40 && strings.Trim(text, "0123456789abcdef") == ""
}
