// Package functions is the one table of everything that runs as a Lambda function: by name, the
// stages of the two state machines and the entry points. The bootstrap binary, the local
// engine and the tests all serve handlers from here.
package functions

import (
	"context"
	"encoding/json"

	"github.com/pilotage/pilotage/functions/announce"
	"github.com/pilotage/pilotage/functions/approve"
	"github.com/pilotage/pilotage/functions/ask"
	"github.com/pilotage/pilotage/functions/backup"
	"github.com/pilotage/pilotage/functions/command"
	"github.com/pilotage/pilotage/functions/decide"
	"github.com/pilotage/pilotage/functions/enqueue"
	"github.com/pilotage/pilotage/functions/hold"
	"github.com/pilotage/pilotage/functions/intake"
	"github.com/pilotage/pilotage/functions/lock"
	"github.com/pilotage/pilotage/functions/maintenance"
	"github.com/pilotage/pilotage/functions/migrate"
	"github.com/pilotage/pilotage/functions/observe"
	"github.com/pilotage/pilotage/functions/page"
	"github.com/pilotage/pilotage/functions/pipelinejob"
	"github.com/pilotage/pilotage/functions/plan"
	"github.com/pilotage/pilotage/functions/planrollback"
	"github.com/pilotage/pilotage/functions/promote"
	"github.com/pilotage/pilotage/functions/prove"
	"github.com/pilotage/pilotage/functions/record"
	"github.com/pilotage/pilotage/functions/release"
	"github.com/pilotage/pilotage/functions/report"
	"github.com/pilotage/pilotage/functions/restore"
	"github.com/pilotage/pilotage/functions/retire"
	"github.com/pilotage/pilotage/functions/shift"
	"github.com/pilotage/pilotage/functions/smoketest"
	"github.com/pilotage/pilotage/functions/unlock"
	"github.com/pilotage/pilotage/functions/validate"
	"github.com/pilotage/pilotage/functions/verify"
	"github.com/pilotage/pilotage/functions/watchdog"
	"github.com/pilotage/pilotage/functions/webhook"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/escalate"
	"github.com/pilotage/pilotage/shared/strict"
)

// Handler answers one invocation: a JSON payload in, a JSON result out. Its errors have a class
// of package fault.
type Handler func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error)

// Table is every handler by its name. Names are those of the functions on AWS, and those that
// the state machines' substitutions stand for: "Validate" for ${ValidateFunction}.
func Table(w World) map[string]Handler {
	guard := guard{ledger: w.Ledger, clock: w.Clock}
	planned := plan.Stage{Settings: w.Settings, Catalog: w.Catalog, Balancer: w.Balancer, Fleet: w.Fleet, Schema: w.Schema, Ledger: w.Ledger, Desk: w.clerk(), Clock: w.Clock}
	back := planrollback.Stage{Settings: w.Settings, Balancer: w.Balancer, Fleet: w.Fleet, Schema: w.Schema, Backups: w.Backups, Ledger: w.Ledger, Desk: w.clerk(), Clock: w.Clock}
	escalation := escalate.Escalation{Ledger: w.Ledger, Settings: w.Settings, Notifier: w.notifier(), Clock: w.Clock}
	return map[string]Handler{
		// Before anything is changed.
		"Validate":     plain(validate.Stage{Settings: w.Settings, Catalog: w.Catalog, Ledger: w.Ledger, Clock: w.Clock}.Handle),
		"Plan":         either("Replan", guarded(guard, planned.Replan), stage(planned.Handle)),
		"PlanRollback": either("Replan", guarded(guard, back.Replan), strictly(stage(back.Handle))),
		"Enqueue":      stage(enqueue.Stage{Queue: w.Ledger, Desk: w.clerk(), Clock: w.Clock}.Handle),
		"Announce":     stage(announce.Stage{Notifier: w.notifier()}.Handle),
		"Ask": stage(ask.Stage{
			Votes: w.Ledger, Notifier: w.notifier(), Catalog: w.Catalog, Ledger: w.Ledger, Clock: w.Clock, BaseURL: w.ApprovalURL, Keys: approval.Keys{Secret: w.ApprovalSecret},
		}.Handle),
		"Approve": stage(approve.Stage{Votes: w.Ledger, Desk: w.clerk()}.Handle),
		"Lock":    stage(lock.Stage{Locks: w.Ledger, Clock: w.Clock}.Handle),

		// Under the lock.
		"Maintenance": guarded(guard, maintenance.Stage{Balancer: w.Balancer, Clock: w.Clock}.Handle),
		"Backup":      guarded(guard, backup.Stage{Backups: w.Backups, Clock: w.Clock}.Handle),
		"Migrate":     guarded(guard, migrate.Stage{Schema: w.Schema}.Handle),
		"Release":     guarded(guard, release.Stage{Fleet: w.Fleet, Clock: w.Clock}.Handle),
		"SmokeTest":   guarded(guard, smoketest.Stage{Caller: w.Caller}.Handle),
		"Shift":       guarded(guard, shift.Stage{Balancer: w.Balancer, Clock: w.Clock}.Handle),
		"Prove":       guarded(guard, prove.Stage{Balancer: w.Balancer, Caller: w.Caller, Clock: w.Clock}.Handle),
		"Observe":     guarded(guard, observe.Stage{Signals: w.Signals, Leases: w.Ledger, Clock: w.Clock}.Handle),
		"Verify":      guarded(guard, verify.Stage{Balancer: w.Balancer, Caller: w.Caller, Schema: w.Schema}.Handle),
		"Promote":     guarded(guard, promote.Stage{Ledger: w.Ledger, Clock: w.Clock}.Handle),
		"Retire":      guarded(guard, retire.Stage{Balancer: w.Balancer, Fleet: w.Fleet, Ledger: w.Ledger}.Handle),
		"Restore":     guarded(guard, restore.Stage{Backups: w.Backups, Clock: w.Clock}.Handle),
		"Hold":        guarded(guard, hold.Stage{Ledger: w.Ledger, Clock: w.Clock}.Handle),

		// The ends.
		"Record": stage(record.Stage{Ledger: w.Ledger, Archive: w.Archive, Settings: w.Settings, Notifier: w.notifier(), Clock: w.Clock}.Handle),
		"Unlock": stage(unlock.Stage{Locks: w.Ledger}.Handle),
		"Page":   stage(page.Stage{Escalation: escalation}.Handle),

		// Entry points.
		"Webhook": typed(webhook.Function{Bus: w.Bus, Secrets: &webhook.Remembered{Secrets: w.Secrets, Clock: w.Clock}, Log: w.log()}.Handle),
		"Intake":  kept(w.log(), typed(intake.Function{Door: w.door(), Services: w.Settings, Ledger: w.Ledger, Pipelines: w.Pipelines, Clock: w.Clock}.Handle)),
		"PipelineJob": kept(w.log(), typed(pipelinejob.Function{
			Door: w.door(), Services: w.Settings, Ledger: w.Ledger, Pipelines: w.Pipelines, Jobs: w.Jobs, Clock: w.Clock,
		}.Handle)),
		"Report":   kept(w.log(), typed(report.Function{GitHub: w.GitHub, Services: w.Settings, Ledger: w.Ledger, Clock: w.Clock, NewID: w.NewID}.Handle)),
		"Watchdog": kept(w.log(), typed(watchdog.Function{Starter: w.Executions, Ledger: w.Ledger, Escalation: escalation, Desk: w.clerk(), Clock: w.Clock}.Handle)),
		"Command":  typed(command.Function{Door: w.door(), Desk: w.desk(), Services: w.Settings, Ledger: w.Ledger, Holds: w.holds(), Clock: w.Clock}.Handle),
		"Decide":   typed(decide.Function{Votes: w.Ledger, Desk: w.desk(), Clock: w.Clock}.Handle),
	}
}

// either chooses by the state that runs: one function serves a stage and its repetition under
// the lock.
func either(name string, named, otherwise Handler) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var doc deploy.Document
		if json.Unmarshal(payload, &doc) == nil && doc.Stage == name {
			return named(ctx, payload)
		}
		return otherwise(ctx, payload)
	}
}

// strictly refuses a document with a field that nobody knows: in a request that a person wrote it
// is a mistake, and what was meant by it must not be left out in silence. An automatic rollback
// is written by a machine, and nothing in it may keep it from going back.
func strictly(next Handler) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		if doc, err := decode(payload); err == nil && doc.Request.GoesBackByItself() {
			return next(ctx, payload)
		}
		var doc deploy.Document
		if err := strict.Decode(payload, &doc); err != nil {
			return nil, err
		}
		return next(ctx, payload)
	}
}
