package architecture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pilotage/pilotage/"

// arrow is a dependency that must never exist. It is looked for in what a package imports and in
// what that imports in turn, unless of says otherwise.
type arrow struct {
	name string
	from func(from string) bool
	to   func(from, to string) bool
	of   func(listed) []string
}

// Paths below are those inside the module; packages of others have their full import path.
func arrows() []arrow {
	return []arrow{
		{name: "the domain knows nothing but the standard library", from: is("shared/deploy"), to: func(_, to string) bool { return !standard(to) }},
		{name: "a stage knows no adapter", from: stage, to: below("shared/aws")},
		{name: "a stage does not call AWS itself", from: stage, to: sdk},
		{name: "a stage knows no other stage", from: stage, to: func(from, to string) bool { return stage(to) && to != from }},
		{name: "the table of handlers knows no adapter: the local engine has it too", from: is("functions"), to: below("shared/aws")},
		{name: "one adapter knows no other", from: adapter, to: func(from, to string) bool { return adapter(to) && to != from }},
		{name: "only adapters call AWS, and the bootstrap that makes them", from: func(from string) bool { return own(from) && !under("shared/aws", "functions/bootstrap", "e2e")(from) }, to: sdk, of: imports},
		{name: "a Lambda carries no CDK", from: is("functions/bootstrap"), to: cdk},
		{name: "a Lambda carries nothing local", from: under("functions"), to: below("local")},
		{name: "the infrastructure knows no stage", from: under("infra"), to: func(_, to string) bool { return to == "functions" || stage(to) }},
		{name: "the definitions know no handler", from: is("statemachine"), to: below("functions")},
		{name: "the definitions know nothing local", from: is("statemachine"), to: below("local")},
		{name: "what is shared knows none of its users", from: under("shared"), to: below("functions", "local", "cmd", "infra", "statemachine", "examples")},
		{name: "only the CLI and the local cloud know the local cloud", from: func(from string) bool {
			return own(from) && !under("local", "cmd", "e2e")(from)
		}, to: below("local")},
		{name: "nothing knows the CLI", from: func(from string) bool { return own(from) && !under("cmd")(from) }, to: below("cmd")},
		{name: "nothing but the infrastructure knows CDK", from: func(from string) bool { return own(from) && !under("infra")(from) }, to: cdk},
		{name: "an example knows nothing of pilotage", from: under("examples"), to: below("functions", "shared", "statemachine", "infra", "local", "cmd")},
	}
}

func is(name string) func(string) bool { return func(from string) bool { return from == name } }

// under reports packages in one of the folders, those that are the folder included.
func under(folders ...string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(folders, func(f string) bool { return name == f || strings.HasPrefix(name, f+"/") })
	}
}

func below(folders ...string) func(from, to string) bool {
	return func(_, to string) bool { return under(folders...)(to) }
}

// stage reports packages of one stage or entry point. The bootstrap is the binary that holds all.
func stage(name string) bool {
	return path.Dir(name) == "functions" && name != "functions/bootstrap"
}

// adapter reports packages that implement ports over one service of AWS. What they share is beside
// them: how errors are classified, what an environment's resources are called, a session.
func adapter(name string) bool {
	return strings.HasPrefix(name, "shared/aws/") && !under("shared/aws/awserr", "shared/aws/awstest", "shared/aws/place", "shared/aws/session")(name)
}

func sdk(_, to string) bool { return strings.HasPrefix(to, "github.com/aws/aws-sdk-go-v2") }
func cdk(_, to string) bool {
	return strings.HasPrefix(to, "github.com/aws/aws-cdk-go") || strings.HasPrefix(to, "github.com/aws/constructs-go") ||
		strings.HasPrefix(to, "github.com/aws/jsii-runtime-go")
}

// own reports packages of this module, by their path in it. This one is left out: nobody imports
// it, and the standard library has folders of the same name.
func own(name string) bool {
	return under("cmd", "examples", "functions", "infra", "local", "shared", "statemachine", "tests")(name)
}

func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !own(name) && !strings.Contains(first, ".")
}

// listed is what go list tells of a package: what it imports itself, and all that it holds.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func imports(p listed) []string    { return p.Imports }
func everything(p listed) []string { return p.Deps }

// violations are the forbidden arrows that exist.
func violations(packages []listed) []string {
	var found []string
	for _, p := range packages {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, a := range arrows() {
			if !a.from(from) {
				continue
			}
			of := a.of
			if of == nil {
				of = everything
			}
			for _, dependency := range of(p) {
				if to := strings.TrimPrefix(dependency, module); a.to(from, to) {
					found = append(found, fmt.Sprintf("%s: %s → %s", a.name, from, to))
				}
			}
		}
	}
	return found
}

func TestNoForbiddenArrowExists(t *testing.T) {
	for _, violation := range violations(list(t)) {
		t.Error(violation)
	}
}

// TestEachArrowIsSeen shows each rule a dependency that it forbids, and one that it does not.
func TestEachArrowIsSeen(t *testing.T) {
	const s3 = "github.com/aws/aws-sdk-go-v2/service/s3"
	tests := map[string]struct{ from, to, allowed string }{
		"the domain knows nothing but the standard library":                   {"shared/deploy", "shared/fault", "crypto/sha256"},
		"a stage knows no adapter":                                            {"functions/shift", "shared/aws/elb", "shared/traffic"},
		"a stage does not call AWS itself":                                    {"functions/shift", s3, "net/http"},
		"a stage knows no other stage":                                        {"functions/decide", "functions/approve", "functions/decide"},
		"the table of handlers knows no adapter: the local engine has it too": {"functions", "shared/aws/elb", "functions/shift"},
		"one adapter knows no other":                                          {"shared/aws/elb", "shared/aws/ecs", s3},
		"only adapters call AWS, and the bootstrap that makes them":           {"shared/ledger", s3, "shared/deploy"},
		"a Lambda carries no CDK":                                             {"functions/bootstrap", "github.com/aws/jsii-runtime-go", "shared/aws/elb"},
		"a Lambda carries nothing local":                                      {"functions/bootstrap", "local/router", "functions"},
		"the infrastructure knows no stage":                                   {"infra", "functions/shift", "statemachine"},
		"the definitions know no handler":                                     {"statemachine", "functions", "shared/deploy"},
		"the definitions know nothing local":                                  {"statemachine", "local/asl", "github.com/recolabs/gnata"},
		"what is shared knows none of its users":                              {"shared/notify", "statemachine", "shared/fault"},
		"only the CLI and the local cloud know the local cloud":               {"infra", "local/world", "statemachine"},
		"nothing knows the CLI":                                               {"local/world", "cmd/pilotage", "local/router"},
		"nothing but the infrastructure knows CDK":                            {"cmd/pilotage", "github.com/aws/aws-cdk-go/awscdk/v2", "local/world"},
		"an example knows nothing of pilotage":                                {"examples/runningapp/app", "shared/fault", "net/http"},
	}
	for _, a := range arrows() {
		test, ok := tests[a.name]
		if !ok {
			t.Errorf("no test shows the arrow %q", a.name)
			continue
		}
		if got := violations([]listed{single(test.from, test.to)}); !slices.Contains(got, fmt.Sprintf("%s: %s → %s", a.name, test.from, test.to)) {
			t.Errorf("%s: %s → %s was let through", a.name, test.from, test.to)
		}
		if got := violations([]listed{single(test.from, test.allowed)}); len(got) > 0 {
			t.Errorf("%s → %s was refused: %q", test.from, test.allowed, got)
		}
	}
}

func single(from, to string) listed {
	if own(to) {
		to = module + to
	}
	return listed{ImportPath: module + from, Imports: []string{to}, Deps: []string{to}}
}

// list asks go list for the packages of the module, tests left out: what they import is theirs.
func list(t *testing.T) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("decode what go list said: %v", err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages; the test does not look where the code is", len(packages))
	}
	return packages
}
