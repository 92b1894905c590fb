package sim_test

import (
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

// configure makes the environment of a state's scenario.
func (d drive) configure(e *deploy.Environment) {
	e.Strategy.Steps = deploy.Schedule{{Weight: 10, BakeSeconds: 5}, {Weight: 100}}
	switch d.machine + "/" + d.state {
	case "deploy/Build":
		e.Build.WhenMissing = deploy.MissingBuild
	case "deploy/WaitForCatalog":
		e.Build.WhenMissing = deploy.MissingWait
	case "deploy/Ask", "deploy/Approve", "deploy/YieldLock":
		e.Approval.Required = true
	case "deploy/EnterMaintenance", "deploy/LeaveMaintenance":
		e.Strategy.Maintenance = true
	case "rollback/Ask", "rollback/Approve", "rollback/YieldLock":
		e.Rollback.ApprovalRequired = true
	}
}

// unpublished are the releases that a state's scenario is about.
func (d drive) unpublished() []string {
	if d.state == "Build" || d.state == "WaitForCatalog" {
		return []string{"1.1.0"}
	}
	return nil
}

// scenario brings the execution to the state and returns its name.
func (d drive) scenario(t *testing.T, w world) string {
	if d.machine == "rollback" {
		return d.rollback(t, w)
	}
	switch d.state {
	case "RecordRefusal", "UnlockRefused":
		w.FailAt(sim.Fault{Machine: "deploy", At: "Replan", Moment: sim.Before, Error: "Pilotage.Rejected"})
	case "Rollback":
		w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
	case "CheckRollback":
		w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
		w.FailAt(sim.Fault{Machine: "rollback", At: "RestoreTraffic", Attempt: 1, Moment: sim.Before, Error: "Pilotage.LeaseLost"})
	case "Page":
		w.FailAt(sim.Fault{Machine: "deploy", At: "Record", Moment: sim.Before, Error: "Pilotage.Internal"})
	case "ReportLeftover":
		w.FailAt(sim.Fault{Machine: "deploy", At: "Retire", Moment: sim.Before, Error: "Pilotage.Internal"})
	}
	w.must(w.Start(t.Context(), "d1", sim.Deployment(sim.Releases()[1].Commit)))
	if d.state == "YieldLock" {
		synctest.Wait()
		w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds++ })
		w.vote(sim.Approver, approval.Approve, 200)
	}
	return "d1"
}

// rollback is the scenarios of the rollback machine: where a person has to start it, a
// deployment has succeeded before, and that is the world at the start.
func (d drive) rollback(t *testing.T, w world) string {
	request := sim.Rollback(deploy.Standard, "d1")
	switch d.state {
	case "SmokeTest", "Ask", "Approve", "YieldLock":
	case "EnterMaintenance", "RestoreDatabase":
		request.Rollback.Schema = deploy.SchemaRestore
	case "RecordRefusal", "UnlockRefused":
		w.FailAt(sim.Fault{Machine: "rollback", At: "Replan", Moment: sim.Before, Error: "Pilotage.Rejected"})
	default:
		w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
		if d.state == "Page" {
			w.FailAt(sim.Fault{Machine: "rollback", At: "Hold", Attempt: 1, Moment: sim.Before, Error: "Pilotage.Internal"})
		}
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		_, err := w.Finish(t.Context(), "d1")
		w.must(err)
		return "d1-rollback"
	}
	w.run("d1", sim.Deployment("1.1.0"))
	w.must(w.Start(t.Context(), "r1", request))
	if d.state == "YieldLock" {
		synctest.Wait()
		w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds++ })
		w.vote(sim.Approver, approval.Approve, 200)
	}
	return "r1"
}
