package statemachine

import (
	"slices"
	"strings"
)

// The names that the rules treat specially.
const (
	errorAll        = "States.ALL"
	errorTimeout    = "States.Timeout"
	errorHeartbeat  = "States.HeartbeatTimeout"
	errorTaskFailed = "States.TaskFailed"
	errorLeaseLost  = "Pilotage.LeaseLost"
	errorTransient  = "Pilotage.Transient"
	errorBuildLimit = "CodeBuild.AccountLimitExceededException"
)

// serviceErrors are the names, beside the project's own, that Retry and Catch may match.
//
// States.*: the table in "Handling errors in Step Functions workflows" of the developer guide
// (concepts-error-handling), States.Runtime left out because no Retry or Catch ever takes it,
// and so are those that only JSONPath, Parallel and Map raise. Lambda.*: "Handle Lambda service
// exceptions" (bp-lambda-serviceexception), and Sandbox.Timedout as recorded histories show it.
// CodeBuild.*: AccountLimitExceededException is the only error of StartBuild that may pass, and is
// in recorded executions under that name; the others are the integrations' common ones.
// StepFunctions.*: the guide's example for startExecution writes ExecutionLimitExceeded, while
// histories show the class names of the SDK, which end in Exception; both are possible.
func serviceErrors() []string {
	return []string{
		errorAll, errorTaskFailed, errorTimeout, errorHeartbeat, "States.Permissions",
		"States.DataLimitExceeded", "States.QueryEvaluationError",
		"Lambda.Unknown", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
		"Lambda.ClientExecutionTimeoutException", "Lambda.TooManyRequestsException", "Sandbox.Timedout",
		errorBuildLimit, "CodeBuild.AWSCodeBuildException", "CodeBuild.CodeBuildException", "CodeBuild.SdkClientException",
		"StepFunctions.ExecutionLimitExceeded", "StepFunctions.ExecutionLimitExceededException",
		"StepFunctions.ExecutionAlreadyExists", "StepFunctions.ExecutionAlreadyExistsException",
		"StepFunctions.AWSStepFunctionsException", "StepFunctions.SdkClientException",
	}
}

// lintErrors refuses names that no error has: a handler for them would never run.
func lintErrors(m machine, known Known) []Finding {
	var findings []Finding
	matched := slices.Concat(serviceErrors(), known.Classes)
	for _, s := range m.states {
		for _, h := range slices.Concat(s.retry, s.catch) {
			if len(h.errors) == 0 {
				findings = append(findings, h.at(RuleError, "ErrorEquals names no error"))
			}
			for _, name := range h.errors {
				if text, _ := name.value.(string); !slices.Contains(matched, text) {
					findings = append(findings, name.at(RuleError, "nothing fails with %q", name.value))
				}
			}
		}
		raised, ok := s.field("Error")
		if s.kind != kindFail {
			continue
		}
		if text, _ := raised.value.(string); !ok || !slices.Contains(known.Classes, text) {
			findings = append(findings, raised.at(RuleError, "the end's error %q is not one that anybody waits for", text))
		}
	}
	return findings
}

// lintOrder refuses handlers that cannot be reached, and retries of everything.
func lintOrder(m machine, _ Known) []Finding {
	var findings []Finding
	for _, s := range m.states {
		findings = append(findings, ordered(s.retry)...)
		findings = append(findings, ordered(s.catch)...)
		for _, h := range s.retry {
			for _, name := range h.errors {
				if name.value == errorAll || name.value == errorTaskFailed {
					findings = append(findings, name.at(RuleWildcard, "a Retry names what may pass; %v repeats what will not", name.value))
				}
			}
		}
	}
	return findings
}

func ordered(list []handler) []Finding {
	var findings []Finding
	var taken []any
	for _, h := range list {
		if h.names(errorAll) && (len(h.errors) > 1 || !h.last) {
			findings = append(findings, h.at(RuleOrder, "%s must stand alone and last", errorAll))
		}
		for _, name := range h.errors {
			text, _ := name.value.(string)
			broad := slices.Contains(taken, any(errorTaskFailed)) && !strings.HasPrefix(text, "States.")
			if slices.Contains(taken, name.value) || broad {
				findings = append(findings, name.at(RuleOrder, "%q is taken by an earlier entry", text))
			}
			taken = append(taken, name.value)
		}
	}
	return findings
}
