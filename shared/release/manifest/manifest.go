// Package manifest reads release.yaml: what a release says of itself before it is built.
package manifest

import (
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// Manifest is a release.yaml.
type Manifest struct {
	Service    string `json:"service"`
	Version    string `json:"version"`
	Repository string `json:"repository"`
	// Commit is the 40 hex digits of the commit that is built.
	Commit string `json:"commit"`
	// Author is the mail address of who wrote that commit.
	Author string `json:"author"`
	Build  Build  `json:"build"`
	// Migrations is the folder of the migration files, relative to the manifest.
	Migrations string `json:"migrations"`
	// RequiresSchema is the least schema version that the release works with.
	RequiresSchema int64 `json:"requiresSchema"`
	// ConfigSchema names the shape of configuration that the release expects.
	ConfigSchema string            `json:"configSchema"`
	Evidence     []deploy.Evidence `json:"evidence"`
	Changes      []deploy.Change   `json:"changes"`
}

// Build is how the release's program is made.
type Build struct {
	// Command is run at the root of the repository; $OUT in it is the file to write.
	Command []string `json:"command"`
}

// Parse reads the text of a release.yaml. An error is fault.Invalid and names file and line of
// every problem.
func Parse(name string, text []byte) (Manifest, error) {
	var m Manifest
	err := yamlfile.Decode(name, text, &m)
	return m, err
}
