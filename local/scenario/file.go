// Package scenario runs demonstrations: a file says what the world looks like, what happens and
// what is expected; the runner makes that world, with real processes, a real database and real
// traffic, lets it happen through the shipped state machines, and compares.
//
// docs/scenarios.md describes the format for users.
package scenario

import (
	"fmt"
	"path/filepath"
	"slices"
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
	// Unpublished are releases that nobody has published when the scenario begins, and Build how
	// they are built by the buildspec that the settings name.
	Unpublished []string `json:"unpublished"`
	Build       Build    `json:"build"`
	// Before is done, and must succeed, before users come.
	Before  []Action `json:"before"`
	Traffic Traffic  `json:"traffic"`
	// When is what happens; Then follows, each part once its state is reached.
	When    Action    `json:"when"`
	Then    []Later   `json:"then"`
	Approve []Approve `json:"approve"`
	Expect  Expect    `json:"expect"`

	// path is where the file lies.
	path string
}

// Build is the project that builds commits.
type Build struct {
	// Variables are those of the project, stronger than the buildspec's.
	Variables map[string]string `json:"variables"`
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
	// Schedule is a time at which an environment is deployed to by itself.
	Schedule *Schedule `json:"schedule"`
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

// Schedule is a time that has come.
type Schedule struct {
	Environment string `json:"environment"`
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
	// By is the approver whose mail is opened.
	By string `json:"by"`
	// Decision is "approve", "reject" or "delay"; a reason goes with the latter two.
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	// Via is "code", by the page and the code from the mail, or "identity", by command with the
	// approver's access key; empty for "code".
	Via string `json:"via"`
}

// Expect is what must be seen.
type Expect struct {
	Outcome string `json:"outcome"`
	// Error is the class of the failure; empty does not look.
	Error string `json:"error"`
	// Environment is whose world is compared; empty means that of the traffic.
	Environment string `json:"environment"`
	// Release is the version that must be live at the end; empty does not look.
	Release string `json:"release"`
	// Schema is the version of the schema at the end; absent does not look.
	Schema *int64 `json:"schema"`
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

// beside is a path of the file, which is relative to the file's own folder.
func (f File) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(f.path), name)
}

// environments are those that are built, in order of the alphabet.
func (f File) environments() []string {
	names := make([]string, 0, len(f.Start))
	for name := range f.Start {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// actions are all that the file has, with their places in it.
func (f File) actions() []placed {
	var all []placed
	for i, action := range f.Before {
		all = append(all, placed{fmt.Sprintf("before[%d]", i), action})
	}
	all = append(all, placed{"when", f.When})
	for i, later := range f.Then {
		all = append(all, placed{fmt.Sprintf("then[%d].do", i), later.Action})
	}
	return all
}

// placed is an action and where it stands.
type placed struct {
	place  string
	action Action
}

// versions are the releases that the scenario needs, each once, those that are unpublished included.
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
	for _, one := range f.actions() {
		if one.action.Push != nil {
			add(one.action.Push.Release)
		}
	}
	return versions
}
