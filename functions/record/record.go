// Package record is the stage that closes an execution: its entry in the ledger, its change
// record, and a word to the team.
package record

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
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
	Votes(ctx context.Context, deployment string) ([]approval.Vote, error)
	PutVote(ctx context.Context, id string, change func(*approval.Vote) error) error
}

// Archive keeps documents.
type Archive interface {
	Put(ctx context.Context, key string, body []byte) error
}

// Settings finds the configuration of a scope.
type Settings interface {
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
}

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Stage closes executions.
type Stage struct {
	Ledger   Ledger
	Archive  Archive
	Settings Settings
	Notifier Notifier
	Clock    clock.Clock
}

// Handle closes the execution with the document's outcome and tells the team. Who asked is told
// as well when nothing was done, so that nobody waits for what does not come. A request that was
// too malformed to say where it wanted to go leaves no entry, for there is no place to keep it
// under: the execution's own history has it. Repeating it is safe and tells nobody twice.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.RecordResult, error) {
	scope, now := doc.Request.Scope, s.Clock.Now()
	if scope.Service == "" || scope.Environment == "" {
		return s.tell(ctx, doc, record.Make(doc, now, now), "")
	}
	entry, err := s.begin(ctx, doc, now)
	if err != nil {
		return deploy.RecordResult{}, err
	}
	if !entry.EndedAt.IsZero() {
		now = entry.EndedAt
	}
	made := record.Make(doc, entry.StartedAt, now)
	// Who approved it is what the ledger says under the lock, and not what the execution was told.
	made.Approval, made.Results.Approve = entry.Approval, entry.Approval
	if len(entry.Forced) > 0 {
		// What it went past under the lock is only there.
		made.Forced = entry.Forced
	}
	if err := s.withdraw(ctx, doc, now); err != nil {
		return deploy.RecordResult{}, err
	}
	if made.Votes, err = s.minutes(ctx, doc.ID); err != nil {
		return deploy.RecordResult{}, err
	}
	key := record.Key(scope, doc.ID)
	if err := s.archive(ctx, key, made); err != nil {
		return deploy.RecordResult{}, err
	}
	if err := s.close(ctx, doc, made, key); err != nil {
		return deploy.RecordResult{}, err
	}
	return s.tell(ctx, doc, made, key)
}

func (s Stage) tell(ctx context.Context, doc deploy.Document, made record.Record, key string) (deploy.RecordResult, error) {
	to, err := s.addressees(ctx, doc)
	if err != nil {
		return deploy.RecordResult{}, err
	}
	told, err := s.Notifier.Tell(ctx, to, notify.Message{
		ID: doc.ID + "#" + string(doc.Outcome), Scope: doc.Request.Scope,
		Subject: fmt.Sprintf("[pilotage] %s: %s", notify.Headline(doc), doc.Outcome), Body: made.Text(),
	})
	if err != nil {
		return deploy.RecordResult{}, err
	}
	return deploy.RecordResult{Key: key, Outcome: doc.Outcome, Told: told}, nil
}

// addressees are the team and, of a refusal, who asked. What was refused before it had a plan
// has nobody in it yet: then the configuration says who the team is. A scope that it does not
// know has none.
func (s Stage) addressees(ctx context.Context, doc deploy.Document) ([]string, error) {
	to := doc.Plan.Environment.Notify.Team
	if len(to) == 0 {
		env, err := s.Settings.Environment(ctx, doc.Request.Scope)
		if err != nil && !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		to = env.Notify.Team
	}
	if doc.Outcome != deploy.Refused {
		return to, nil
	}
	requester, err := mail.ParseAddress(doc.Request.RequestedBy)
	if err != nil || slices.Contains(to, requester.Address) {
		return to, nil //nolint:nilerr // a system asked, which reads no mail
	}
	return append(slices.Clone(to), requester.Address), nil
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

// withdraw closes what people are still asked about a deployment that was refused meanwhile: nobody
// waits for their decision.
func (s Stage) withdraw(ctx context.Context, doc deploy.Document, now time.Time) error {
	if doc.Outcome != deploy.Refused {
		return nil
	}
	votes, err := s.Ledger.Votes(ctx, doc.ID)
	if err != nil {
		return err
	}
	for _, vote := range votes {
		if vote.Void != "" || vote.Outcome.Kind != "" {
			continue
		}
		err := s.Ledger.PutVote(ctx, vote.ID, func(v *approval.Vote) error {
			v.Withdraw("The deployment was refused in "+doc.Error.Stage+": "+record.Message(doc.Error.Cause), now)
			return nil
		})
		if err != nil {
			return fmt.Errorf("withdraw the vote on %s: %w", doc.ID, err)
		}
	}
	return nil
}

// minutes are those of everything that people were asked about a deployment.
func (s Stage) minutes(ctx context.Context, deployment string) ([]approval.Minutes, error) {
	votes, err := s.Ledger.Votes(ctx, deployment)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(votes, func(a, b approval.Vote) int { return a.OpenedAt.Compare(b.OpenedAt) })
	var all []approval.Minutes
	for _, vote := range votes {
		all = append(all, vote.Minutes())
	}
	return all, nil
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
	made = record.Undone(undone)
	if made.Votes, err = s.minutes(ctx, undone.ID); err != nil {
		return err
	}
	return s.archive(ctx, key, made)
}
