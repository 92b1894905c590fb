// Package planrollback is the stage that finds out what to go back to: the state that the
// undone deployment's plan captured, which ran the last verified release.
package planrollback

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Settings finds the configuration of a scope.
type Settings interface {
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
}

// Balancer reads the routing.
type Balancer interface {
	Routing(ctx context.Context, scope deploy.Scope) (traffic.Routing, error)
}

// Fleet reads the slots.
type Fleet interface {
	Describe(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (deploy.SlotState, error)
}

// Schema reads the schema version.
type Schema interface {
	Version(ctx context.Context, instance string) (int64, error)
}

// Backups knows how old a snapshot is.
type Backups interface {
	Snapshot(ctx context.Context, instance, id string) (database.Snapshot, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	Begin(ctx context.Context, deployment ledger.Deployment) error
	Deployment(ctx context.Context, scope deploy.Scope, id string) (ledger.Deployment, error)
	Live(ctx context.Context, scope deploy.Scope) (ledger.Live, error)
	Deployments(ctx context.Context, scope deploy.Scope, limit int) ([]ledger.Deployment, error)
	Lock(ctx context.Context, scope deploy.Scope) (ledger.Lock, error)
	Hold(ctx context.Context, scope deploy.Scope) (ledger.Hold, error)
	Amend(ctx context.Context, scope deploy.Scope, id string, change func(*ledger.Deployment)) error
}

// Desk knows what people decided, and withdraws what they were asked.
type Desk interface {
	Approved(ctx context.Context, doc deploy.Document) (deploy.ApproveResult, error)
	Withdraw(ctx context.Context, deployment, kept, reason string) error
}

// Stage plans rollbacks.
type Stage struct {
	Settings Settings
	Balancer Balancer
	Fleet    Fleet
	Schema   Schema
	Backups  Backups
	Ledger   Ledger
	Desk     Desk
	Clock    clock.Clock
}

// Handle plans the rollback of a deployment. A request that names no reason, no known
// deployment, or one that is not the newest is fault.Invalid; the first one, once it was
// promoted, is fault.Rejected to people: there is nothing to go back to. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.Plan, error) {
	if err := wellFormed(doc.Request); err != nil {
		return deploy.Plan{}, err
	}
	env, err := s.Settings.Environment(ctx, doc.Request.Scope)
	if err != nil {
		return deploy.Plan{}, err
	}
	err = s.Ledger.Begin(ctx, ledger.Deployment{
		ID: doc.ID, Kind: deploy.KindRollback, Scope: doc.Request.Scope, Execution: doc.Execution,
		Request: doc.Request, StartedAt: s.Clock.Now(),
	})
	if err != nil {
		return deploy.Plan{}, err
	}
	undone, err := s.undone(ctx, doc)
	if err != nil {
		return deploy.Plan{}, err
	}
	found, err := s.look(ctx, doc.Request.Scope, env)
	if err != nil {
		return deploy.Plan{}, err
	}
	plan, err := draw(doc, env, undone, found)
	if err != nil {
		return deploy.Plan{}, err
	}
	if plan, err = s.price(ctx, plan); err != nil {
		return deploy.Plan{}, err
	}
	plan.MadeAt = s.Clock.Now()
	return plan.Seal()
}

// price says what restoring a snapshot loses, so that nobody chooses it without knowing. A
// snapshot that cannot be restored is fault.Rejected. The text names the moment and not how long
// ago that was: approval is given to the plan, which must be the same when it is made again.
func (s Stage) price(ctx context.Context, plan deploy.Plan) (deploy.Plan, error) {
	if plan.Schema != deploy.SchemaRestore {
		return plan, nil
	}
	snapshot, err := s.Backups.Snapshot(ctx, plan.Environment.Database.Instance, plan.SnapshotID)
	if err != nil {
		return deploy.Plan{}, err
	}
	if snapshot.Status != database.Available {
		return deploy.Plan{}, fault.New(fault.Rejected, "snapshot %s is %s, so it cannot be restored; choose %q or %q", plan.SnapshotID, snapshot.Status, deploy.SchemaDown, deploy.SchemaKeep)
	}
	plan.WayBack.LosesSince = snapshot.At.UTC().Truncate(time.Second)
	plan.WayBack.Text += fmt.Sprintf(" It loses everything written since %s.", plan.WayBack.LosesSince.Format("2006-01-02 15:04:05 MST"))
	return plan, nil
}

// Replan plans again under the lock and keeps the plan in the ledger, unless people have to vote
// on it anew: as long as the ledger has no plan, nothing was changed. A plan that needs approval and
// is the same still has to have it in the ledger; without, it is fault.Rejected.
func (s Stage) Replan(ctx context.Context, doc deploy.Document) (deploy.ReplanResult, error) {
	plan, err := s.Handle(ctx, doc)
	if err != nil {
		return deploy.ReplanResult{}, err
	}
	result := deploy.ReplanResult{Changed: plan.Digest != doc.Plan.Digest, Plan: plan}
	var approved deploy.ApproveResult
	switch {
	case plan.ApprovalRequired && result.Changed:
		return result, s.void(ctx, doc, plan)
	case plan.ApprovalRequired:
		if approved, err = s.Desk.Approved(ctx, doc); err != nil {
			return deploy.ReplanResult{}, err
		}
	}
	err = s.Ledger.Amend(ctx, doc.Request.Scope, doc.ID, func(entry *ledger.Deployment) {
		entry.Plan, entry.Approval = plan, approved
	})
	return result, err
}

// void withdraws what people were asked about the plan before. A plan that changes again and again is
// fault.Rejected.
func (s Stage) void(ctx context.Context, doc deploy.Document, plan deploy.Plan) error {
	err := s.Desk.Withdraw(ctx, doc.ID, plan.Digest, "The plan has changed since. A new mail asks about the new one.")
	if err != nil || doc.Results.Announce.Round < approval.MaxRounds {
		return err
	}
	return fault.New(fault.Rejected, "the plan changed %d times while it was waiting for approval; an emergency rollback waits for nobody", approval.MaxRounds)
}

func wellFormed(r deploy.Request) error {
	switch {
	case r.Kind != deploy.KindRollback:
		return fault.New(fault.Invalid, "kind is %q; the rollback machine takes %q", r.Kind, deploy.KindRollback)
	case strings.TrimSpace(r.Reason) == "" || utf8.RuneCountInString(r.Reason) > 500:
		return fault.New(fault.Invalid, "reason has %d characters; say in 1 to 500 why you go back", utf8.RuneCountInString(r.Reason))
	case r.RequestedBy == "":
		return fault.New(fault.Invalid, "requestedBy is missing; give your mail address")
	}
	switch r.Rollback.Mode {
	case deploy.Standard, deploy.Emergency:
	case deploy.Automatic:
		// It waits for nobody and inherits the lock of what it takes back, so it is not for people.
		if !r.GoesBackByItself() || r.Rollback.Deployment == "" {
			return fault.New(fault.Invalid, "rollback.mode is %q, which only a deployment that failed starts by itself; %q or %q is wanted", r.Rollback.Mode, deploy.Standard, deploy.Emergency)
		}
	default:
		return fault.New(fault.Invalid, "rollback.mode is %q; %q or %q is wanted", r.Rollback.Mode, deploy.Standard, deploy.Emergency)
	}
	switch r.Rollback.Schema {
	case "", deploy.SchemaKeep, deploy.SchemaDown, deploy.SchemaRestore:
		return nil
	}
	return fault.New(fault.Invalid, "rollback.schema is %q; %q, %q or %q is wanted", r.Rollback.Schema, deploy.SchemaKeep, deploy.SchemaDown, deploy.SchemaRestore)
}

// undone is the deployment to take back: the one that the request names, or else the newest
// one. What was found at first stays: the deployment that was at work then is over by the time
// that the rollback has its lock, and the one before it is not meant.
func (s Stage) undone(ctx context.Context, doc deploy.Document) (ledger.Deployment, error) {
	r := doc.Request
	live, err := s.Ledger.Live(ctx, r.Scope)
	if err != nil {
		return ledger.Deployment{}, err
	}
	id := r.Rollback.Deployment
	if id == "" {
		id = doc.Plan.Undoes
	}
	if id == "" {
		if id, err = s.newest(ctx, r.Scope, live); err != nil {
			return ledger.Deployment{}, err
		}
	}
	if id == "" {
		return ledger.Deployment{}, fault.New(fault.Invalid, "nothing was ever deployed to %s, so there is nothing to take back", r.Scope)
	}
	entry, err := s.Ledger.Deployment(ctx, r.Scope, id)
	if err != nil {
		return ledger.Deployment{}, err
	}
	if entry.Kind != deploy.KindDeploy {
		return ledger.Deployment{}, fault.New(fault.Invalid, "%s is a rollback; name the deployment to take back", id)
	}
	if replaced(entry, live) {
		return ledger.Deployment{}, fault.New(fault.Invalid, "deployment %s is not live any more, %s is; take that one back first", id, live.Deployment)
	}
	return entry, nil
}

// look is the state of the scope now.
func (s Stage) look(ctx context.Context, scope deploy.Scope, env deploy.Environment) (deploy.Capsule, error) {
	routing, err := s.Balancer.Routing(ctx, scope)
	if err != nil {
		return deploy.Capsule{}, err
	}
	capsule := deploy.Capsule{Weights: routing.Weights, Maintenance: routing.Maintenance}
	if capsule.Blue, err = s.Fleet.Describe(ctx, scope, deploy.Blue); err != nil {
		return deploy.Capsule{}, err
	}
	if capsule.Green, err = s.Fleet.Describe(ctx, scope, deploy.Green); err != nil {
		return deploy.Capsule{}, err
	}
	capsule.SchemaVersion, err = s.Schema.Version(ctx, env.Database.Instance)
	return capsule, err
}
