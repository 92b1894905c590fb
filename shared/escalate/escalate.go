// Package escalate calls for a person: what was begun could neither be finished nor put back. The
// stage that pages does it, and so does the watchdog when it gives up.
package escalate

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
	"github.com/pilotage/pilotage/shared/record"
)

// Ledger is what is asked of the ledger.
type Ledger interface {
	Begin(ctx context.Context, deployment ledger.Deployment) error
	SetHold(ctx context.Context, scope deploy.Scope, hold ledger.Hold) error
	Amend(ctx context.Context, scope deploy.Scope, id string, change func(*ledger.Deployment)) error
	AmendAttempts(ctx context.Context, scope deploy.Scope, deployment string, change func(*ledger.Deployment)) error
}

// Settings finds the configuration of a scope.
type Settings interface {
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
}

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Escalation calls for people.
type Escalation struct {
	Ledger   Ledger
	Settings Settings
	Notifier Notifier
	Clock    clock.Clock
}

// Page sets a hold that stops everybody, closes the entries as failed-dirty and pages the
// people on call. The lock is kept on purpose. It does each of these even when another fails,
// pages even when the ledger cannot be reached, and returns the first error, or who was paged.
// A deployment and its rollbacks page once between them. Repeating it is safe.
func (e Escalation) Page(ctx context.Context, doc deploy.Document) ([]string, error) {
	// A person's rollback may name no deployment: its plan does.
	subject := cmp.Or(doc.Plan.Undoes, doc.Request.Rollback.Deployment, doc.ID)
	cause := record.Message(doc.Error.Cause)
	held := e.Ledger.SetHold(ctx, doc.Request.Scope, ledger.Hold{
		By: "pilotage", Reason: fmt.Sprintf("%s failed in %s: %s", doc.ID, doc.Error.Stage, cause),
		Deployment: subject, At: e.Clock.Now(), Dirty: true,
	})
	closed := e.close(ctx, doc, subject, cause)
	env := doc.Plan.Environment
	if len(env.Notify.OnCall) == 0 {
		if found, err := e.Settings.Environment(ctx, doc.Request.Scope); err == nil {
			env = found
		}
	}
	paged, told := e.Notifier.Tell(ctx, env.Notify.OnCall, notify.Message{
		ID: subject + "#page", Scope: doc.Request.Scope, Urgent: true,
		Subject: "[pilotage] PAGE " + notify.Headline(doc) + ": needs a person",
		Body:    body(doc, cause),
	})
	for _, err := range []error{told, held, closed} {
		if err != nil {
			return nil, err
		}
	}
	return paged, nil
}

// close closes the entry of the execution, which may not even have been begun, and those
// of the deployment that a rollback could not take back and of earlier attempts: their own
// executions may be dead.
func (e Escalation) close(ctx context.Context, doc deploy.Document, subject, cause string) error {
	now := e.Clock.Now()
	begun := e.Ledger.Begin(ctx, ledger.Deployment{
		ID: doc.ID, Kind: doc.Request.Kind, Scope: doc.Request.Scope, Execution: doc.Execution, Request: doc.Request, StartedAt: now,
	})
	dirty := func(entry *ledger.Deployment) {
		entry.Outcome, entry.EndedAt = deploy.FailedDirty, now
		entry.Error = deploy.StageError{Stage: doc.Error.Stage, Error: doc.Error.Error, Cause: cause}
	}
	own := e.Ledger.Amend(ctx, doc.Request.Scope, doc.ID, dirty)
	if doc.Request.Kind != deploy.KindRollback || subject == doc.ID {
		// Its rollback may only have lost its lease: then the watchdog takes that one over.
		return cmp.Or(begun, own)
	}
	undone := e.Ledger.Amend(ctx, doc.Request.Scope, subject, func(entry *ledger.Deployment) {
		if entry.Open() {
			dirty(entry)
		}
	})
	attempts := e.Ledger.AmendAttempts(ctx, doc.Request.Scope, subject, dirty)
	return cmp.Or(begun, own, undone, attempts)
}

func body(doc deploy.Document, cause string) string {
	return fmt.Sprintf(`%s was left half way. Nothing more is changed by itself:
the lock is kept and a hold is set until a person lifts it.

What failed  %s in %s
             %s
Where        %s
Meant to be  all traffic on slot %s with %s, schema %d, maintenance %v
Execution    %s

Look at the load balancer and at the slots first, then see docs/runbook.md,
"Failed dirty".
`, notify.Headline(doc), doc.Error.Error, doc.Error.Stage, cause, doc.Request.Scope,
		doc.Plan.Capsule.Weights.Heaviest(), doc.Plan.Capsule.Slot(doc.Plan.Capsule.Weights.Heaviest()).Version,
		doc.Plan.Capsule.SchemaVersion, doc.Plan.Capsule.Maintenance, doc.Execution)
}
