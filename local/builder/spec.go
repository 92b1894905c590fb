package builder

import (
	"regexp"
	"slices"

	"github.com/pilotage/pilotage/shared/yamlfile"
)

// Spec is a buildspec, as far as it can be followed on one machine ("Build specification
// reference" in the user guide of CodeBuild). What it says of artifacts is checked and not done:
// there is no bucket.
type Spec struct {
	// Version is 0.2.
	Version   float64   `json:"version"`
	Env       Env       `json:"env"`
	Phases    Phases    `json:"phases"`
	Artifacts Artifacts `json:"artifacts"`
}

// Env is the environment of all commands.
type Env struct {
	// Shell is "bash", the only one that is here.
	Shell string `json:"shell"`
	// Variables are the weakest: those of the project and of an order replace them.
	Variables map[string]string `json:"variables"`
}

// Phases are the parts of a build in the order in which they run.
type Phases struct {
	Install   Phase `json:"install"`
	PreBuild  Phase `json:"pre_build"`
	Build     Phase `json:"build"`
	PostBuild Phase `json:"post_build"`
}

// Phase is the commands of one part.
type Phase struct {
	// OnFailure is "ABORT", or empty for what CodeBuild does: post_build follows a build that
	// failed, and nothing follows another phase that did.
	OnFailure string `json:"on-failure"`
	// Runtimes are what CodeBuild is to install; this machine has what it has.
	Runtimes map[string]any `json:"runtime-versions"`
	Commands []string       `json:"commands"`
	// Finally is run after the commands, whether they failed or not.
	Finally []string `json:"finally"`
}

// Artifacts are what CodeBuild keeps of a build.
type Artifacts struct {
	Files         []string `json:"files"`
	Name          string   `json:"name"`
	BaseDirectory string   `json:"base-directory"`
	DiscardPaths  string   `json:"discard-paths"`
}

const abort = "ABORT"

// ParseSpec reads and checks the text of a buildspec; the name is that of the file and stands in
// messages. An error is fault.Invalid and has every problem, one a line, as yamlfile.Problems: what
// CodeBuild knows and this does not is refused, and not left out in silence.
func ParseSpec(name string, text []byte) (Spec, error) {
	document, err := yamlfile.Parse(name, text)
	if err != nil {
		return Spec{}, err
	}
	var spec Spec
	if err := document.Decode(&spec); err != nil {
		return Spec{}, err
	}
	return spec, document.Fail(problems(document, spec))
}

func problems(document yamlfile.Document, spec Spec) []yamlfile.Problem {
	var found []yamlfile.Problem
	wrong := func(path, format string, args ...any) { found = append(found, document.Problem(path, format, args...)) }
	if spec.Version != 0.2 { //nolint:mnd // the version that there is
		wrong("version", "is %v; builds on this machine follow version 0.2", spec.Version)
	}
	if spec.Env.Shell != "bash" {
		wrong("env.shell", "is %q; it must be bash, which is the same on this machine and in CodeBuild", spec.Env.Shell)
	}
	for name := range spec.Env.Variables {
		if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name) {
			wrong("env.variables."+name, "%q is no name of a variable", name)
		}
	}
	phases := 0
	for _, phase := range spec.phases() {
		path := "phases." + phase.key
		if !document.Has(path) {
			continue
		}
		phases++
		if len(phase.Commands) == 0 {
			wrong(path+".commands", "missing; give at least one")
		}
		if phase.OnFailure != "" && phase.OnFailure != abort {
			wrong(path+".on-failure", "is %q; it is %s or left out", phase.OnFailure, abort)
		}
		for i, command := range slices.Concat(phase.Commands, phase.Finally) {
			if command == "" {
				wrong(path, "command %d is empty", i+1)
			}
		}
	}
	if phases == 0 {
		wrong("phases", "no phase has a command")
	}
	if document.Has("artifacts") && len(spec.Artifacts.Files) == 0 {
		wrong("artifacts.files", "missing; give at least one")
	}
	return found
}

// named is a phase with its names: that of the file, and that of the API.
type named struct {
	Phase
	key, name string
}

func (s Spec) phases() []named {
	return []named{
		{s.Phases.Install, "install", "INSTALL"},
		{s.Phases.PreBuild, "pre_build", "PRE_BUILD"},
		{s.Phases.Build, "build", "BUILD"},
		{s.Phases.PostBuild, "post_build", "POST_BUILD"},
	}
}

// goesOn reports whether the phase after a failed one runs.
func (n named) goesOn() bool { return n.key == "build" && n.OnFailure != abort }
