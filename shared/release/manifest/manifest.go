// Package manifest reads release.yaml: what a release says of itself before it is built. Reading
// is as strict as that of pilotage.yaml, and for the same reason: a word misspelt here would show
// only when a deployment needs it.
package manifest

import (
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// Manifest is a release.yaml.
type Manifest struct {
	// Service is the name that pilotage.yaml gives, Repository its "owner/name".
	Service    string `json:"service"`
	Repository string `json:"repository"`
	// Version is what people call the release, for example "1.2.0".
	Version string `json:"version"`
	// Commit is the 40 hex digits of the commit that is built.
	Commit string `json:"commit"`
	// Author is the mail address of who wrote that commit.
	Author string `json:"author"`
	Build  Build  `json:"build"`
	// Migrations is the folder of the migration files, relative to the manifest.
	Migrations string `json:"migrations"`
	// RequiresSchema is the least schema version that the release works with, 0 or more.
	RequiresSchema int64 `json:"requiresSchema"`
	// ConfigSchema names the shape of configuration that the release expects.
	ConfigSchema string `json:"configSchema"`
	// Evidence lists the checks that passed, each once.
	Evidence []deploy.Evidence `json:"evidence"`
	// Changes are the commits since the release before, newest first.
	Changes []deploy.Change `json:"changes"`
}

// Build is how the release's program is made.
type Build struct {
	// Command is run at the root of the repository; $OUT in it is the file to write.
	Command []string `json:"command"`
}

// Given is what is known of a release beside its release.yaml when it is published: a file cannot
// hold the id of its own commit, nor what was checked since it was written. What is given the file
// may leave out.
type Given struct {
	// Commit is the commit that was built, Author who wrote it. A file that names another commit
	// is wrong.
	Commit string
	Author string
	// Evidence takes the place of what the file says of the same checks.
	Evidence []deploy.Evidence
	// Built says that there is something to run already: the file need not say how it is built.
	Built bool
}

// Parse reads and checks the text of a release.yaml. The name is that of the file and stands in
// messages. Reading is strict; an error is fault.Invalid and has every problem, one a line, as
// yamlfile.Problems.
func Parse(name string, text []byte) (Manifest, error) { return Complete(name, text, Given{}) }

// Complete is Parse with what is known beside the file.
func Complete(name string, text []byte, given Given) (Manifest, error) {
	document, err := yamlfile.Parse(name, text)
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	if err := document.Decode(&m); err != nil {
		return Manifest{}, err
	}
	if err := document.Fail(check(document, m, given)); err != nil {
		return Manifest{}, err
	}
	if given.Commit != "" {
		m.Commit = given.Commit
	}
	if given.Author != "" {
		m.Author = given.Author
	}
	m.Evidence = append(slices.DeleteFunc(m.Evidence, func(old deploy.Evidence) bool {
		return slices.ContainsFunc(given.Evidence, func(e deploy.Evidence) bool { return e.Check == old.Check })
	}), given.Evidence...)
	return m, nil
}

// Release is what the manifest knows of its release. Digest, artefact, migrations and findings
// are known only once it is built.
func (m Manifest) Release() deploy.Release {
	return deploy.Release{
		Service: m.Service, Version: m.Version, Repository: m.Repository, Commit: m.Commit, Author: m.Author,
		ConfigSchema: m.ConfigSchema, RequiresSchema: m.RequiresSchema, Evidence: m.Evidence, Changes: m.Changes,
	}
}
