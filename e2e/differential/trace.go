package differential

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/local/asl"
)

// Trace is what one interpreter did with a plan: its executions, in the order of their start.
type Trace []Execution

// Execution is one execution that has ended.
type Execution struct {
	Key
	// Parent is the execution that started this one; the zero Key for none.
	Parent Key
	Status string
	Input  json.RawMessage
	// Output is nil unless Status is SUCCEEDED.
	Output       json.RawMessage
	Error, Cause string
	// Path is the states entered, and Events the types of the history.
	Path, Events []string
	// Tasks are how tasks ended: the failures of all, and the results of executions that were
	// waited for.
	Tasks []TaskEnd
	// Calls are the invocations of functions, in the order of their beginning.
	Calls []Call
}

// trees are the executions that no other one started, each with all that it led to.
func (t Trace) trees() []Trace {
	var trees []Trace
	root := map[Key]int{}
	for _, execution := range t {
		i, ok := root[execution.Parent]
		if !ok {
			i = len(trees)
			trees = append(trees, nil)
		}
		root[execution.Key] = i
		trees[i] = append(trees[i], execution)
	}
	return trees
}

// size is how many states were entered.
func (t Trace) size() int {
	count := 0
	for _, execution := range t {
		count += len(execution.Path)
	}
	return count
}

// enters reports whether an execution came to a state.
func (t Trace) enters(at Spot) bool {
	return slices.ContainsFunc(t, func(e Execution) bool { return e.enters(at) })
}

func (e Execution) enters(at Spot) bool {
	return e.Machine == at.Machine && slices.Contains(e.Path, at.State)
}

// since is how many states it takes to replay what comes to a state, and what follows it; 0 when
// nothing comes there.
func (t Trace) since(at Spot) int {
	trees := t.trees()
	for i, tree := range trees {
		if tree.enters(at) {
			return slices.Concat(trees[i:]...).size()
		}
	}
	return 0
}

// Key identifies an execution in both interpreters.
type Key struct{ Machine, Name string }

// String is "machine:name", the end of an execution's ARN.
func (k Key) String() string { return k.Machine + ":" + k.Name }

// keyOf is the key in an execution's ARN.
func keyOf(arn string) Key {
	parts := strings.Split(arn, ":")
	if len(parts) < 2 {
		return Key{Name: arn}
	}
	return Key{Machine: parts[len(parts)-2], Name: parts[len(parts)-1]}
}

// TaskEnd is the end of a task as the history tells it.
type TaskEnd struct {
	// Type is that of the event, and Resource as in states:startExecution.sync:2.
	Type, Resource string
	// Error is empty for a success; Text is its output, or the failure's cause.
	Error, Text string
}

// states is the resource type of executions that are started.
const statesResource = "states"

// Call is one invocation of a function.
type Call struct {
	// Function is the function's name, and Stage the state that called it.
	Function, Stage string
	Payload         json.RawMessage
	// Reply is how it was answered.
	Reply Reply
	// Decision is what was sent to the call's task token; nil is nothing.
	Decision *Decision
}

// Reply is a function's answer, its failure, or its silence.
type Reply struct {
	Answer  json.RawMessage
	Failure *asl.Failure
	// Dead says that the function died without an error type, Silent that it never answered.
	Dead, Silent bool
}

// Decision is an answer to a task token.
type Decision struct {
	// Output is nil for a failure.
	Output       json.RawMessage
	Error, Cause string
}

// origin is the part of a payload that says where it comes from.
type origin struct{ Stage, Execution, TaskToken string }

func originOf(payload json.RawMessage) origin {
	var from origin
	_ = json.Unmarshal(payload, &from) // what is no document comes from nowhere
	return from
}
