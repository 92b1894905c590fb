package planrollback

import (
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// draw is the plan that follows from what was read. It is a pure function.
func draw(doc deploy.Document, env deploy.Environment, undone ledger.Deployment, now deploy.Capsule) (deploy.Plan, error) {
	before := undone.Plan.Capsule
	plan := deploy.Plan{
		Kind: deploy.KindRollback, Scope: doc.Request.Scope, Undoes: undone.ID, Mode: doc.Request.Rollback.Mode,
		Environment: env, Capsule: now, SmokeTests: env.SmokeTests, Schema: schemaPolicy(doc.Request, env),
		ApprovalRequired: env.Rollback.ApprovalRequired && doc.Request.Rollback.Mode == deploy.Standard,
		Maintenance:      before.Maintenance,
	}
	if undone.Plan.Digest == "" || undone.UndoneBy != "" {
		plan.Nothing = fmt.Sprintf("deployment %s changed nothing, or was taken back before", undone.ID)
		active := now.Weights.Heaviest()
		plan.Target, plan.Schema = active, deploy.SchemaKeep
		plan.Release = deploy.ReleaseRef{Digest: now.Slot(active).Digest, Version: now.Slot(active).Version}
		plan.SchemaFrom, plan.SchemaTo = now.SchemaVersion, now.SchemaVersion
		return plan, nil
	}
	target := before.Weights.Heaviest()
	old := before.Slot(target)
	if old.Count == 0 && undone.Promoted && doc.Request.Rollback.Mode != deploy.Automatic {
		return deploy.Plan{}, fault.New(fault.Rejected, "deployment %s was the first in %s: there is no earlier version to go back to", undone.ID, doc.Request.Scope)
	}
	plan.Empties = old.Count == 0
	plan.Target = target
	if !plan.Empties {
		plan.Release, plan.Workload = deploy.ReleaseRef{Digest: old.Digest, Version: old.Version}, old.Workload
	}
	plan.From = undone.Plan.Release
	plan.Schedule = deploy.Schedule{{Weight: 100}}
	// Maintenance mode is put back as the deployment found it, not as it is now.
	plan.Capsule.Maintenance = before.Maintenance
	plan.SchemaFrom, plan.SchemaTo = now.SchemaVersion, now.SchemaVersion
	plan.SchemaRelease, plan.SnapshotID = undone.Plan.Release.Digest, undone.Plan.SnapshotID
	if plan.Schema != deploy.SchemaKeep {
		plan.SchemaTo = before.SchemaVersion
	}
	if plan.Schema == deploy.SchemaRestore && plan.SnapshotID == "" {
		return deploy.Plan{}, fault.New(fault.Rejected, "deployment %s took no backup, so there is none to restore; choose %q or %q", undone.ID, deploy.SchemaDown, deploy.SchemaKeep)
	}
	plan.Forecast, plan.WayBack = forecast(plan)
	return plan, nil
}

func schemaPolicy(request deploy.Request, env deploy.Environment) string {
	if request.Rollback.Schema != "" {
		return request.Rollback.Schema
	}
	return env.Rollback.Schema
}

func forecast(plan deploy.Plan) (deploy.Forecast, deploy.WayBack) {
	parts := []deploy.ForecastPart{{Name: "capacity", Seconds: 1}, {Name: "traffic", Seconds: 2}, {Name: "schema and checks", Seconds: 2}}
	if !plan.Capsule.Slot(plan.Target).Ready() {
		parts[0].Seconds = 2 * plan.Environment.Health.PollSeconds
	}
	f := deploy.Forecast{Parts: parts}
	for _, part := range parts {
		f.Seconds += part.Seconds
	}
	if plan.Empties {
		return f, deploy.WayBack{Schema: plan.Schema, Text: fmt.Sprintf("This is the way back: slot %s is emptied, as it was, schema %s.", plan.Target, plan.Schema), Seconds: f.Seconds}
	}
	return f, deploy.WayBack{Schema: plan.Schema, Text: fmt.Sprintf("This is the way back: all traffic to %s in slot %s, schema %s.", plan.Release.Version, plan.Target, plan.Schema), Seconds: f.Seconds}
}
