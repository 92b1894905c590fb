package sim_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

// yields lets d1 come under the lock and give it back, for its plan has changed meanwhile.
func (w world) yields() {
	w.t.Helper()
	w.begin("1.1.0")
	w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds++ })
	w.vote(sim.Approver, approval.Approve, 200)
	run, err := w.Result(w.t.Context(), "d1")
	w.must(err)
	if got := run.Next("YieldLock"); got != "Announce" {
		w.t.Fatalf("YieldLock was followed by %q, want Announce: %v", got, run.Path)
	}
}

// TestWhoGaveTheLockBackIsSupersededToo: voted on again, it must not be deployed over what is newer.
func TestWhoGaveTheLockBackIsSupersededToo(t *testing.T) {
	configure := func(e *deploy.Environment) { e.Queue.Policy, e.Approval.Required = deploy.QueueSupersede, true }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.yields()
		w.must(w.Start(t.Context(), "d2", sim.Deployment("1.2.0")))
		time.Sleep(time.Second)
		synctest.Wait()
		if outcome, class := w.outcome("d1"); outcome != deploy.Refused || class != "Pilotage.Locked" {
			t.Errorf("d1 is %q (%s), want it superseded", outcome, class)
		}
		w.vote(sim.Approver, approval.Approve, 200)
		_, err := w.Finish(t.Context(), "d2")
		w.must(err)
		w.ends("d2", deploy.Succeeded)
	})
}

// TestWhoGaveTheLockBackKeepsItsPlace: those that came later wait for it, as before.
func TestWhoGaveTheLockBackKeepsItsPlace(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Approval.Required = true }}, func(t *testing.T, w world) {
		w.yields()
		w.must(w.Start(t.Context(), "d2", sim.Deployment("1.2.0")))
		time.Sleep(time.Second)
		synctest.Wait()
		place, err := w.Ledger.Turn(t.Context(), sim.Scope(), "d2")
		w.must(err)
		if len(place.Ahead) != 1 || place.Ahead[0] != "d1" {
			t.Errorf("%v are ahead of d2, want d1", place.Ahead)
		}
	})
}
