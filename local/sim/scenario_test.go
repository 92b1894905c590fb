package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

func TestDeployTakesThePlannedPath(t *testing.T) {
	step := "Shift Prove CheckProof Observe CheckVerdict "
	front := "Begin Validate CheckCatalog Plan Enqueue Announce CheckApproval Lock CheckLock Replan CheckPlan "
	tail := "Verify CheckMaintenance Promote Record Unlock Settle LockToRetire CheckRetire Retire UnlockRetired CheckLeftover Succeeded"
	release := "Migrate Release CheckRelease WaitForRelease Release CheckRelease SmokeTest "
	backup := "Backup CheckBackup WaitForBackup Backup CheckBackup "
	for name, test := range map[string]struct {
		configure func(*deploy.Environment)
		want      string
	}{
		"with a backup, five weights": {
			func(*deploy.Environment) {}, front + backup + release + step + step + step + step + step + tail,
		},
		"without a backup, at once": {
			func(e *deploy.Environment) {
				e.Database.Backup, e.Strategy.Steps = false, deploy.Schedule{{Weight: 100}}
			}, front + release + step + tail,
		},
		"behind the maintenance page": {
			func(e *deploy.Environment) { e.Strategy.Maintenance = true },
			front + "EnterMaintenance " + backup + release + step +
				"Verify CheckMaintenance LeaveMaintenance Promote Record Unlock Settle LockToRetire CheckRetire Retire UnlockRetired CheckLeftover Succeeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{Configure: test.configure, Behaviours: slowStart()}, func(t *testing.T, w world) {
				run := w.run("d1", sim.Deployment("1.1.0"))
				w.ends("d1", deploy.Succeeded)
				if want := path(test.want); !slices.Equal(run.Path, want) {
					t.Errorf("got path\n%v, want\n%v", run.Path, want)
				}
				want := sim.State{Weights: deploy.Split(deploy.Green, 100), Active: deploy.Green, Digest: sim.Releases()[1].Digest, Count: 2, Healthy: 2, Schema: 2, Live: "d1"}
				if got := w.state(); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				if w.Document("records/eu-central-1/running-app/production/d1.json") == nil {
					t.Error("no record was archived")
				}
			})
		})
	}
}

// slowStart is releases that take a second to get healthy, so that each has to be waited for.
func slowStart() map[string]sim.Behaviour {
	return map[string]sim.Behaviour{"1.1.0": {ReadyAfter: time.Second}, "1.2.0": {ReadyAfter: time.Second}}
}

func TestTwoDeploymentsInTurnSwapTheSlots(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.run("d1", sim.Deployment("1.1.0"))
		w.run("d2", sim.Deployment("1.2.0"))
		w.ends("d2", deploy.Succeeded)
		if got := w.state(); got.Active != deploy.Blue || got.Schema != 4 {
			t.Errorf("got %+v, want 1.2.0 in blue with schema 4", got)
		}
	})
}

func TestBadReleaseIsRolledBack(t *testing.T) {
	for name, test := range map[string]struct {
		behaviour sim.Behaviour
		want      string
		stage     string
	}{
		"never ready":          {sim.Behaviour{ReadyAfter: -1}, "Pilotage.Unhealthy", "Release"},
		"smoke test fails":     {sim.Behaviour{Status: 500}, "Pilotage.Unhealthy", "SmokeTest"},
		"migration fails":      {sim.Behaviour{FailingMigration: 4}, "Pilotage.MigrationIncomplete", "Migrate"},
		"regressed from 1 %":   {sim.Behaviour{ErrorRate: 0.5, ErrorsFrom: 1}, "Pilotage.Regressed", "Observe"},
		"regressed from 5 %":   {sim.Behaviour{ErrorRate: 0.5, ErrorsFrom: 5}, "Pilotage.Regressed", "Observe"},
		"regressed from 25 %":  {sim.Behaviour{ErrorRate: 0.5, ErrorsFrom: 25}, "Pilotage.Regressed", "Observe"},
		"regressed from 50 %":  {sim.Behaviour{ErrorRate: 0.5, ErrorsFrom: 50}, "Pilotage.Regressed", "Observe"},
		"regressed from 100 %": {sim.Behaviour{ErrorRate: 0.5, ErrorsFrom: 100}, "Pilotage.Regressed", "Observe"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{Behaviours: map[string]sim.Behaviour{"1.2.0": test.behaviour}}, func(t *testing.T, w world) {
				run := w.run("d1", sim.Deployment("1.2.0"))
				w.ends("d1", deploy.RolledBack)
				if run.Error != "Pilotage.RolledBack" {
					t.Errorf("got error %s (%s)", run.Error, run.Cause)
				}
				entry, err := w.Ledger.Locate(t.Context(), "d1")
				w.must(err)
				if entry.Error.Error != test.want || entry.Error.Stage != test.stage {
					t.Errorf("got %s in %s, want %s in %s", entry.Error.Error, entry.Error.Stage, test.want, test.stage)
				}
				if test.behaviour.ErrorsFrom > 0 {
					shifts := 0
					for _, state := range run.Path {
						if state == "Shift" {
							shifts++
						}
					}
					steps := sim.Environment(sim.Scope()).Strategy.Steps
					if steps[shifts-1].Weight != test.behaviour.ErrorsFrom {
						t.Errorf("it was found at %d %%, want %d %%", steps[shifts-1].Weight, test.behaviour.ErrorsFrom)
					}
				}
			})
		})
	}
}

func TestTrafficThatLagsIsWaitedForAndThenGivenUp(t *testing.T) {
	bubble(t, sim.Options{Lag: 20 * time.Second}, func(t *testing.T, w world) {
		run := w.run("d1", sim.Deployment("1.1.0"))
		w.ends("d1", deploy.Succeeded)
		if !slices.Contains(run.Path, "WaitForProof") {
			t.Errorf("got path %v, want WaitForProof in it", run.Path)
		}
	})
}

func TestSecondDeploymentQueuesBehindTheFirst(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		time.Sleep(10 * time.Second)
		run := w.run("d2", sim.Deployment("1.2.0"))
		w.ends("d1", deploy.Succeeded)
		w.ends("d2", deploy.Succeeded)
		if !slices.Contains(run.Path, "WaitForLock") {
			t.Errorf("got path %v, want WaitForLock in it", run.Path)
		}
		if got := w.state(); got.Live != "d2" {
			t.Errorf("%s is live, want d2", got.Live)
		}
	})
}

func TestSecondDeploymentIsRefusedWhereNobodyQueues(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Queue.Policy = deploy.QueueReject }}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		time.Sleep(10 * time.Second)
		run := w.run("d2", sim.Deployment("1.2.0"))
		w.ends("d1", deploy.Succeeded)
		if run.Error != "Pilotage.Refused" {
			t.Errorf("got %s, want Pilotage.Refused", run.Error)
		}
	})
}

// TestTransitionsOfFiveWeights: each costs money and history, so a state on the normal path must
// be worth it. A round of waiting is three: the wait, the question and the choice.
func TestTransitionsOfFiveWeights(t *testing.T) {
	bubble(t, sim.Options{Behaviours: slowStart()}, func(t *testing.T, w world) {
		run := w.run("d1", sim.Deployment("1.1.0"))
		count := len(run.Path)
		for _, state := range run.Path {
			if strings.HasPrefix(state, "WaitFor") {
				count -= 3
			}
		}
		const approval = 2 // Ask and Approve
		if want := 56; count+approval != want || want > 60 {
			t.Errorf("got %d transitions outside of loops, want %d, and at most 60", count+approval, want)
		}
	})
}
