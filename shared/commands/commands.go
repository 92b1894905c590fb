// Package commands is what people ask of the pipeline by command: the words that travel between
// the command line and the function that takes them.
package commands

import (
	"strings"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Command is one thing that a person asks for. Who it is, AWS says and not the command.
type Command struct {
	// Verb is one of the constants below.
	Verb string `json:"verb"`
	// Service may be left out where the pipeline has one only. Environment is where it is asked for.
	Service     string `json:"service,omitempty"`
	Environment string `json:"environment,omitempty"`
	// Release is what to deploy: a digest, a commit or a version.
	Release string `json:"release,omitempty"`
	// Deployment is the one to promote, take back, decide on or show.
	Deployment string `json:"deployment,omitempty"`
	// Mode and Schema are a rollback's.
	Mode   deploy.Mode `json:"mode,omitempty"`
	Schema string      `json:"schema,omitempty"`
	Reason string      `json:"reason,omitempty"`
	// Force goes past freezes, ordinary holds, missing evidence and age, for those who may.
	Force bool `json:"force,omitempty"`
	// Plan is the digest of the plan that is decided on, as Show has it.
	Plan string `json:"plan,omitempty"`
	// Key identifies the command: sent again with the same key, it is the same command. 8 to 64
	// letters, digits and hyphens; of what starts something only.
	Key string `json:"key,omitempty"`
}

// The verbs.
const (
	Deploy   = "deploy"
	Promote  = "promote"
	Rollback = "rollback"
	Approve  = approval.Approve
	Reject   = approval.Reject
	Delay    = approval.PutOff
	Hold     = "hold"
	Lift     = "lift"
	Show     = "show"
)

// Verbs lists all of them.
func Verbs() []string {
	return []string{Deploy, Promote, Rollback, Approve, Reject, Delay, Hold, Lift, Show}
}

// AboutDeployment reports whether a command is about one deployment, and nowhere else.
func (c Command) AboutDeployment() bool {
	return c.Verb == Approve || c.Verb == Reject || c.Verb == Delay || c.Verb == Show
}

// Answer is what came of a command.
type Answer struct {
	// As is the mail address of who asked, as the pipeline knows them.
	As string `json:"as,omitempty"`
	// Deployment is what was started, or is shown; Repeated says that the same command had
	// started it before.
	Deployment string `json:"deployment,omitempty"`
	Repeated   bool   `json:"repeated,omitempty"`
	// Text says in words what was done.
	Text string `json:"text,omitempty"`
	// Entry is what the ledger knows of the deployment, Vote the question that is open on it.
	Entry *ledger.Deployment `json:"entry,omitempty"`
	Vote  *Vote              `json:"vote,omitempty"`
	// Class and Message are those of an error.
	Class   fault.Class `json:"class,omitempty"`
	Message string      `json:"message,omitempty"`
}

// Vote is what an approver has to know of a vote. The task token, the ids of ballots and the
// hashes of codes stay where they are.
type Vote struct {
	Plan    string `json:"plan"`
	Summary string `json:"summary"`
	Needed  string `json:"needed"`
	Until   string `json:"until"`
	// Open says that the person who asked may still decide.
	Open   bool           `json:"open"`
	Story  string         `json:"story,omitempty"`
	Voices []deploy.Voice `json:"voices,omitempty"`
}

// Err is the error of an answer, with its class; nil when there is none.
func (a Answer) Err() error {
	if a.Class == "" {
		return nil
	}
	return fault.New(a.Class, "%s", a.Message)
}

// Check says what is wrong with a command by itself, as fault.Invalid.
func (c Command) Check() error {
	needs := map[string][]string{
		Deploy: {"environment", "release", "reason", "key"}, Promote: {"environment", "deployment", "reason", "key"},
		Rollback: {"environment", "mode", "reason", "key"}, Approve: {"deployment", "plan"}, Reject: {"deployment", "plan", "reason"},
		Delay: {"deployment", "plan", "reason"}, Hold: {"environment", "reason"}, Lift: {"environment", "reason"}, Show: {"deployment"},
	}
	wanted, known := needs[c.Verb]
	if !known {
		return fault.New(fault.Invalid, "there is no command %q; there are %s", c.Verb, strings.Join(Verbs(), ", "))
	}
	given := map[string]string{
		"environment": c.Environment, "release": c.Release, "deployment": c.Deployment, "mode": string(c.Mode),
		"reason": strings.TrimSpace(c.Reason), "plan": c.Plan, "key": c.Key,
	}
	for _, name := range wanted {
		if given[name] == "" {
			return fault.New(fault.Invalid, "%s needs %s", c.Verb, name)
		}
	}
	if len([]rune(c.Reason)) > 500 {
		return fault.New(fault.Invalid, "the reason has %d characters; 500 are the most", len([]rune(c.Reason)))
	}
	return c.checkKey()
}

func (c Command) checkKey() error {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}
	if c.Key != "" && (len(c.Key) < 8 || len(c.Key) > 64 || strings.ContainsFunc(c.Key, other)) {
		return fault.New(fault.Invalid, "key %q is not 8 to 64 letters, digits and hyphens", c.Key)
	}
	return nil
}
