package deploy

import "time"

// Kind is what a request asks for.
type Kind string

// The kinds of request.
const (
	KindDeploy   Kind = "deploy"
	KindRollback Kind = "rollback"
)

// Request is what starts an execution: somebody wants a release somewhere, or wants to go
// back. It is decoded strictly by Validate; unknown fields are refused.
type Request struct {
	SchemaVersion int   `json:"schemaVersion"`
	Kind          Kind  `json:"kind"`
	Scope         Scope `json:"scope"`
	// Release is the release wanted: a digest, a commit or a version. Empty for a rollback. A
	// promotion may leave it out, for it follows from Promotes; where it is given it must be the same.
	Release string `json:"release,omitempty"`
	// Promotes is the id of the verified deployment whose release is promoted.
	Promotes string `json:"promotes,omitempty"`
	// RequestedBy is a mail address, or the name of a system such as "github".
	RequestedBy string `json:"requestedBy"`
	// Reason is why, in words or as a ticket: 1 to 500 characters.
	Reason      string    `json:"reason"`
	RequestedAt time.Time `json:"requestedAt"`
	Source      Source    `json:"source"`
	// Force asks to go past freezes, ordinary holds, missing evidence and the age of what is
	// promoted. It counts only where the command's entry point has let it through.
	Force bool `json:"force,omitempty"`
	// Rollback is set when Kind is KindRollback.
	Rollback RollbackRequest `json:"rollback,omitzero"`
}

// The kinds of Source.
const (
	FromGitHub       = "github"
	FromCodePipeline = "codepipeline"
	FromSchedule     = "schedule"
	FromCLI          = "cli"
	FromConsole      = "console"
	FromPilotage     = "pilotage"
)

// GoesBackByItself reports whether it is the rollback that a failed or stopped deployment leads to: of
// mode automatic, from pilotage itself. What a person sends under that mode is refused.
func (r Request) GoesBackByItself() bool {
	return r.Kind == KindRollback && r.Rollback.Mode == Automatic && r.Source.Kind == FromPilotage
}

// Automatic reports whether nobody asked for it at that moment: a push, a pipeline or a schedule.
func (s Source) Automatic() bool {
	return s.Kind == FromGitHub || s.Kind == FromCodePipeline || s.Kind == FromSchedule
}

// Source is where a request came from.
type Source struct {
	// Kind is one of the constants.
	Kind       string `json:"kind"`
	Repository string `json:"repository,omitempty"`
	Ref        string `json:"ref,omitempty"`
	Commit     string `json:"commit,omitempty"`
	// Pipeline and Execution are those of CodePipeline.
	Pipeline  string `json:"pipeline,omitempty"`
	Execution string `json:"execution,omitempty"`
	// Job is the id of the action of CodePipeline that waits for the outcome; empty when none does.
	Job string `json:"job,omitempty"`
	// Key identifies the event for deduplication.
	Key string `json:"key,omitempty"`
}

// Mode is how careful a rollback is.
type Mode string

// The modes of rollback.
const (
	// Automatic is what a failed deployment starts by itself.
	Automatic Mode = "automatic"
	// Standard is a person's, with full checks and bakes.
	Standard Mode = "standard"
	// Emergency is a person's, with only what must be checked and no bakes.
	Emergency Mode = "emergency"
)

// RollbackRequest is the part of a Request that only a rollback has.
type RollbackRequest struct {
	Mode Mode `json:"mode"`
	// Deployment is the id of the deployment to undo; empty means the newest one.
	Deployment string `json:"deployment,omitempty"`
	// Schema overrides what the environment says: "keep", "down" or "restore".
	Schema string `json:"schema,omitempty"`
	// Cause is the error that started an automatic rollback.
	Cause StageError `json:"cause,omitzero"`
	// Attempt counts the watchdog's rollbacks of one deployment, from 0.
	Attempt int `json:"attempt,omitempty"`
}

// StageError is what a Catch keeps of a failure.
type StageError struct {
	// Stage is the name of the state that failed.
	Stage string `json:"stage,omitempty"`
	// Error is the class, for example "Pilotage.Regressed".
	Error string `json:"error,omitempty"`
	// Cause is the text, on AWS a JSON object with errorMessage.
	Cause string `json:"cause,omitempty"`
}
