// Package watchdog takes over where an execution ended without finishing: stopped in the
// console, timed out, or failed with its record still open. It starts the rollback machine, so
// that stopping a deployment anywhere is safe.
package watchdog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Starter starts executions.
type Starter interface {
	Start(ctx context.Context, machine, name string, input json.RawMessage) (execution string, err error)
}

// Ledger finds deployments and remembers attempts.
type Ledger interface {
	Locate(ctx context.Context, id string) (ledger.Deployment, error)
	Once(ctx context.Context, kind, key, value string) (ledger.Mark, error)
	Amend(ctx context.Context, scope deploy.Scope, id string, change func(*ledger.Deployment)) error
	ReleaseExecution(ctx context.Context, scope deploy.Scope, execution string) error
	Dequeue(ctx context.Context, scope deploy.Scope, deployment string) (ledger.Place, error)
}

// Desk withdraws votes.
type Desk interface {
	Withdraw(ctx context.Context, deployment, kept, reason string) error
}

// Escalation calls for people when a rollback is stopped again and again.
type Escalation interface {
	Page(ctx context.Context, doc deploy.Document) (paged []string, err error)
}

// Change is the detail of a "Step Functions Execution Status Change" event.
type Change struct {
	ExecutionArn    string `json:"executionArn"`
	StateMachineArn string `json:"stateMachineArn"`
	Name            string `json:"name"`
	Status          string `json:"status"`
}

// Result says what was done.
type Result struct {
	// Started is the name of the rollback that was started; empty when none was needed.
	Started string `json:"started,omitempty"`
	Reason  string `json:"reason"`
	// Paged is who was called, once going back was tried often enough.
	Paged []string `json:"paged,omitempty"`
}

// Function watches executions.
type Function struct {
	Starter    Starter
	Ledger     Ledger
	Escalation Escalation
	Desk       Desk
	Clock      clock.Clock
}

// RollbackMachine is the name under which Starter knows the rollback machine.
const RollbackMachine = "rollback"

// maxAttempts bounds how often a rollback that is itself stopped is started again.
const maxAttempts = 3

// stopped stands for the stage in the error of an execution that ended by no state of its own.
const stopped = "execution"

// Handle looks at an execution that ended and starts a rollback when its record is open. The
// same event delivered again starts nothing new.
func (f Function) Handle(ctx context.Context, event struct {
	Detail Change `json:"detail"`
},
) (Result, error) {
	change := event.Detail
	switch change.Status {
	case "ABORTED", "TIMED_OUT", "FAILED":
	default:
		return Result{Reason: "status " + change.Status + " needs nothing"}, nil
	}
	entry, err := f.Ledger.Locate(ctx, change.Name)
	if fault.Is(err, fault.Invalid) {
		return Result{Reason: "the execution has no record: it changed nothing"}, nil
	}
	if err != nil {
		return Result{}, err
	}
	if entry.Open() && unbegun(entry) {
		return f.refuse(ctx, entry, change)
	}
	if entry.Open() {
		return f.takeOver(ctx, entry, change)
	}
	if entry.Outcome == deploy.Refused && entry.Error.Stage == stopped {
		if err := f.withdraw(ctx, entry, change); err != nil {
			return Result{}, err
		}
	}
	return Result{Reason: fmt.Sprintf("the record is closed as %s", entry.Outcome)}, f.unlock(ctx, entry)
}

// unlock gives back the lock of an execution that ended before it could. A failed-dirty one
// keeps it on purpose.
func (f Function) unlock(ctx context.Context, entry ledger.Deployment) error {
	if entry.Outcome == deploy.FailedDirty {
		return nil
	}
	return f.Ledger.ReleaseExecution(ctx, entry.Scope, entry.Execution)
}

// unbegun reports whether the execution ended before it had a plan under the lock: it changed
// nothing. An automatic rollback is the exception: something was changed before it.
func unbegun(entry ledger.Deployment) bool {
	return entry.Plan.Digest == "" && !entry.Request.GoesBackByItself()
}

func (f Function) refuse(ctx context.Context, entry ledger.Deployment, change Change) (Result, error) {
	// The entry is closed last: as long as it is open, the same event tries all of it again.
	if err := f.withdraw(ctx, entry, change); err != nil {
		return Result{}, err
	}
	if _, err := f.Ledger.Dequeue(ctx, entry.Scope, entry.ID); err != nil {
		return Result{}, err
	}
	if err := f.unlock(ctx, entry); err != nil {
		return Result{}, err
	}
	err := f.Ledger.Amend(ctx, entry.Scope, entry.ID, func(entry *ledger.Deployment) {
		entry.Outcome, entry.EndedAt = deploy.Refused, f.Clock.Now()
		entry.Error = deploy.StageError{Stage: stopped, Error: string(fault.Halted), Cause: "the execution ended as " + change.Status}
	})
	if err != nil {
		return Result{}, err
	}
	// Whoever opened a vote meanwhile may have seen the entry open.
	return Result{Reason: "it had no plan under the lock: it changed nothing"}, f.withdraw(ctx, entry, change)
}

func (f Function) withdraw(ctx context.Context, entry ledger.Deployment, change Change) error {
	return f.Desk.Withdraw(ctx, entry.ID, "", "The execution was stopped: it ended as "+change.Status+".")
}

// takeOver starts the next attempt at going back. The rollback of a stopped rollback is a
// rollback of the same deployment.
func (f Function) takeOver(ctx context.Context, entry ledger.Deployment, change Change) (Result, error) {
	target, attempt := entry.ID, 1
	if entry.Kind == deploy.KindRollback {
		target, attempt = entry.Plan.Undoes, entry.Request.Rollback.Attempt+1
		if target == "" {
			target = entry.Request.Rollback.Deployment
		}
	}
	if target == "" {
		return Result{Reason: "the rollback had not begun: it changed nothing"}, nil
	}
	request := deploy.Request{
		SchemaVersion: deploy.SchemaVersion, Kind: deploy.KindRollback, Scope: entry.Scope, RequestedBy: "pilotage-watchdog",
		Reason: fmt.Sprintf("execution %s ended as %s before it was finished", change.Name, change.Status),
		Source: deploy.Source{Kind: "pilotage"},
		Rollback: deploy.RollbackRequest{
			Mode: deploy.Automatic, Deployment: target, Attempt: attempt,
			Cause: deploy.StageError{Stage: stopped, Error: string(fault.Halted), Cause: "the execution ended as " + change.Status},
		},
	}
	name := strings.TrimSuffix(target, "-rollback") + fmt.Sprintf("-watchdog-%d", attempt)
	if attempt > maxAttempts {
		return f.giveUp(ctx, entry, request)
	}
	request.RequestedAt = f.Clock.Now()
	input, err := json.Marshal(request)
	if err != nil {
		return Result{}, fmt.Errorf("encode the rollback of %s: %w", target, err)
	}
	// A deployment and its rollback that end together ask for the same one: the first request
	// is the one that counts, down to its bytes.
	mark, err := f.Ledger.Once(ctx, "watchdog", name, string(input))
	if err != nil {
		return Result{}, err
	}
	if _, err := f.Starter.Start(ctx, RollbackMachine, name, json.RawMessage(mark.Value)); err != nil {
		return Result{}, fmt.Errorf("start rollback %s: %w", name, err)
	}
	return Result{Started: name, Reason: request.Reason}, nil
}

// giveUp closes the entries as failed-dirty, sets a dirty hold and pages.
func (f Function) giveUp(ctx context.Context, entry ledger.Deployment, next deploy.Request) (Result, error) {
	doc := deploy.Document{
		SchemaVersion: deploy.SchemaVersion, ID: entry.ID, Execution: entry.Execution, Request: entry.Request, Plan: entry.Plan,
		Error: next.Rollback.Cause,
	}
	doc.Request.Kind, doc.Request.Scope = entry.Kind, entry.Scope
	doc.Error.Cause = fmt.Sprintf("the rollback of %s was stopped %d times and is not started again: %s", next.Rollback.Deployment, maxAttempts, next.Rollback.Cause.Cause)
	paged, err := f.Escalation.Page(ctx, doc)
	return Result{Paged: paged, Reason: doc.Error.Cause}, err
}
