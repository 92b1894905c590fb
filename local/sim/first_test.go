package sim_test

import (
	"slices"
	"testing"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

func TestFirstDeploymentTakesAllTrafficAtOnce(t *testing.T) {
	empty(t, sim.Options{}, func(t *testing.T, w world) {
		run := w.run("d1", sim.Deployment("1.1.0"))
		w.ends("d1", deploy.Succeeded)
		if got := w.state(); got.Live != "d1" || got.Active != deploy.Blue || got.Schema != 2 {
			t.Errorf("got %+v, want d1 in blue with schema 2", got)
		}
		if i := slices.Index(run.Path, "Shift"); slices.Contains(run.Path[i+1:], "Shift") {
			t.Errorf("got path %v, want one Shift", run.Path)
		}
	})
}

func TestFirstDeploymentThatFailsLeavesTheSlotEmpty(t *testing.T) {
	for _, state := range []string{"Backup", "Migrate", "Release", "SmokeTest", "Shift", "Prove", "Observe", "Verify", "Promote"} {
		for _, moment := range []sim.Moment{sim.Before, sim.After} {
			t.Run(state+" "+string(moment), func(t *testing.T) {
				empty(t, sim.Options{}, func(t *testing.T, w world) {
					w.FailAt(sim.Fault{Machine: "deploy", At: state, Attempt: 1, Moment: moment, Error: sim.Crash})
					w.run("d1", sim.Deployment("1.1.0"))
					w.ends("d1", deploy.RolledBack)
					run, err := w.Result(t.Context(), "d1-rollback")
					w.must(err)
					if got := run.Next("CheckPlan"); got != "Abandon" {
						t.Errorf("CheckPlan was followed by %s, want Abandon", got)
					}
					hold, err := w.Ledger.Hold(t.Context(), sim.Scope())
					w.must(err)
					w.must(w.Ledger.LiftHold(t.Context(), sim.Scope(), hold))
					w.run("d2", sim.Deployment("1.1.0"))
					w.ends("d2", deploy.Succeeded)
				})
			})
		}
	}
}

func TestFirstDeploymentOnceLiveIsNotTakenBackByPeople(t *testing.T) {
	empty(t, sim.Options{}, func(t *testing.T, w world) {
		w.run("d1", sim.Deployment("1.1.0"))
		live := w.state()
		run := w.run("r1", sim.Rollback(deploy.Emergency, ""))
		want := "Plan: deployment d1 was the first in running-app/production@eu-central-1: there is no earlier version to go back to"
		if got := message(run.Cause); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := w.state(); got != live {
			t.Errorf("the world is %+v, and was %+v", got, live)
		}
	})
}
