package differential

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// one is a trace of one execution with one call.
func one() Trace {
	return Trace{{
		Key: Key{"deploy", "p1"}, Status: "FAILED", Input: json.RawMessage(`{"a":1}`), Error: "Pilotage.Refused",
		Cause: `Plan: {"errorMessage":"no","errorType":"Pilotage.Invalid"}`, Path: []string{"Begin", "Plan"},
		Events: []string{"ExecutionStarted", "ExecutionFailed"},
		Calls: []Call{{
			Function: "Plan", Stage: "Plan",
			Payload: json.RawMessage(`{"id":"p1","execution":"arn:aws:states:local:000000000000:execution:deploy:p1","taskToken":"x","request":{"requestedAt":"2000-01-01T00:00:00.000Z"}}`),
		}},
	}}
}

func TestCompareFindsEachDifference(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Execution)
		want   []string
	}{
		"none":             {func(*Execution) {}, nil},
		"status":           {func(e *Execution) { e.Status = "SUCCEEDED" }, []string{"status"}},
		"input":            {func(e *Execution) { e.Input = json.RawMessage(`{"a":2}`) }, []string{"input"}},
		"output":           {func(e *Execution) { e.Output = json.RawMessage(`{}`) }, []string{"output"}},
		"error":            {func(e *Execution) { e.Error = "" }, []string{"error"}},
		"cause":            {func(e *Execution) { e.Cause += "." }, []string{"cause"}},
		"path":             {func(e *Execution) { e.Path = e.Path[:1] }, []string{"path"}},
		"events":           {func(e *Execution) { e.Events[1] = "ExecutionAborted" }, []string{"events"}},
		"how a task ended": {func(e *Execution) { e.Tasks = []TaskEnd{{"TaskFailed", "lambda:invoke", "Pilotage.Invalid", "no"}} }, []string{"task 1"}},
		"stage":            {func(e *Execution) { e.Calls[0].Stage = "Replan" }, []string{"call 1"}},
		"no call":          {func(e *Execution) { e.Calls = nil }, []string{"call 1"}},
		"one call more":    {func(e *Execution) { e.Calls = append(e.Calls, e.Calls[0]) }, []string{"call 2"}},
		"payload": {func(e *Execution) {
			e.Calls[0].Payload = json.RawMessage(strings.Replace(string(e.Calls[0].Payload), `"p1"`, `"p2"`, 1))
		}, []string{"call 1"}},
		"what each makes by itself": {func(e *Execution) {
			e.Calls[0].Payload = json.RawMessage(`{"request":{"requestedAt":"2030-01-02T15:04:05.678901+00:00"},"taskToken":"y","execution":"arn:aws:states:us-east-1:123456789012:execution:deploy:p1","id":"p1"}`)
			e.Cause = `Plan: {"errorType": "Pilotage.Invalid", "errorMessage": "no"}`
		}, nil},
		"a moment in a format of neither": {func(e *Execution) {
			e.Calls[0].Payload = json.RawMessage(strings.Replace(string(e.Calls[0].Payload), ".000Z", "Z", 1))
		}, []string{"call 1"}},
		"another execution": {func(e *Execution) { e.Name = "p2" }, []string{"start"}},
	} {
		t.Run(name, func(t *testing.T) {
			other := one()
			test.change(&other[0])
			var got []string
			for _, difference := range Compare(Plan{Name: name}, one(), other) {
				got = append(got, difference.What)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestDeviationsExplainExactly(t *testing.T) {
	const explained = "The cause could not be determined because Lambda did not return an error type. Returned payload: {}"
	for name, test := range map[string]struct {
		difference Difference
		want       bool
	}{
		"a stop without its cause":           {Difference{Status: "ABORTED", What: "cause", Local: "by hand"}, true},
		"a failure without its cause":        {Difference{Status: "FAILED", What: "cause", Local: "by hand"}, false},
		"a stop with another cause":          {Difference{Status: "ABORTED", What: "cause", Local: "by hand", Emulated: "x"}, false},
		"a task that ends after a stop":      {Difference{What: "events", Local: "TaskStarted TaskStateAborted ExecutionAborted", Emulated: "TaskStarted TaskSucceeded ExecutionAborted"}, true},
		"another end":                        {Difference{What: "events", Local: "TaskStarted TaskStateAborted ExecutionAborted", Emulated: "TaskStarted ExecutionAborted"}, false},
		"a wait that outlives its execution": {Difference{Status: "ABORTED", What: "events", Local: "TaskSubmitted TaskStateAborted ExecutionAborted", Emulated: "TaskSubmitted TaskTimedOut ExecutionFailed"}, true},
		"its status":                         {Difference{Status: "ABORTED", What: "status", Local: "ABORTED", Emulated: "FAILED"}, true},
		"its error":                          {Difference{Status: "ABORTED", What: "error", Emulated: "States.Timeout"}, true},
		"a stop that ends as a success":      {Difference{Status: "ABORTED", What: "status", Local: "ABORTED", Emulated: "SUCCEEDED"}, false},
		"a failure that ends otherwise":      {Difference{Status: "SUCCEEDED", What: "status", Local: "SUCCEEDED", Emulated: "FAILED"}, false},
		"a death":                            {Difference{What: "cause", Local: "Plan: " + explained, Emulated: "Plan: {}"}, true},
		"a death and something else":         {Difference{What: "cause", Local: "Plan: " + explained, Emulated: "Lock: {}"}, false},
		"an execution without its details": {Difference{
			What: "task 1", Local: "TaskFailed states:startExecution.sync:2 States.TaskFailed " + indented(map[string]any{"Input": `{"requestedAt":"2000-01-01T00:00:00.000Z"}`, "InputDetails": map[string]any{"Included": true}}),
			Emulated: "TaskFailed states:startExecution.sync:2 States.TaskFailed " + indented(map[string]any{"Input": map[string]any{"requestedAt": "(moment)"}}),
		}, true},
		"an execution with another error": {Difference{
			What: "task 1", Local: "TaskFailed states:startExecution.sync:2 States.TaskFailed " + indented(map[string]any{"Error": "A"}),
			Emulated: "TaskFailed states:startExecution.sync:2 States.TaskFailed " + indented(map[string]any{"Error": "B"}),
		}, false},
		"anything": {Difference{What: "path", Local: "Begin", Emulated: ""}, false},
	} {
		if _, got := Explain(test.difference); got != test.want {
			t.Errorf("%s: explained %v, want %v", name, got, test.want)
		}
	}
}
