package asl

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Failure is an error of the state machine: what Retry and Catch match by name.
type Failure struct {
	// Name is the error, such as Pilotage.Transient or States.Timeout.
	Name string
	// Cause is free text; for a Lambda function the JSON object that LambdaFailure makes.
	Cause string

	heartbeat bool // States.Timeout because no heartbeat came: States.HeartbeatTimeout matches too
}

// Error is "name: cause".
func (f *Failure) Error() string {
	if f.Cause == "" {
		return f.Name
	}
	return f.Name + ": " + f.Cause
}

// LambdaFailure is the failure of a function that returned an error, as lambda:invoke reports
// it: the error type is the name, and the cause is {"errorMessage":…,"errorType":…}.
func LambdaFailure(errorType, errorMessage string) *Failure {
	cause, err := write(object(pair{"errorMessage", errorMessage}, pair{"errorType", errorType}))
	if err != nil {
		return &Failure{Name: errorType, Cause: errorMessage}
	}
	return &Failure{Name: errorType, Cause: cause.text}
}

// The errors of the service itself.
const (
	errorAll        = "States.ALL"
	errorTaskFailed = "States.TaskFailed"
	errorTimeout    = "States.Timeout"
	errorHeartbeat  = "States.HeartbeatTimeout"
	errorDataLimit  = "States.DataLimitExceeded"
	errorRuntime    = "States.Runtime"
	errorQuery      = "States.QueryEvaluationError"
	errorNoChoice   = "States.NoChoiceMatched"
	errorLambda     = "Lambda.Unknown"
	errorCodeBuild  = "CodeBuild.AWSCodeBuildException"
)

// reservedErrors are the names beginning with States. that the service documents.
func reservedErrors() []string {
	return []string{
		errorAll, errorTaskFailed, errorTimeout, errorHeartbeat, errorDataLimit, errorRuntime, errorQuery,
		errorNoChoice, "States.BranchFailed", "States.ExceedToleratedFailureThreshold",
		"States.IntrinsicFailure", "States.ItemReaderFailed", "States.ParameterPathFailure",
		"States.Permissions", "States.ResultPathMatchFailure", "States.ResultWriterFailed",
		"States.Http.Socket",
	}
}

// matches reports whether a rule with these ErrorEquals takes the failure. States.ALL takes
// neither States.DataLimitExceeded nor States.Runtime; the latter ends the execution even when
// it is named. States.TaskFailed takes what States.ALL takes, timeouts aside.
func (f *Failure) matches(names []string) bool {
	if f.Name == errorRuntime {
		return false
	}
	wildcard := f.Name != errorDataLimit
	return slices.ContainsFunc(names, func(name string) bool {
		switch name {
		case f.Name:
			return true
		case errorAll:
			return wildcard
		case errorTaskFailed:
			return wildcard && f.Name != errorTimeout
		case errorHeartbeat:
			return f.heartbeat
		}
		return false
	})
}

// output is what $states.errorOutput reads, and what a Catch without Output passes on.
func (f *Failure) output() any {
	return object(pair{"Error", f.Name}, pair{"Cause", f.Cause})
}

// errInterrupted says that the execution, or the branch, was ended from outside; no rule matches it.
const errInterrupted = Error("the execution was interrupted")

// lambdaFailure is the failure that an error of Engine.Invoke stands for.
func lambdaFailure(err error) *Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		return &Failure{Name: failure.Name, Cause: failure.Cause}
	}
	message, _ := json.Marshal(err.Error()) // a string always encodes
	return &Failure{Name: errorLambda, Cause: "The cause could not be determined because Lambda did not " +
		`return an error type. Returned payload: {"errorMessage":` + string(message) + "}"}
}

func tooLarge(what string) *Failure {
	return &Failure{Name: errorDataLimit, Cause: fmt.Sprintf(
		"The %s returned a result with a size exceeding the maximum number of bytes service limit.", what)}
}

// indexed is name[index], the way both paths and AWS write it.
func indexed(name string, index int) string { return fmt.Sprintf("%s[%d]", name, index) }

// arnPart is the resource name in an ARN of that kind, version and alias cut off; a plain name is
// its own.
func arnPart(name, kind string) string {
	if _, rest, ok := strings.Cut(name, ":"+kind+":"); ok {
		name = rest
	}
	name, _, _ = strings.Cut(name, ":")
	return name
}
