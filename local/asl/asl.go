// Package asl runs state machines written in the Amazon States Language on one machine: a small
// interpreter, and around it the part of the Step Functions service that pilotage uses
// (executions, their history, task tokens, status changes).
//
// It speaks JSONata only and refuses, at Parse, every field, resource and query language that it
// does not know: a definition that runs here means the same on AWS. All waiting goes through the
// engine's Clock, so that a test decides how long an hour takes.
//
// Sources: the States Language specification (states-language.net), the Step Functions developer
// guide (chapters on JSONata, variables, error handling and quotas), and recorded histories for
// the names and the order of events.
package asl

import (
	"errors"
	"fmt"
	"time"
)

// maxDefinitionBytes is the service's quota for a definition: 1 MB.
const maxDefinitionBytes = 1 << 20

// Machine is a definition that passed every check, its expressions compiled. It is immutable and
// may be shared by engines and goroutines.
type Machine struct {
	root    scope
	timeout time.Duration // of the whole execution; zero: none
}

// Parse reads a definition, substitutions already made. What it cannot run it refuses: the error
// joins one *Refusal for each fault found, in the order of the definition. Pure, so repeating it
// is safe.
func Parse(definition []byte) (*Machine, error) {
	if len(definition) > maxDefinitionBytes {
		return nil, fmt.Errorf("parse state machine: %d bytes are more than the %d allowed",
			len(definition), maxDefinitionBytes)
	}
	root, err := decode(definition)
	if err != nil {
		return nil, fmt.Errorf("parse state machine: %w", err)
	}
	p := &parser{names: map[string]bool{}}
	m := p.machine(root)
	if len(p.refusals) > 0 {
		return nil, fmt.Errorf("parse state machine: %w", errors.Join(p.refusals...))
	}
	return m, nil
}

// Refusal is one reason why Parse did not take a definition.
type Refusal struct {
	// Path leads to the offending field, as in States.Shift.Retry[0].Foo; "" is the top.
	Path string
	// Reason says what is wrong with it.
	Reason string
}

// Error is "path: reason".
func (r *Refusal) Error() string {
	if r.Path == "" {
		return r.Reason
	}
	return r.Path + ": " + r.Reason
}
