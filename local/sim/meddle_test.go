package sim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

func TestRollbackByAPersonHaltsADeploymentAndTakesNothingElseBack(t *testing.T) {
	for name, test := range map[string]struct {
		mode  deploy.Mode
		after time.Duration
		stage string
	}{
		"standard, while the candidate starts":  {deploy.Standard, 10 * time.Second, "Release"},
		"standard, while a weight bakes":        {deploy.Standard, 80 * time.Second, "Observe"},
		"emergency, while the candidate starts": {deploy.Emergency, 10 * time.Second, "Release"},
		"emergency, while a weight bakes":       {deploy.Emergency, 80 * time.Second, "Observe"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{Behaviours: map[string]sim.Behaviour{"1.1.0": {ReadyAfter: 30 * time.Second}}}, func(t *testing.T, w world) {
				w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
				time.Sleep(test.after)
				w.run("r1", sim.Rollback(test.mode, ""))
				w.ends("d1", deploy.RolledBack)
				w.ends("r1", deploy.RolledBack)
				entry, err := w.Ledger.Locate(t.Context(), "d1")
				w.must(err)
				if entry.Error.Error != "Pilotage.Halted" || entry.Error.Stage != test.stage {
					t.Errorf("got %+v, want Halted in %s", entry.Error, test.stage)
				}
			})
		})
	}
}

func TestCandidateThatDiesGetsNoTraffic(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.OnEnter("deploy", "Shift", func(string) { w.Kill(deploy.Green) })
		run := w.run("d1", sim.Deployment("1.1.0"))
		w.ends("d1", deploy.RolledBack)
		want := "Shift: slot green has no healthy target (2 registered): no traffic is sent there"
		if got := message(run.Cause); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestWeightsChangedByHandHaltTheDeployment(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.OnEnter("deploy", "Prove", func(string) { w.Meddle(deploy.Split(deploy.Green, 7)) })
		run := w.run("d1", sim.Deployment("1.1.0"))
		w.ends("d1", deploy.RolledBack)
		want := "Prove: the weights were set to blue 99 % green 1 % and now are blue 93 % green 7 %: somebody else changed them"
		if got := message(run.Cause); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestOldSlotThatGotTrafficBackIsNotRetired(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.OnEnter("deploy", "Retire", func(string) { w.Meddle(deploy.Split(deploy.Green, 90)) })
		run := w.run("d1", sim.Deployment("1.1.0"))
		if !slices.Contains(run.Path, "ReportLeftover") || run.Error != "" {
			t.Errorf("got path %v and error %s, want ReportLeftover in it", run.Path, run.Error)
		}
		for _, violation := range w.Invariants(t.Context(), w.start) {
			if violation != "traffic is divided: blue 10 % green 90 %" {
				t.Error(violation)
			}
		}
	})
}

func TestMaintenancePageIsShownFromBeforeTheBackupUntilVerified(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Strategy.Maintenance = true }}, func(t *testing.T, w world) {
		seen := map[string]bool{}
		for _, state := range []string{"EnterMaintenance", "Backup", "Migrate", "Shift", "Verify", "Promote"} {
			w.OnEnter("deploy", state, func(string) { seen[state] = w.state().Maintenance })
		}
		w.run("d1", sim.Deployment("1.1.0"))
		w.ends("d1", deploy.Succeeded)
		for state, want := range map[string]bool{"EnterMaintenance": false, "Backup": true, "Migrate": true, "Shift": true, "Verify": true, "Promote": false} {
			if seen[state] != want {
				t.Errorf("the maintenance page at %s: got %v, want %v", state, seen[state], want)
			}
		}
	})
}

func TestLockTakenByForceStopsItsHolderAtOnce(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		var weights deploy.Weights
		w.OnEnter("deploy", "Shift", func(string) {
			weights = w.state().Weights
			_, _, err := w.Ledger.Acquire(t.Context(), ledger.Claim{Scope: sim.Scope(), Owner: "x", Execution: "arn:x", Force: ledger.TakeIt})
			w.must(err)
		})
		w.OnEnter("deploy", "LeaseLost", func(string) {
			if got := w.state().Weights; got != weights {
				t.Errorf("the weights are %s; they were %s when the lock was lost", got, weights)
			}
		})
		run := w.run("d1", sim.Deployment("1.1.0"))
		if run.Error != "Pilotage.LeaseLost" {
			t.Errorf("got %s, want Pilotage.LeaseLost", run.Error)
		}
		// The watchdog's rollback gets the lock once the thief's lease is over.
		w.ends("d1", deploy.RolledBack)
	})
}

func TestEmergencyThatTakesTheLockFromARollbackPagesNobody(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
		w.OnEnter("rollback", "RestoreTraffic", func(string) {
			w.must(w.Start(t.Context(), "r1", sim.Rollback(deploy.Emergency, "d1")))
			time.Sleep(2 * time.Minute)
		})
		run := w.run("d1", sim.Deployment("1.1.0"))
		if run.Error != "Pilotage.LeaseLost" || run.Next("CheckRollback") != "LeaseLost" {
			t.Errorf("got error %s and path %v, want LeaseLost", run.Error, run.Path)
		}
		w.ends("d1", deploy.RolledBack)
		w.ends("r1", deploy.RolledBack)
		for _, mail := range w.Mails() {
			if mail.Urgent {
				t.Errorf("%s was paged: %s", mail.To, mail.Subject)
			}
		}
		if hold, err := w.Ledger.Hold(t.Context(), sim.Scope()); err != nil || hold.Dirty {
			t.Errorf("got %+v and error %v, want no dirty hold", hold, err)
		}
	})
}

func TestLockTakenUnheardToRetireIsGivenBack(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.FailAt(sim.Fault{Machine: "deploy", At: "LockToRetire", Moment: sim.After, Error: sim.Crash})
		run := w.run("d1", sim.Deployment("1.1.0"))
		if run.Error != "" || !slices.Contains(run.Path, "ReportLeftover") {
			t.Errorf("got error %q and path %v, want ReportLeftover in it", run.Error, run.Path)
		}
		w.ends("d1", deploy.Succeeded)
	})
}
