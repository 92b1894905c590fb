// Package differential runs the shipped state machines through two interpreters of the States
// Language, ours and the one of an independent emulation of AWS, and compares what they did:
// status, output, error and cause, the states entered, the events of the history, and every
// payload that a function was given.
//
// Ours runs first, over a simulated world in virtual time, and every answer of a function is
// written down (Record). The emulation then runs the same inputs and is given the same answers
// (Replay), so that a difference is one of the interpreters and of nothing else. What is known
// to be the emulation's fault is in a table with its reason (Deviations); the rest is
// unexplained, and a failure.
package differential

import (
	"context"

	"github.com/pilotage/pilotage/local/sim"
)

// Plan is one story to run through both interpreters, mostly with a single fault in it.
type Plan struct {
	// ID names the plan's executions, and Name says what happens.
	ID, Name string
	// Options shape the simulated world; its machines are always those that are shipped.
	Options sim.Options
	// Empty leaves the world without an earlier release.
	Empty bool
	// Shows is what fails, and how: the same where an interpreter treats it alike; empty for a
	// story.
	Shows string
	// Faults are injected; each has to strike.
	Faults []sim.Fault
	// Hang is a state whose function never answers; nil is none.
	Hang *Spot
	// Deaths says how the death of a function is told.
	Deaths Deaths
	// Always says that the plan is about data, and not about the way through the states: no other
	// one stands for it.
	Always bool
	// Act starts executions, votes, and waits until all is over.
	Act func(ctx context.Context, s Stage) error
}

// Spot is a state of a machine.
type Spot struct{ Machine, State string }

// String is "deploy/Shift".
func (s Spot) String() string { return s.Machine + "/" + s.State }

// Deaths is what Lambda answers for a function that died.
type Deaths int

// The answers: an error of the type Lambda.Unknown, or one without any type.
const (
	Typed Deaths = iota
	Untyped
)
