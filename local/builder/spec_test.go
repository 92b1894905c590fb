package builder_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/builder"
	"github.com/pilotage/pilotage/shared/fault"
)

func TestSpecSaysWhatIsWrong(t *testing.T) {
	const body = "phases: {build: {commands: [x]}}\n"
	for name, test := range map[string]struct{ text, want string }{
		"another version":        {"version: 0.1\nenv: {shell: bash}\n" + body, "b:1:10: version: is 0.1; builds on this machine follow version 0.2"},
		"a version that is text": {"version: \"0.2\"\nenv: {shell: bash}\n" + body, "b:1:10: version: want a number, got the string \"0.2\""},
		"no shell":               {"version: 0.2\n" + body, "b:1:1: env.shell: is \"\"; it must be bash, which is the same on this machine and in CodeBuild"},
		"nothing to do":          {header, "b:1:1: phases: no phase has a command"},
		"a secret":               {"version: 0.2\nenv: {shell: bash, secrets-manager: {A: b}}\n" + body, `b:2:20: unknown field "secrets-manager" in env`},
		"a cache":                {header + body + "cache: {paths: [x]}\n", `b:4:1: unknown field "cache"`},
		"a variable that is a number": {
			"version: 0.2\nenv: {shell: bash, variables: {A: 1}}\n" + body, `b:2:35: env.variables.A: want text, got the number 1; write "1", in quotes`,
		},
		"a variable of no name":   {"version: 0.2\nenv: {shell: bash, variables: {a-b: x}}\n" + body, `b:2:37: env.variables.a-b: "a-b" is no name of a variable`},
		"a phase without command": {header + "phases: {build: {on-failure: ABORT}}\n", "b:3:10: phases.build.commands: missing; give at least one"},
		"another on-failure":      {header + "phases: {build: {on-failure: RETRY, commands: [x]}}\n", `b:3:30: phases.build.on-failure: is "RETRY"; it is ABORT or left out`},
		"a command that is none":  {header + "phases: {build: {commands: [\"\"]}}\n", "b:3:10: phases.build: command 1 is empty"},
		"run-as":                  {header + "phases: {build: {run-as: x, commands: [x]}}\n", `b:3:18: unknown field "run-as" in phases.build`},
		"artifacts without files": {header + body + "artifacts: {name: x}\n", "b:4:1: artifacts.files: missing; give at least one"},
	} {
		_, err := builder.ParseSpec("b", []byte(test.text))
		if !fault.Is(err, fault.Invalid) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got\n%v\nwant\n%s", name, err, test.want)
		}
	}
}

func TestSpecOfTheExampleIsRead(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "runningapp", "buildspec.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := builder.ParseSpec("buildspec.yml", text); err != nil {
		t.Error(err)
	}
}

// FuzzSpec: any text is read or refused, and what is read has something to do.
func FuzzSpec(f *testing.F) {
	f.Add([]byte(header + "phases: {build: {commands: [x], finally: [y]}, install: {runtime-versions: {golang: 1.26}, commands: [z]}}\nartifacts: {files: [a]}\n"))
	f.Add([]byte("version: 0.2"))
	f.Fuzz(func(t *testing.T, text []byte) {
		spec, err := builder.ParseSpec("b", text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v, want class Invalid", err)
			}
			return
		}
		p := spec.Phases
		if len(p.Install.Commands)+len(p.PreBuild.Commands)+len(p.Build.Commands)+len(p.PostBuild.Commands) == 0 || spec.Env.Shell != "bash" {
			t.Errorf("got %+v", spec)
		}
	})
}
