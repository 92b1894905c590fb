// Package fault holds the classes of error that a deployment can meet. A class is given
// once, where the cause is known, and decides what the state machine does next; its name is
// what Retry and Catch fields match.
package fault

import (
	"errors"
	"fmt"
)

// Class is a kind of error with a name that a state machine can match. Its value is the
// errorType that a Lambda function reports.
type Class string

// The classes. docs/architecture.md has the table of what each leads to.
const (
	// Invalid: the request or configuration is wrong; the same input will be wrong again.
	Invalid Class = "Pilotage.Invalid"
	// Denied: the caller may not do this, or the environment is frozen or held.
	Denied Class = "Pilotage.Denied"
	// Rejected: a person, or a gate, said no.
	Rejected Class = "Pilotage.Rejected"
	// Expired: too few decided in time.
	Expired Class = "Pilotage.Expired"
	// Locked: another deployment holds the lock and the queue policy does not wait for it.
	Locked Class = "Pilotage.Locked"
	// Transient: a call failed in a way that may pass; the state is retried with backoff.
	Transient Class = "Pilotage.Transient"
	// Unhealthy: the release does not start, does not get ready or fails its smoke tests.
	Unhealthy Class = "Pilotage.Unhealthy"
	// Regressed: the analysis found the candidate worse than the active release.
	Regressed Class = "Pilotage.Regressed"
	// Halted: a person asked the deployment to stop at a safe point, or somebody else changed the
	// weights.
	Halted Class = "Pilotage.Halted"
	// DeadlineExceeded: the time that the plan allows for the active part is over.
	DeadlineExceeded Class = "Pilotage.DeadlineExceeded"
	// MigrationIncomplete: a migration failed part way; what was applied is in the message.
	MigrationIncomplete Class = "Pilotage.MigrationIncomplete"
	// LeaseLost: another execution owns the lock now; nothing more may be changed.
	LeaseLost Class = "Pilotage.LeaseLost"
	// Internal: everything that has no class of its own, a defect included.
	Internal Class = "Pilotage.Internal"
)

// Classes lists every class, in the order of the table in docs/architecture.md.
func Classes() []Class {
	return []Class{
		Invalid, Denied, Rejected, Expired, Locked, Transient, Unhealthy, Regressed,
		Halted, DeadlineExceeded, MigrationIncomplete, LeaseLost, Internal,
	}
}

// Error is an error with a class. It wraps its cause, so errors.Is and errors.As see through it.
type Error struct {
	Class Class
	Err   error
}

// Error is the cause's text; the class travels beside it, not inside it.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a class from a format, as fmt.Errorf does, %w included.
func New(class Class, format string, args ...any) error {
	return &Error{Class: class, Err: fmt.Errorf(format, args...)}
}

// Of is the class of err: that of the outermost *Error in its chain, Internal when there is
// none. It must not be called with nil.
func Of(err error) Class {
	var classified *Error
	if errors.As(err, &classified) {
		return classified.Class
	}
	return Internal
}

// Is reports whether err has the class.
func Is(err error, class Class) bool { return err != nil && Of(err) == class }
