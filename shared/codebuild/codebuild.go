// Package codebuild knows how CodeBuild describes a build to a state machine: the result of
// codebuild:startBuild.sync, or the cause of its failure. Names are those of the API's Build in
// PascalCase, as Step Functions writes them ("Manage AWS CodeBuild builds with Step Functions" in
// its developer guide).
package codebuild

import (
	"encoding/json"
	"strings"
)

// Build is a build as far as anybody here looks at it.
type Build struct {
	// ID is "PROJECT:UUID".
	ID  string `json:"Id,omitempty"`
	Arn string `json:"Arn,omitempty"`
	// Number counts the project's builds.
	Number      int64  `json:"BuildNumber,omitempty"`
	ProjectName string `json:"ProjectName,omitempty"`
	Initiator   string `json:"Initiator,omitempty"`
	// SourceVersion is what was asked for, ResolvedSourceVersion the commit that it is.
	SourceVersion         string `json:"SourceVersion,omitempty"`
	ResolvedSourceVersion string `json:"ResolvedSourceVersion,omitempty"`
	// Status is one of the constants, CurrentPhase the type of a phase.
	Status       string  `json:"BuildStatus,omitempty"`
	CurrentPhase string  `json:"CurrentPhase,omitempty"`
	Phases       []Phase `json:"Phases,omitempty"`
	Logs         Logs    `json:"Logs,omitzero"`
	Complete     bool    `json:"BuildComplete"`
	// StartTime and EndTime are milliseconds since 1970.
	StartTime int64 `json:"StartTime,omitempty"`
	EndTime   int64 `json:"EndTime,omitempty"`
	// TimeoutInMinutes bounds the build, 5 to 2160.
	TimeoutInMinutes int64 `json:"TimeoutInMinutes,omitempty"`
}

// Phase is one part of a build.
type Phase struct {
	// Type is SUBMITTED, INSTALL, BUILD and so on.
	Type string `json:"PhaseType,omitempty"`
	// Status is one of the constants; empty while the phase lasts.
	Status string `json:"PhaseStatus,omitempty"`
	// Contexts say why it failed.
	Contexts  []Context `json:"Contexts,omitempty"`
	Seconds   int64     `json:"DurationInSeconds,omitempty"`
	StartTime int64     `json:"StartTime,omitempty"`
	EndTime   int64     `json:"EndTime,omitempty"`
}

// Context is why a phase failed.
type Context struct {
	StatusCode string `json:"StatusCode,omitempty"`
	Message    string `json:"Message,omitempty"`
}

// Logs are where the build's output is.
type Logs struct {
	// DeepLink is where a person reads it.
	DeepLink   string `json:"DeepLink,omitempty"`
	GroupName  string `json:"GroupName,omitempty"`
	StreamName string `json:"StreamName,omitempty"`
}

// The statuses of builds and phases.
const (
	InProgress = "IN_PROGRESS"
	Succeeded  = "SUCCEEDED"
	Failed     = "FAILED"
	TimedOut   = "TIMED_OUT"
	Stopped    = "STOPPED"
	Fault      = "FAULT"
)

// TaskFailed is the error of a state whose build ended without success; its cause is the build.
const TaskFailed = "States.TaskFailed"

// Timeout is the error of a state that waited no longer.
const Timeout = "States.Timeout"

// Read reads a build out of a result or of a cause: as it is, or in an object under "Build". It
// reports false of what describes none.
func Read(text string) (Build, bool) {
	var found struct {
		Build
		Inside Build `json:"Build"`
	}
	if json.Unmarshal([]byte(text), &found) != nil {
		return Build{}, false
	}
	if found.Inside.ID != "" {
		return found.Inside, true
	}
	return found.Build, found.ID != ""
}

// maxCause is how much is told of a cause that describes no build.
const maxCause = 600

// Explain says in one sentence why a state that ran a build failed, from its error and the cause
// beside it: which build, in which phase, with which message, and where its log is.
func Explain(name, cause string) string {
	build, found := Read(cause)
	switch {
	case found:
		return build.Explain()
	case name == Timeout:
		return "the build took too long and was given up"
	case cause == "":
		return "the build could not be run: " + name
	}
	return "the build could not be run: " + name + ": " + cut(cause)
}

// Explain says in one sentence how the build ended, and where its log is.
func (b Build) Explain() string {
	var text strings.Builder
	text.WriteString("build " + b.ID + " ended as " + b.Status)
	if phase, failed := b.culprit(); failed {
		text.WriteString(" in phase " + phase.Type)
		for _, why := range phase.Contexts {
			text.WriteString(": " + cut(strings.TrimPrefix(why.StatusCode+": "+why.Message, ": ")))
		}
	}
	if b.Logs.DeepLink != "" {
		text.WriteString("; its log: " + b.Logs.DeepLink)
	}
	return text.String()
}

// culprit is the first phase that went wrong.
func (b Build) culprit() (Phase, bool) {
	for _, phase := range b.Phases {
		switch phase.Status {
		case Failed, TimedOut, Stopped, Fault:
			return phase, true
		}
	}
	return Phase{}, false
}

// cut keeps a message short enough for a mail, and on one line.
func cut(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxCause {
		return text
	}
	return strings.ToValidUTF8(text[:maxCause], "") + " [cut]"
}
