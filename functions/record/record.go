// Package record is the stage that closes an execution: its entry in the ledger, its change
// record, and a word to the team.
package record

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
	"github.com/pilotage/pilotage/shared/record"
)

// Ledger is what is asked of the ledger.
type Ledger interface {
	Begin(ctx context.Context, deployment ledger.Deployment) error
	Amend(ctx context.Context, scope deploy.Scope, id string, change func(*ledger.Deployment)) error
	Deployment(ctx context.Context, scope deploy.Scope, id string) (ledger.Deployment, error)
	AmendAttempts(ctx context.Context, scope deploy.Scope, deployment string, change func(*ledger.Deployment)) error
}

// Archive keeps documents.
type Archive interface {
	Put(ctx context.Context, key string, body []byte) error
}

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Stage closes executions.
type Stage struct {
	Ledger   Ledger
	Archive  Archive
	Notifier Notifier
	Clock    clock.Clock
}

// Handle closes the execution with the document's outcome. A request that was too malformed to
// say where it wanted to go leaves no entry, for there is no place to keep it under: the
// execution's own history has it. Repeating it is safe and tells nobody twice.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.RecordResult, error) {
	scope := doc.Request.Scope
	if scope.Service == "" || scope.Environment == "" {
		return deploy.RecordResult{Outcome: doc.Outcome}, nil
	}
	now := s.Clock.Now()
	entry, err := s.begin(ctx, doc, now)
	if err != nil {
		return deploy.RecordResult{}, err
	}
	if !entry.EndedAt.IsZero() {
		now = entry.EndedAt
	}
	made := record.Make(doc, entry.StartedAt, now)
	key := record.Key(scope, doc.ID)
	if err := s.archive(ctx, key, made); err != nil {
		return deploy.RecordResult{}, err
	}
	if err := s.close(ctx, doc, made, key); err != nil {
		return deploy.RecordResult{}, err
	}
	told, err := s.Notifier.Tell(ctx, doc.Plan.Environment.Notify.Team, notify.Message{
		ID: doc.ID + "#" + string(doc.Outcome), Scope: scope,
		Subject: fmt.Sprintf("[pilotage] %s: %s", notify.Headline(doc), doc.Outcome), Body: made.Text(),
	})
	if err != nil {
		return deploy.RecordResult{}, err
	}
	return deploy.RecordResult{Key: key, Outcome: doc.Outcome, Told: told}, nil
}

// begin makes sure that there is an entry: a request refused early may have none.
func (s Stage) begin(ctx context.Context, doc deploy.Document, now time.Time) (ledger.Deployment, error) {
	started := doc.Request.RequestedAt
	if started.IsZero() {
		started = now
	}
	err := s.Ledger.Begin(ctx, ledger.Deployment{
		ID: doc.ID, Kind: doc.Request.Kind, Scope: doc.Request.Scope, Execution: doc.Execution, Request: doc.Request, StartedAt: started,
	})
	if err != nil {
		return ledger.Deployment{}, err
	}
	return s.Ledger.Deployment(ctx, doc.Request.Scope, doc.ID)
}

func (s Stage) archive(ctx context.Context, key string, made record.Record) error {
	text, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the record of %s: %w", made.ChangeID, err)
	}
	if err := s.Archive.Put(ctx, key+".json", append(text, '\n')); err != nil {
		return err
	}
	return s.Archive.Put(ctx, key+".txt", []byte(made.Text()))
}

// close sets the outcome of the execution and, for a rollback, of the deployment that it took
// back.
func (s Stage) close(ctx context.Context, doc deploy.Document, made record.Record, key string) error {
	err := s.Ledger.Amend(ctx, doc.Request.Scope, doc.ID, func(entry *ledger.Deployment) {
		entry.Outcome, entry.EndedAt, entry.RecordKey, entry.Error = doc.Outcome, made.Ended, key, made.Error
	})
	if err != nil || doc.Outcome != deploy.RolledBack || doc.Plan.Undoes == "" {
		return err
	}
	if err := s.closeUndone(ctx, doc, made); err != nil {
		return err
	}
	// Rollbacks of the same deployment that were stopped or lost their lease have their work done.
	return s.Ledger.AmendAttempts(ctx, doc.Request.Scope, doc.Plan.Undoes, func(attempt *ledger.Deployment) {
		attempt.Outcome, attempt.EndedAt, attempt.RecordKey = deploy.RolledBack, made.Ended, key
	})
}

// closeUndone closes the entry of the deployment that was taken back and, when its own execution
// did not get to that, writes its change record.
func (s Stage) closeUndone(ctx context.Context, doc deploy.Document, made record.Record) error {
	var undone ledger.Deployment
	key := record.Key(doc.Request.Scope, doc.Plan.Undoes)
	err := s.Ledger.Amend(ctx, doc.Request.Scope, doc.Plan.Undoes, func(entry *ledger.Deployment) {
		entry.UndoneBy = doc.ID
		if entry.Open() || entry.Outcome == deploy.FailedDirty {
			entry.Outcome, entry.EndedAt, entry.RecordKey, entry.Error = deploy.RolledBack, made.Ended, key, made.Cause
		}
		undone = *entry
	})
	if err != nil || undone.Outcome != deploy.RolledBack {
		return err
	}
	return s.archive(ctx, key, record.Undone(undone))
}
