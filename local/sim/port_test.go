package sim_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// changes are the calls of ports that change something.
func changes() []string {
	return []string{
		"Balancer.SetWeights", "Balancer.SetMaintenance", "Fleet.Run", "Fleet.Scale", "Backups.CreateSnapshot",
		"Schema.Expand", "Schema.Revert", "Archive.Put", "Sender.Send", "Store.Put",
	}
}

// everyChange runs one world for each change that a scenario makes, which fails before and
// after its effect.
func everyChange(t *testing.T, class string, behaviour sim.Behaviour, judge func(t *testing.T, w world, call string)) {
	options := sim.Options{Behaviours: map[string]sim.Behaviour{"1.1.0": behaviour}}
	options.Configure = func(e *deploy.Environment) {
		e.Strategy.Maintenance, e.Strategy.SettleSeconds = true, 0
	}
	var runs atomic.Int64
	t.Run("fails", func(t *testing.T) {
		for _, call := range changes() {
			for _, moment := range []sim.Moment{sim.Before, sim.After} {
				t.Run(call+" "+string(moment), func(t *testing.T) {
					t.Parallel()
					for attempt, more := 1, true; more; attempt++ {
						bubble(t, options, func(t *testing.T, w world) {
							w.FailAt(sim.Fault{At: call, Attempt: attempt, Moment: moment, Error: class})
							w.run("d1", sim.Deployment("1.1.0"))
							if more = w.Struck() > 0; more {
								runs.Add(1)
								judge(t, w, call)
							}
							if t.Failed() {
								t.Fatalf("it was change number %d", attempt)
							}
						})
					}
				})
			}
		}
	})
	if got := runs.Load(); got < 75 {
		t.Errorf("%d changes failed in turn, want at least 75", got)
	}
}

// TestTransientFailureOfAnyChangeIsOvercome: whatever fails once, and whether or not it took
// effect, the deployment succeeds.
func TestTransientFailureOfAnyChangeIsOvercome(t *testing.T) {
	everyChange(t, "Pilotage.Transient", sim.Behaviour{}, func(t *testing.T, w world, call string) {
		w.soundBut(call)
		if got := w.state(); got != w.deployed() {
			t.Errorf("got %+v, want %+v", got, w.deployed())
		}
	})
}

// TestCrashInAnyChangeLeavesTheWorldWhole: whatever dies in the middle of any function, the
// world is as before or as deployed, or people were paged.
func TestCrashInAnyChangeLeavesTheWorldWhole(t *testing.T) {
	everyChange(t, sim.Crash, sim.Behaviour{}, func(t *testing.T, w world, call string) { w.wholeOrDirty(t, call) })
}

// TestCrashInAnyChangeOfARollback is the same for a release that does not work.
func TestCrashInAnyChangeOfARollback(t *testing.T) {
	everyChange(t, sim.Crash, sim.Behaviour{Status: 500}, func(t *testing.T, w world, call string) { w.wholeOrDirty(t, call) })
}

func (w world) wholeOrDirty(t *testing.T, call string) {
	// A lock whose release died after the end of a deployment is free once its lease is over.
	time.Sleep(ledger.DefaultLease + time.Minute)
	w.soundBut(call)
	hold, err := w.Ledger.Hold(t.Context(), sim.Scope())
	w.must(err)
	if hold.Dirty {
		return
	}
	if got := w.state(); got != w.start && got != w.deployed() {
		t.Errorf("the world is neither as before nor as deployed: %+v", got)
	}
}

// soundBut is sound but for what a mail or a mark that failed after its effect makes of a mail:
// people rather hear twice than never.
func (w world) soundBut(call string) {
	w.t.Helper()
	for _, violation := range w.Invariants(w.t.Context(), w.start) {
		twice := strings.HasPrefix(violation, "the mail") && (call == "Sender.Send" || call == "Store.Put")
		if !twice {
			w.t.Error(violation)
		}
	}
}
