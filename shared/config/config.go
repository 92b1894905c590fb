// Package config reads pilotage.yaml: what pilotage knows of one service and of the environments
// that it is deployed to. Reading is strict. Every problem of a file is reported at once, one a
// line, with its place and with what would be right.
//
// rules.go says of each field what it means and what it may hold; the checks, the JSON Schema
// and docs/configuration.md all come from there. defaults.go has the defaults.
package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// FileName is what the file is called, at the root of a service's repository.
const FileName = "pilotage.yaml"

// File is a pilotage.yaml, its defaults filled in.
type File struct {
	// Service names the service in ledger keys, resource names and messages.
	Service string `json:"service"`
	// Repository is the "owner/name" whose pushes may be deployed.
	Repository string `json:"repository"`
	// Buildspec is the file in the repository by which CodeBuild builds a commit.
	Buildspec string `json:"buildspec,omitempty"`
	// Region is the AWS region of all environments; empty for that of the pipeline itself.
	Region string `json:"region,omitempty"`
	// Environments are what the service is deployed to, by name.
	Environments map[string]deploy.Environment `json:"environments"`
}

// Load reads and checks the file at path, as Parse does. A file that cannot be read is
// fault.Invalid too.
func Load(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, fault.New(fault.Invalid, "read configuration %q: %w", path, err)
	}
	return Parse(filepath.Base(path), text)
}

// Parse reads and checks text. The name is that of the file and stands in messages. An error is
// fault.Invalid and has every problem, one a line, as yamlfile.Problems. Values are checked once
// the file has no unknown fields and no values of a wrong type.
func Parse(name string, text []byte) (File, error) {
	document, err := yamlfile.Parse(name, text)
	if err != nil {
		return File{}, err
	}
	file := File{Environments: map[string]deploy.Environment{}}
	for _, environment := range document.Keys("environments") {
		file.Environments[environment] = Defaults()
	}
	if err := document.Decode(&file); err != nil {
		return File{}, err
	}
	if err := document.Fail(check(document, file)); err != nil {
		return File{}, err
	}
	// Filled in only now, so that a zero that the file gives is refused and not replaced.
	if file.Buildspec == "" {
		file.Buildspec = usualBuildspec
	}
	for environment, values := range file.Environments {
		file.Environments[environment] = fill(values)
	}
	return file, nil
}

// Environment is the environment of that name. Another one is fault.Invalid, and the message
// lists those that exist.
func (f File) Environment(name string) (deploy.Environment, error) {
	environment, known := f.Environments[name]
	if known {
		return environment, nil
	}
	hint := "those that exist are " + strings.Join(f.Names(), ", ")
	if near := yamlfile.Nearest(name, f.Names()); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return deploy.Environment{}, fault.New(fault.Invalid, "%s has no environment %q; %s", f.Service, name, hint)
}

// Names are the names of the environments, in order of the alphabet.
func (f File) Names() []string { return slices.Sorted(maps.Keys(f.Environments)) }
