package differential

import (
	"encoding/json"
	"strings"
)

// Deviation is one way in which the emulation is known not to be AWS.
type Deviation struct {
	// Reason says what it does, what AWS does, and how that is known.
	Reason string
	// Gives is what the emulation gives in place of a difference's local side. It explains the
	// difference when that is the emulated side exactly.
	Gives func(Difference) string
}

// Explain is the reason of a known deviation that explains the difference.
func Explain(d Difference) (reason string, known bool) {
	for _, deviation := range Deviations() {
		if deviation.Gives(d) == d.Emulated {
			return deviation.Reason, true
		}
	}
	return "", false
}

// aborted is the status of an execution that was stopped.
const aborted = "ABORTED"

// Deviations are those that are known.
func Deviations() []Deviation {
	return []Deviation{
		{"moto drops StopExecution's error and cause (its handler passes only the ARN); AWS returns them from DescribeExecution", stopWithoutCause},
		{"moto lets the task of a stopped execution end and records TaskSucceeded; AWS ends the state at once, and its history has TaskStateAborted for that", stopAfterTask},
		{"moto does not wake a task that waits for its token when the execution is stopped: it waits until its time is over and ends as failed; AWS ends it at once as aborted", stopUnheard},
		{"moto describes an execution that was waited for without InputDetails, and one that failed with its Input as JSON; ours goes by what DescribeExecution answers on AWS, where InputDetails is always there and Input is a text. The definitions read neither", undetailed},
		{"moto calls the error of a function that died without an error type \"Exception\", with the bare payload as its cause; AWS calls it Lambda.Unknown and explains", namelessDeath},
	}
}

func stopWithoutCause(d Difference) string {
	if d.Status == aborted && (d.What == "cause" || d.What == "error") {
		return ""
	}
	return d.Local
}

func stopAfterTask(d Difference) string {
	before, stopped := strings.CutSuffix(d.Local, "TaskStateAborted ExecutionAborted")
	if d.What == "events" && stopped {
		return before + "TaskSucceeded ExecutionAborted"
	}
	return d.Local
}

func stopUnheard(d Difference) string {
	before, waiting := strings.CutSuffix(d.Local, "TaskSubmitted TaskStateAborted ExecutionAborted")
	switch {
	case d.Status != aborted:
	case d.What == "status":
		return "FAILED"
	case d.What == "error":
		return "States.Timeout"
	case strings.HasPrefix(d.What, "task ") && d.Local == "none":
		return "TaskTimedOut lambda:invoke.waitForTaskToken States.Timeout "
	case d.What == "events" && waiting:
		return before + "TaskSubmitted TaskTimedOut ExecutionFailed"
	}
	return d.Local
}

func namelessDeath(d Difference) string {
	return strings.NewReplacer(
		"The cause could not be determined because Lambda did not return an error type. Returned payload: ", "",
		`"error": "Lambda.Unknown"`, `"error": "Exception"`,
		"TaskFailed lambda:invoke Lambda.Unknown", "TaskFailed lambda:invoke Exception",
		"TaskFailed lambda:invoke.waitForTaskToken Lambda.Unknown", "TaskFailed lambda:invoke.waitForTaskToken Exception",
	).Replace(d.Local)
}

func undetailed(d Difference) string {
	if !strings.HasPrefix(d.What, "task ") {
		return d.Local
	}
	return described(d.Local)
}

// described is the end of a task in moto's words, when it is that of an execution.
func described(task string) string {
	head, text, found := strings.Cut(task, "{")
	if !found || !strings.Contains(head, " "+statesResource+":") {
		return task
	}
	var execution map[string]any
	if json.Unmarshal([]byte("{"+text), &execution) != nil {
		return task
	}
	delete(execution, "InputDetails")
	if input, ok := execution["Input"].(string); ok {
		var value any
		if json.Unmarshal([]byte(input), &value) != nil {
			return task
		}
		execution["Input"] = newNormaliser().value("", value)
	}
	return head + indented(execution)
}
