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
	// Child says that another execution started it.
	Child  bool
	Status string
	Input  json.RawMessage
	// Output is nil unless Status is SUCCEEDED.
	Output       json.RawMessage
	Error, Cause string
	// Path is the states entered, and Events the types of the history.
	Path, Events []string
	// Calls are the invocations of functions, in the order of their beginning.
	Calls []Call
}

// maxStates bounds what is replayed. Only the watchdog's wait for the lease of a dead holder is
// longer: half an hour of asking for the lock.
const maxStates = 200

// Short is the trace without the executions that are too long to replay.
func (t Trace) Short() Trace {
	return slices.DeleteFunc(slices.Clone(t), func(e Execution) bool { return len(e.Path) > maxStates })
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
