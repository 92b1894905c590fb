// Package record is the change record of an execution: who, what, when, where and why, how it
// went and how it ended, made to be read a year later without this program.
package record

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

// Archive keeps documents for good. S3 does on AWS, a folder on one machine.
type Archive interface {
	// Put writes a document under a key. Writing the same key again replaces it, or keeps
	// both versions where the archive has them.
	Put(ctx context.Context, key string, body []byte) error
}

// Record is one change record.
type Record struct {
	SchemaVersion int                  `json:"schemaVersion"`
	ChangeID      string               `json:"changeId"`
	Kind          deploy.Kind          `json:"kind"`
	Outcome       deploy.Outcome       `json:"outcome"`
	Who           string               `json:"who"`
	What          string               `json:"what"`
	When          time.Time            `json:"when"`
	Ended         time.Time            `json:"ended"`
	Where         deploy.Scope         `json:"where"`
	Why           string               `json:"why"`
	Source        deploy.Source        `json:"source"`
	Execution     string               `json:"execution"`
	Approval      deploy.ApproveResult `json:"approval,omitzero"`
	// Forced are the gates that it was forced past, in words.
	Forced []string `json:"forced,omitempty"`
	// Votes are what was asked of people, the oldest first.
	Votes   []approval.Minutes `json:"votes,omitempty"`
	Plan    deploy.Plan        `json:"plan,omitzero"`
	Results deploy.Results     `json:"results"`
	Error   deploy.StageError  `json:"error,omitzero"`
	// Undoes and Cause are a rollback's: the deployment that it took back, and what was wrong
	// with that. UndoneBy is the other side of it.
	Undoes   string            `json:"undoes,omitempty"`
	Cause    deploy.StageError `json:"cause,omitzero"`
	UndoneBy string            `json:"undoneBy,omitempty"`
}

// Make is the record of an execution that ends now. The error's cause is reduced to its
// message.
func Make(doc deploy.Document, started, now time.Time) Record {
	return Record{
		SchemaVersion: deploy.SchemaVersion, ChangeID: doc.ID, Kind: doc.Request.Kind, Outcome: doc.Outcome,
		Who: doc.Request.RequestedBy, What: notify.Headline(doc), When: started, Ended: now, Where: doc.Request.Scope,
		Why: doc.Request.Reason, Source: doc.Request.Source, Execution: doc.Execution, Approval: doc.Results.Approve,
		Forced: doc.Results.Validate.Forced, Plan: doc.Plan, Results: doc.Results, Error: plain(doc.Error),
		Undoes: doc.Plan.Undoes, Cause: plain(doc.Request.Rollback.Cause),
	}
}

// Undone is the record of a deployment that was taken back, from its entry in the ledger: its own
// execution may have been stopped before it could write one.
func Undone(entry ledger.Deployment) Record {
	doc := deploy.Document{ID: entry.ID, Request: entry.Request, Plan: entry.Plan}
	return Record{
		SchemaVersion: deploy.SchemaVersion, ChangeID: entry.ID, Kind: entry.Kind, Outcome: entry.Outcome,
		Who: entry.Request.RequestedBy, What: notify.Headline(doc), When: entry.StartedAt, Ended: entry.EndedAt, Where: entry.Scope,
		Why: entry.Request.Reason, Source: entry.Request.Source, Execution: entry.Execution, Approval: entry.Approval,
		Forced: entry.Forced, Plan: entry.Plan, Error: entry.Error, UndoneBy: entry.UndoneBy,
	}
}

// plain is an error with its cause reduced to its message.
func plain(failure deploy.StageError) deploy.StageError {
	failure.Cause = Message(failure.Cause)
	return failure
}

// Key is where the record of a deployment lies, without its ending.
func Key(scope deploy.Scope, id string) string {
	return fmt.Sprintf("records/%s/%s/%s/%s", scope.Region, scope.Service, scope.Environment, id)
}

// Message is the text of an error's cause: Lambda wraps it in a JSON object.
func Message(cause string) string {
	var wrapped struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal([]byte(cause), &wrapped) == nil && wrapped.ErrorMessage != "" {
		return wrapped.ErrorMessage
	}
	return cause
}

// Text is the record for people, in the sections that auditors ask for.
func (r Record) Text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		if text != "" {
			b.WriteString(notify.Line(name, text))
		}
	}
	line("Change", "%s", r.ChangeID)
	line("Outcome", "%s", r.Outcome)
	line("Who", "%s", r.Who)
	line("What", "%s", r.What)
	line("When", "%s to %s (%s)", stamp(r.When), stamp(r.Ended), notify.Duration(int(r.Ended.Sub(r.When).Seconds())))
	line("Where", "%s", r.Where)
	line("Why", "%s", r.Why)
	line("Forced past", "%s", strings.Join(r.Forced, "; "))
	if r.Error.Error != "" {
		line("Error", "%s in %s: %s", r.Error.Error, r.Error.Stage, r.Error.Cause)
	}
	if r.Outcome == deploy.Refused {
		line("What to do", "Nothing was changed. Remove the cause that the error names, then ask again under a new name.")
	}
	if r.Cause.Error != "" {
		line("Cause", "%s in %s: %s", r.Cause.Error, r.Cause.Stage, r.Cause.Cause)
	}
	line("Takes back", "%s", r.Undoes)
	line("Taken back by", "%s", r.UndoneBy)
	if r.Approval.By != "" {
		line("Approval", "%s at %s, of plan %s", r.Approval.By, stamp(r.Approval.At), r.Approval.PlanDigest)
	}
	for _, vote := range r.Votes {
		minutes(line, vote)
	}
	r.implementation(line)
	line("Rollback plan", "%s", r.Plan.WayBack.Text)
	line("Plan", "%s", r.Plan.Digest)
	line("Execution", "%s", r.Execution)
	return b.String()
}

// minutes are the lines of one vote: who was asked, who said what, and what did not count.
func minutes(line func(name, format string, args ...any), vote approval.Minutes) {
	line("Vote", "It took %s; asked at %s were %s.", vote.Needed, stamp(vote.OpenedAt), strings.Join(vote.Asked, ", "))
	for _, voice := range vote.Voices {
		said := map[string]string{approval.Approve: "approved", approval.Reject: "rejected", approval.PutOff: "asked for more time"}[voice.Kind]
		line("", "%s %s at %s%s%s", voice.By, said, stamp(voice.At), via(voice.Via), because(voice.Reason))
	}
	for _, attempt := range vote.Refused {
		line("Not counted", "%s: %s %s", stamp(attempt.At), attempt.By, attempt.What)
	}
	if more := vote.RefusedCount - len(vote.Refused); more > 0 {
		line("Not counted", "and %d older attempts", more)
	}
	if vote.Outcome.Kind != approval.Approve {
		line("", "%s", vote.Story)
	}
	if vote.Outcome.Kind == approval.Approve && vote.Void != "" {
		line("", "%s", vote.Void)
	}
}

func via(proof string) string {
	switch proof {
	case approval.ByCode:
		return " by the code from the mail"
	case approval.ByIdentity:
		return " by an AWS identity"
	}
	return ""
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func (r Record) implementation(line func(name, format string, args ...any)) {
	line("Backup", "%s", r.Results.Backup.SnapshotID)
	if m := r.Results.Migrate; len(m.Done) > 0 {
		line("Schema", "from %d to %d: %s", m.From, m.To, strings.Join(m.Done, ", "))
	}
	if tests := r.Results.SmokeTest.Passed; len(tests) > 0 {
		line("Smoke tests", "%s", strings.Join(tests, ", "))
	}
	for _, step := range r.Results.Observe.Steps {
		line("Traffic", "%3d %% from %s to %s: %s (candidate %d of %d failed, active %d of %d)", step.Weight,
			step.From.Format(time.TimeOnly), step.Until.Format(time.TimeOnly), step.Verdict,
			step.Candidate.Errors, step.Candidate.Requests, step.Active.Errors, step.Active.Requests)
	}
	if checks := r.Results.Verify.Checks; len(checks) > 0 {
		line("Validation", "%s", strings.Join(checks, ", "))
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
