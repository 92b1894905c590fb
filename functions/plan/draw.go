package plan

import (
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/signal"
)

// seen is what was read to make a plan from.
type seen struct {
	env     deploy.Environment
	release deploy.Release
	capsule deploy.Capsule
	// pending are the migrations that the database lacks, in order.
	pending []deploy.Migration
}

// draw is the plan that follows from what was read. It is a pure function.
func draw(doc deploy.Document, from seen) (deploy.Plan, error) {
	env, release, capsule := from.env, from.release, from.capsule
	active := capsule.Weights.Heaviest()
	live := capsule.Slot(active)
	if live.Digest == release.Digest && live.Ready() {
		return deploy.Plan{}, fault.New(fault.Rejected, "release %s is live in %s already, in slot %s", release.Version, doc.Request.Scope, active)
	}
	target, schedule := active.Other(), env.Strategy.Steps
	if live.Count == 0 {
		// Nothing runs, so there is nothing to compare with, and nobody to answer the rest of
		// a small weight.
		target, schedule, live = active, deploy.Schedule{{Weight: 100}}, deploy.SlotState{}
	}
	plan := deploy.Plan{
		Kind: deploy.KindDeploy, Scope: doc.Request.Scope, Release: release.Ref(),
		From:     deploy.ReleaseRef{Digest: live.Digest, Version: live.Version},
		Target:   target,
		Workload: deploy.Workload{Digest: release.Digest, Version: release.Version, Count: env.Capacity.Replicas},
		Schedule: schedule, Maintenance: env.Strategy.Maintenance, SmokeTests: env.SmokeTests,
		Capsule: capsule, Environment: env, ApprovalRequired: env.Approval.Required,
		Schema: env.Rollback.Schema, SchemaFrom: capsule.SchemaVersion, SchemaTo: capsule.SchemaVersion,
		SchemaRelease: release.Digest, Migrations: from.pending,
	}
	if plan.Maintenance {
		// Nobody is served while the page is shown, so there is nothing to bake.
		plan.Schedule = deploy.Schedule{{Weight: 100}}
	}
	if last := len(from.pending) - 1; last >= 0 {
		plan.SchemaTo = from.pending[last].Version
	}
	if plan.SchemaTo < release.RequiresSchema {
		return deploy.Plan{}, fault.New(fault.Rejected, "release %s needs schema %d, and its migrations lead to %d only", release.Version, release.RequiresSchema, plan.SchemaTo)
	}
	if env.Database.Backup {
		plan.SnapshotID = SnapshotID(doc.ID)
	}
	plan.Notes = notes(release, capsule)
	if note := proof(plan); note != "" {
		plan.Notes = append(plan.Notes, note)
	}
	plan.Forecast = forecast(plan)
	plan.WayBack = wayBack(plan)
	return plan, nil
}

// SnapshotID is the name of the snapshot that a deployment takes. RDS wants it to begin with a
// letter.
func SnapshotID(deployment string) string { return "pilotage-" + deployment }

func notes(release deploy.Release, capsule deploy.Capsule) []string {
	var notes []string
	for _, finding := range release.Findings {
		notes = append(notes, fmt.Sprintf("%s:%d: %s (%s)", finding.File, finding.Line, finding.Message, finding.Rule))
	}
	if capsule.StickySeconds > 0 {
		notes = append(notes, fmt.Sprintf("sessions are sticky for %d s: users follow a weight only after that", capsule.StickySeconds))
	}
	return notes
}

// Guesses at the parts whose length nothing in the configuration says, in seconds: of a small
// database and quick migrations. People read the sum as "about".
const (
	backupSeconds    = 5
	migrationSeconds = 1
	shiftSeconds     = 2
	closingSeconds   = 2
)

func forecast(plan deploy.Plan) deploy.Forecast {
	var f deploy.Forecast
	add := func(name string, seconds int) {
		if seconds > 0 {
			f.Parts = append(f.Parts, deploy.ForecastPart{Name: name, Seconds: seconds})
			f.Seconds += seconds
		}
	}
	if plan.SnapshotID != "" {
		add("back up", backupSeconds)
	}
	add("migrate", migrationSeconds*len(plan.Migrations))
	add("start and check the candidate", 2*plan.Environment.Health.PollSeconds)
	for _, step := range plan.Schedule {
		add(fmt.Sprintf("%d %% of traffic", step.Weight), shiftSeconds+bakeSeconds(plan, step))
	}
	add("verify and record", closingSeconds)
	return f
}

// bakeSeconds is how long a step bakes when counts come as late as they may: as pilotage.yaml is
// checked. On one machine the router counts, and at once.
func bakeSeconds(plan deploy.Plan, step deploy.Step) int {
	if plan.Scope.Region == deploy.RegionLocal {
		return step.BakeSeconds
	}
	return int(signal.Bake(step, plan.Environment.Analysis) / time.Second)
}

func wayBack(plan deploy.Plan) deploy.WayBack {
	back := deploy.WayBack{Schema: plan.Schema, Seconds: shiftSeconds + closingSeconds}
	switch {
	case plan.From.Digest == "":
		back.Text = "There is no earlier version to go back to: a failure leaves the slot as empty as it was."
	case len(plan.Migrations) == 0:
		back.Text = fmt.Sprintf("All traffic back to %s in slot %s; the schema does not change.", plan.From.Version, plan.Target.Other())
	case plan.Schema == deploy.SchemaDown:
		back.Seconds += migrationSeconds * len(plan.Migrations)
		back.Text = fmt.Sprintf("All traffic back to %s in slot %s, then the down parts of %s: what was written to the new columns and tables is lost, nothing else.", plan.From.Version, plan.Target.Other(), count(len(plan.Migrations), "migration"))
	default:
		back.Text = fmt.Sprintf("All traffic back to %s in slot %s; the schema stays at %d, which is an expansion of what it knows.", plan.From.Version, plan.Target.Other(), plan.SchemaTo)
	}
	return back
}

func count(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
