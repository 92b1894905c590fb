// Package scenario runs demonstrations: a file says what the world looks like, what happens and
// what is expected; the runner makes that world, with real processes, a real database and real
// traffic, lets it happen through the shipped state machines, and compares.
//
// docs/scenarios.md describes the format for users.
package scenario

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// File is a scenario as it is written.
type File struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Settings is the service's pilotage.yaml, Releases the folder of its releases, both
	// relative to the scenario's own folder.
	Settings string `json:"settings"`
	Releases string `json:"releases"`
	// Start is the version that each environment serves at the beginning. Only the
	// environments named here are built.
	Start map[string]string `json:"start"`
	// Before is done, and must succeed, before users come.
	Before  []Action `json:"before"`
	Traffic Traffic  `json:"traffic"`
	// When is what happens; Then follows, each part once its state is reached.
	When    Action  `json:"when"`
	Then    []Later `json:"then"`
	Approve Approve `json:"approve"`
	Expect  Expect  `json:"expect"`

	// path is where the file lies, text what it says, for messages.
	path string
	text []byte
}

// Action is one thing that somebody does. Exactly one part is set.
type Action struct {
	// Push is a signed GitHub push of a release's commit.
	Push *Push `json:"push"`
	// Promote asks for the promotion of the newest verified deployment of the environment from
	// which this one promotes.
	Promote *Promote `json:"promote"`
	// Rollback is a person's request to go back.
	Rollback *Rollback `json:"rollback"`
	// Stop stops the running execution, as the button in the console does.
	Stop *Stop `json:"stop"`
}

// Push is a push to a branch.
type Push struct {
	Branch  string `json:"branch"`
	Release string `json:"release"`
	By      string `json:"by"`
}

// Promote asks for a promotion.
type Promote struct {
	Environment string `json:"environment"`
	By          string `json:"by"`
	Reason      string `json:"reason"`
}

// Rollback asks to go back.
type Rollback struct {
	Environment string `json:"environment"`
	// Mode is "standard" or "emergency".
	Mode   string `json:"mode"`
	By     string `json:"by"`
	Reason string `json:"reason"`
	// Schema is "keep", "down" or "restore"; empty leaves it to the environment.
	Schema string `json:"schema"`
}

// Stop stops an execution.
type Stop struct {
	// Machine is "deploy" or "rollback".
	Machine string `json:"machine"`
}

// Later is an action that waits for a state.
type Later struct {
	// After names a state, and Times how often it must have been entered; zero means once.
	After  string `json:"after"`
	Times  int    `json:"times"`
	Action Action `json:"do"`
}

// Traffic is what users do.
type Traffic struct {
	Environment   string    `json:"environment"`
	RatePerSecond float64   `json:"ratePerSecond"`
	Requests      []Request `json:"requests"`
}

// Request is one kind of request that users make.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   string `json:"body"`
	// Share is how often it is made, relative to the others, from 1.
	Share int `json:"share"`
}

// Approve says who decides and how.
type Approve struct {
	// By is the approver whose mail is opened; empty for nobody.
	By string `json:"by"`
	// Decision is "approve" or "reject"; a reason goes with a rejection.
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
}

// Expect is what must be seen.
type Expect struct {
	Outcome string `json:"outcome"`
	// Error is the class of the failure; empty does not look.
	Error string `json:"error"`
	// Environment is whose world is compared; empty means that of the traffic.
	Environment string `json:"environment"`
	Release     string `json:"release"`
	Schema      int64  `json:"schema"`
	// Hold is "set" or "none"; empty does not look.
	Hold string `json:"hold"`
	// States must be entered in this order, others in between.
	States []string `json:"states"`
	// Never lists states that must not be entered.
	Never    []string `json:"never"`
	Failed   Bound    `json:"failed"`
	Lost     Bound    `json:"lost"`
	Requests Bound    `json:"requests"`
	// SecondsToRestore runs from the first bad answer to 100 % back.
	SecondsToRestore Bound `json:"secondsToRestore"`
}

// Bound is a range that a number must lie in. An absent end is open.
type Bound struct {
	AtLeast *float64 `json:"atLeast"`
	AtMost  *float64 `json:"atMost"`
}

// Load reads a scenario and everything that it names, and starts nothing. The error names file
// and line and says what would be right.
func Load(path string) (File, config.File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, config.File{}, fmt.Errorf("read scenario: %w", err)
	}
	file := File{path: path, text: text}
	if err := yamlfile.Decode(path, text, &file); err != nil {
		return File{}, config.File{}, err
	}
	settings, err := config.Load(file.beside(file.Settings))
	if err != nil {
		return File{}, config.File{}, err
	}
	return file, settings, file.check(settings)
}

func (f File) beside(name string) string { return filepath.Join(filepath.Dir(f.path), name) }

// wrong is a problem at a place of the file.
func (f File) wrong(place, format string, args ...any) error {
	line, column := yamlfile.Locate(f.text, place)
	return fault.New(fault.Invalid, "%s:%d:%d: %s: %w", f.path, line, column, place, fmt.Errorf(format, args...))
}

func (f File) check(settings config.File) error {
	var problems []error
	if f.Name == "" || strings.ContainsAny(f.Name, "/ ") {
		problems = append(problems, f.wrong("name", "a scenario needs a name without spaces, got %q", f.Name))
	}
	if len(f.Start) == 0 {
		problems = append(problems, f.wrong("start", "name at least one environment and the version that it serves"))
	}
	for name, version := range f.Start {
		if _, err := settings.Environment(name); err != nil {
			problems = append(problems, f.wrong("start."+name, "%w", err))
		}
		problems = append(problems, f.known("start."+name, version))
	}
	problems = append(problems, f.checkActions()...)
	problems = append(problems, f.checkExpect()...)
	if t := f.Traffic; t.RatePerSecond > 0 || t.Environment != "" {
		if _, started := f.Start[t.Environment]; !started {
			problems = append(problems, f.wrong("traffic.environment", "%q is none of the environments that are started: %s", t.Environment, strings.Join(f.environments(), ", ")))
		}
		if t.RatePerSecond <= 0 || t.RatePerSecond > 2000 {
			problems = append(problems, f.wrong("traffic.ratePerSecond", "is %v; 1 to 2000 is possible", t.RatePerSecond))
		}
	}
	return errors.Join(problems...)
}

// known reports a version that the service has no release of.
func (f File) known(place, version string) error {
	catalog := releases.Catalog{Dir: f.beside(f.Releases)}
	versions, err := catalog.Versions()
	if err != nil {
		return f.wrong("releases", "%w", err)
	}
	if !slices.Contains(versions, version) {
		return f.wrong(place, "there is no release %q; there are %s", version, strings.Join(versions, ", "))
	}
	return nil
}

func (f File) environments() []string {
	names := make([]string, 0, len(f.Start))
	for name := range f.Start {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (f File) checkActions() []error {
	var problems []error
	for i, action := range f.Before {
		problems = append(problems, f.checkAction(fmt.Sprintf("before[%d]", i), action))
	}
	problems = append(problems, f.checkAction("when", f.When))
	for i, later := range f.Then {
		place := fmt.Sprintf("then[%d]", i)
		if later.After == "" {
			problems = append(problems, f.wrong(place+".after", "name the state after which it happens"))
		}
		problems = append(problems, f.checkAction(place+".do", later.Action))
	}
	return problems
}

func (f File) checkAction(place string, action Action) error {
	set := 0
	for _, there := range []bool{action.Push != nil, action.Promote != nil, action.Rollback != nil, action.Stop != nil} {
		if there {
			set++
		}
	}
	if set != 1 {
		return f.wrong(place, "has %d actions; one of push, promote, rollback and stop is wanted", set)
	}
	started := func(environment string) error {
		if _, ok := f.Start[environment]; !ok {
			return f.wrong(place, "environment %q is none of those that are started: %s", environment, strings.Join(f.environments(), ", "))
		}
		return nil
	}
	switch {
	case action.Push != nil:
		return f.known(place+".push.release", action.Push.Release)
	case action.Promote != nil:
		return started(action.Promote.Environment)
	case action.Rollback != nil:
		if mode := deploy.Mode(action.Rollback.Mode); mode != deploy.Standard && mode != deploy.Emergency {
			return f.wrong(place+".rollback.mode", "is %q; %q or %q is wanted", mode, deploy.Standard, deploy.Emergency)
		}
		return started(action.Rollback.Environment)
	}
	return nil
}

func (f File) checkExpect() []error {
	var problems []error
	outcomes := []string{string(deploy.Succeeded), string(deploy.Refused), string(deploy.RolledBack), string(deploy.FailedDirty)}
	if !slices.Contains(outcomes, f.Expect.Outcome) {
		problems = append(problems, f.wrong("expect.outcome", "is %q; %s is wanted", f.Expect.Outcome, strings.Join(outcomes, ", ")))
	}
	if f.Expect.Release != "" {
		problems = append(problems, f.known("expect.release", f.Expect.Release))
	}
	if f.Expect.Hold != "" && f.Expect.Hold != "set" && f.Expect.Hold != "none" {
		problems = append(problems, f.wrong("expect.hold", "is %q; \"set\" or \"none\" is wanted", f.Expect.Hold))
	}
	if d := f.Approve.Decision; f.Approve.By != "" && d != "approve" && d != "reject" {
		problems = append(problems, f.wrong("approve.decision", "is %q; \"approve\" or \"reject\" is wanted", d))
	}
	return problems
}

// versions are the releases that the scenario needs, each once.
func (f File) versions() []string {
	var versions []string
	add := func(version string) {
		if version != "" && !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
	}
	for _, name := range f.environments() {
		add(f.Start[name])
	}
	actions := append(slices.Clone(f.Before), f.When)
	for _, later := range f.Then {
		actions = append(actions, later.Action)
	}
	for _, action := range actions {
		if action.Push != nil {
			add(action.Push.Release)
		}
	}
	return versions
}
