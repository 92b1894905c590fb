package releases_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// buildspec is buildspec.yml.
type buildspec struct {
	Version float64 `json:"version"`
	Env     struct {
		Shell     string            `json:"shell"`
		Variables map[string]string `json:"variables"`
	} `json:"env"`
	Phases map[string]struct {
		OnFailure string   `json:"on-failure"`
		Commands  []string `json:"commands"`
		Finally   []string `json:"finally"`
	} `json:"phases"`
}

// TestBuildVouchesForWhatPassed follows the shipped buildspec with tools that only note how they were
// called, and looks which checks the release is published with.
func TestBuildVouchesForWhatPassed(t *testing.T) {
	aws := map[string]string{"REPOSITORY_URI": "registry/pilotage", "PILOTAGE_BUCKET": "archive", "CODEBUILD_BUILD_NUMBER": "7"}
	local := map[string]string{"PILOTAGE_CATALOG": "catalog"}
	installed := map[string]string{"PILOTAGE_CATALOG": "catalog", "GOSEC": "gosec"}
	fast := []string{"build", "lint", "tests", "typecheck"}
	all := slices.Sorted(slices.Values(append([]string{"security"}, fast...)))
	for name, test := range map[string]struct {
		place map[string]string
		// fails is the call of a tool that fails.
		fails string
		want  []string
	}{
		"on AWS":                           {place: aws, want: all},
		"on one machine":                   {place: local, want: fast},
		"on one machine that has gosec":    {place: installed, want: all},
		"code that is not formatted":       {place: aws, fails: "gofmt -d"},
		"code that vet objects to":         {place: aws, fails: "go vet"},
		"tests that fail":                  {place: aws, fails: "go test"},
		"tests that fail on one machine":   {place: local, fails: "go test"},
		"what gosec finds":                 {place: aws, fails: "go run github.com/securego/gosec/v2/cmd/gosec@v"},
		"what an installed gosec finds":    {place: installed, fails: "gosec -quiet"},
		"an image that cannot be built":    {place: aws, fails: "docker build"},
		"a program that cannot be built":   {place: local, fails: "go build"},
		"an image that cannot be pushed":   {place: aws, fails: "docker push"},
		"a registry that lets nobody in":   {place: aws, fails: "docker login"},
		"a release that is not made known": {place: aws, fails: "pilotage publish", want: all},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := followed(t, test.place, test.fails)
			if (err != nil) != (test.fails != "") {
				t.Errorf("got error %v, where %q fails", err, test.fails)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("it is published with %v, want %v", got, test.want)
			}
		})
	}
	for name, environment := range configuration(t).Environments {
		for _, check := range environment.Evidence {
			if !slices.Contains(all, check) {
				t.Errorf("%s wants %s, for which no build vouches", name, check)
			}
		}
	}
}

// followed runs the buildspec's commands in a shell and returns the checks that pilotage publish was
// given, none where it was not called.
func followed(t *testing.T, place map[string]string, fails string) ([]string, error) {
	t.Helper()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	for _, tool := range []string{"aws", "docker", "go", "gofmt", "gosec", "npm", "pilotage"} {
		stub := "#!/bin/sh\ncall=\"" + tool + " $*\"\necho \"$call\" >> '" + calls + "'\ncase \"$call\" in\n\"$FAILS\"*) exit 1;;\n*inspect*) echo registry/pilotage@sha256:0;;\nesac\n"
		must(t, os.WriteFile(filepath.Join(dir, tool), []byte(stub), 0o700)) //nolint:gosec // it is run
	}
	// go test takes a result for that of today unless something that it has looked at itself has changed.
	scripts, err := filepath.Glob("../ci/*.sh")
	must(t, err)
	for _, script := range scripts {
		_, err := os.ReadFile(script)
		must(t, err)
	}
	var spec buildspec
	strictly(t, "../buildspec.yml", &spec)
	var m manifest
	strictly(t, "1.1.0/release.yaml", &m)
	environment := map[string]string{"RELEASE_COMMIT": m.Commit, "PILOTAGE": "pilotage", "FAILS": fails, "TMPDIR": dir, "PATH": dir + ":" + os.Getenv("PATH")}
	if fails == "" {
		environment["FAILS"] = "nothing"
	}
	maps.Copy(environment, spec.Env.Variables)
	maps.Copy(environment, place)
	var script []string
	for _, phase := range []string{"install", "pre_build", "build"} {
		script = append(script, spec.Phases[phase].Commands...)
	}
	cmd := exec.Command("bash", "-ec", strings.Join(script, "\n"))
	cmd.Dir = filepath.Join("..", "..", "..")
	for name, value := range environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	output, err := cmd.CombinedOutput()
	t.Logf("%s", output)
	return vouched(t, calls), err
}

// vouched are the checks in the call of pilotage publish, in order.
func vouched(t *testing.T, calls string) []string {
	t.Helper()
	text, err := os.ReadFile(calls)
	must(t, err)
	var found []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		for i, word := range words {
			if words[0] == "pilotage" && word == "--passed" {
				found = append(found, words[i+1])
			}
		}
	}
	slices.Sort(found)
	return found
}
