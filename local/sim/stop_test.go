package sim_test

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/statemachine"
)

// states are the names of a definition's states of some types.
func states(t *testing.T, definition []byte, types ...string) []string {
	t.Helper()
	var read struct {
		States map[string]struct{ Type string }
	}
	if err := json.Unmarshal(definition, &read); err != nil {
		t.Fatal(err)
	}
	var found []string
	for name, state := range read.States {
		if slices.Contains(types, state.Type) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// TestStopAtEveryState stops the execution by hand as it enters each state, and around each
// function: the watchdog finishes what was begun, and nobody has to know how.
func TestStopAtEveryState(t *testing.T) {
	for machine, definition := range map[string][]byte{"deploy": statemachine.Deploy(), "rollback": statemachine.Rollback()} {
		for _, state := range states(t, definition, "Pass", "Task", "Choice", "Wait") {
			t.Run(machine+"/"+state+"/on entry", func(t *testing.T) {
				t.Parallel()
				stops(t, drive{catch: catch{machine: machine, state: state}}, func(w world) { w.StopAt(machine, state) })
			})
		}
		for _, state := range states(t, definition, "Task") {
			if machine == "deploy" && state == "Rollback" {
				continue // it has no function
			}
			for _, moment := range []sim.Moment{sim.Before, sim.After} {
				t.Run(machine+"/"+state+"/"+string(moment)+" the function", func(t *testing.T) {
					t.Parallel()
					d := drive{catch: catch{machine: machine, state: state}, moment: moment}
					stops(t, d, func(w world) {
						w.FailAt(sim.Fault{Machine: machine, At: state, Attempt: 1, Moment: moment, Error: sim.Stop})
					})
				})
			}
		}
	}
}

func stops(t *testing.T, d drive, plan func(w world)) {
	// The waiting states share the scenario of the state that they wait for.
	switch d.state {
	case "WaitForDatabase", "CheckDatabase":
		d.state = "RestoreDatabase"
	case "JudgeRefusal":
		d.state = "RecordRefusal"
	}
	options := sim.Options{Configure: d.configure, Behaviours: slowStart(), SnapshotFor: 3e9, Unpublished: d.unpublished()}
	switch d.state {
	case "WaitForProof":
		options.Lag = 3e9
	case "WaitForCapacity":
		options.Behaviours["1.0.0"] = sim.Behaviour{ReadyAfter: 1e9}
	}
	bubble(t, options, func(t *testing.T, w world) {
		plan(w)
		switch d.state {
		case "WaitForLock":
			w.must(w.Start(t.Context(), "d0", sim.Deployment("1.2.0")))
			synctest.Wait()
		case "WaitToObserve":
			w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds = 120 })
		}
		id := d.scenario(t, w)
		run, err := w.Finish(t.Context(), id)
		w.must(err)
		if w.Struck() == 0 {
			t.Fatalf("nobody stopped it; the path was %v", run.Path)
		}
		w.sound()
		w.whole(d)
	})
}

// whole checks that the world is one of those that a person expects: as before, or as
// deployed with that in the ledger. A rollback that was stopped before its record began is
// nobody's to finish: its deployment has paged.
func (w world) whole(d drive) {
	w.t.Helper()
	if d.machine == "rollback" && d.moment == "" && (d.state == "Begin" || d.state == "Plan") {
		hold, err := w.Ledger.Hold(w.t.Context(), sim.Scope())
		w.must(err)
		if !hold.Dirty {
			w.t.Error("there is no dirty hold")
		}
		return
	}
	got, others := w.state(), w.deployed()
	if d.machine == "deploy" && d.state == "WaitForLock" {
		// The deployment that it waited for goes on to its own end.
		others.Digest, others.Schema, others.Live = sim.Releases()[2].Digest, 4, "d0"
	}
	if got != w.start && got != others {
		w.t.Errorf("the world is neither as before nor as deployed: %+v", got)
	}
}

// TestRollbackStoppedAgainAndAgainCallsForAPerson: the watchdog tries three times, and then
// nothing is left open in silence.
func TestRollbackStoppedAgainAndAgainCallsForAPerson(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.StopAt("deploy", "Verify")
		w.FailAt(sim.Fault{Machine: "rollback", At: "RestoreTraffic", Moment: sim.Before, Error: sim.Stop})
		w.run("d1", sim.Deployment("1.1.0"))
		w.ends("d1", deploy.FailedDirty)
		for _, id := range []string{"d1-watchdog-1", "d1-watchdog-2", "d1-watchdog-3"} {
			w.ends(id, deploy.FailedDirty)
		}
		hold, err := w.Ledger.Hold(t.Context(), sim.Scope())
		w.must(err)
		if !hold.Dirty || hold.Deployment != "d1" {
			t.Errorf("got %+v, want a dirty hold because of d1", hold)
		}
	})
}

// TestDirtyDeploymentIsTakenBackByARollbackThatNamesNone: it is what people mean, and not the
// good one before it; and what it died with does not keep them waiting.
func TestDirtyDeploymentIsTakenBackByARollbackThatNamesNone(t *testing.T) {
	for _, mode := range []deploy.Mode{deploy.Standard, deploy.Emergency} {
		t.Run(string(mode), func(t *testing.T) {
			bubble(t, sim.Options{}, func(t *testing.T, w world) {
				w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
				w.FailAt(sim.Fault{Machine: "rollback", At: "RestoreTraffic", Attempt: 1, Moment: sim.Before, Error: "Pilotage.Internal"})
				w.run("d1", sim.Deployment("1.1.0"))
				w.ends("d1", deploy.FailedDirty)
				begun := time.Now()
				w.run("r1", sim.Rollback(mode, ""))
				w.ends("r1", deploy.RolledBack)
				w.ends("d1", deploy.RolledBack)
				w.unchanged()
				if took := time.Since(begun); took > time.Minute {
					t.Errorf("it took %s, want less than a minute", took)
				}
			})
		})
	}
}

// TestPersonsRollbackThatFailsIsBegunAnew: after a person's rollback ended dirty in its last
// steps, another that names nothing takes the same deployment back, and not the one before.
func TestPersonsRollbackThatFailsIsBegunAnew(t *testing.T) {
	for _, state := range []string{"RestoreTraffic", "Hold", "Record", "Unlock"} {
		t.Run(state, func(t *testing.T) {
			bubble(t, sim.Options{}, func(t *testing.T, w world) {
				w.run("d1", sim.Deployment("1.1.0"))
				w.FailAt(sim.Fault{Machine: "rollback", At: state, Attempt: 1, Moment: sim.Before, Error: "Pilotage.Internal"})
				w.run("r1", sim.Rollback(deploy.Standard, ""))
				w.ends("r1", deploy.FailedDirty)
				hold, err := w.Ledger.Hold(t.Context(), sim.Scope())
				w.must(err)
				if !hold.Dirty || hold.Deployment != "d1" {
					t.Errorf("got %+v, want a dirty hold because of d1", hold)
				}
				w.run("r2", sim.Rollback(deploy.Standard, ""))
				w.ends("r2", deploy.RolledBack)
				w.unchanged()
			})
		})
	}
}
