package sim_test

import (
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// end is how a driven execution has to end.
type end struct {
	// err is the error of the execution itself, outcome that of its record once the watchdog
	// has done what it had to.
	err     string
	outcome deploy.Outcome
	// live is the deployment that is live then; empty for failed-dirty, where nobody can say.
	live string
}

func (d drive) end() end {
	switch {
	case d.machine == "rollback":
		return d.rollbackEnd()
	case d.state == "RecordRefusal" && d.moment == sim.Before:
		// The record stayed open, and the watchdog closed it: there was no plan under the lock.
		return end{"Pilotage.Refused", deploy.Refused, "before"}
	case d.state == "Page" && d.moment == sim.Before:
		return end{"Pilotage.FailedDirty", deploy.RolledBack, "before"}
	case d.state == "Build" && d.moment == sim.After:
		// What counts is the catalog, and the release is there.
		return end{"", deploy.Succeeded, "d1"}
	}
	return map[string]end{
		"Validate": {"Pilotage.Refused", deploy.Refused, "before"},
		// Asked again, nobody decides in time.
		"Ask":            {"Pilotage.Refused", deploy.Refused, "before"},
		"RecordRefusal":  {"Pilotage.Refused", deploy.Refused, "before"},
		"UnlockRefused":  {"Pilotage.Refused", deploy.Refused, "before"},
		"Refused":        {"Pilotage.Refused", deploy.Refused, "before"},
		"Rollback":       {"Pilotage.RolledBack", deploy.RolledBack, "before"},
		"CheckRollback":  {"Pilotage.FailedDirty", deploy.FailedDirty, ""},
		"LeaseLost":      {"Pilotage.LeaseLost", deploy.RolledBack, "before"},
		"Page":           {"Pilotage.FailedDirty", deploy.FailedDirty, ""},
		"FailedDirty":    {"Pilotage.FailedDirty", deploy.FailedDirty, ""},
		"UnlockRetired":  {"", deploy.Succeeded, "d1"},
		"ReportLeftover": {"", deploy.Succeeded, "d1"},
		"Succeeded":      {"", deploy.Succeeded, "d1"},
	}[d.next]
}

func (d drive) rollbackEnd() end {
	byHand := map[string]bool{"Ask": true, "Approve": true, "YieldLock": true, "RecordRefusal": true, "UnlockRefused": true}
	switch {
	case d.next == "JudgeRefusal" && !byHand[d.state]:
		return end{"Pilotage.FailedDirty", deploy.FailedDirty, ""}
	case d.state == "Page" && d.moment == sim.Before:
		return end{"Pilotage.FailedDirty", deploy.RolledBack, "before"}
	}
	return map[string]end{
		"Ask":           {"Pilotage.Refused", deploy.Refused, "d1"},
		"JudgeRefusal":  {"Pilotage.Refused", deploy.Refused, "d1"},
		"UnlockRefused": {"Pilotage.Refused", deploy.Refused, "d1"},
		"Refused":       {"Pilotage.Refused", deploy.Refused, "d1"},
		"LeaseLost":     {"Pilotage.LeaseLost", deploy.RolledBack, "before"},
		"CheckApproval": {"", deploy.RolledBack, "before"},
		"CheckSchema":   {"", deploy.RolledBack, "before"},
		"Page":          {"Pilotage.FailedDirty", deploy.FailedDirty, ""},
		"FailedDirty":   {"Pilotage.FailedDirty", deploy.FailedDirty, ""},
	}[d.next]
}

// judge checks the end of a driven execution, and the world after it.
func (d drive) judge(t *testing.T, w world, run sim.Run) {
	want := d.end()
	if run.Error != want.err {
		t.Errorf("the execution ended with %q, want %q", run.Error, want.err)
	}
	entry, err := w.Ledger.Locate(t.Context(), run.Name)
	w.must(err)
	if entry.Outcome != want.outcome {
		t.Errorf("the outcome is %q, want %q", entry.Outcome, want.outcome)
	}
	if d.machine == "deploy" && d.next == "ReportLeftover" {
		// What could not be unlocked after the end is free once the lease is over.
		time.Sleep(ledger.DefaultLease + time.Minute)
	}
	w.sound()
	hold, err := w.Ledger.Hold(t.Context(), sim.Scope())
	w.must(err)
	lock, err := w.Ledger.Lock(t.Context(), sim.Scope())
	w.must(err)
	switch want.live {
	case "":
		if !hold.Dirty {
			t.Error("a failed-dirty end has no dirty hold")
		}
	case "before":
		w.unchanged()
	default:
		if got := w.state(); got != w.deployed() {
			t.Errorf("the world is\n%+v, want\n%+v", got, w.deployed())
		}
	}
	if want.live != "" && lock.Owner != "" && w.World.World.Clock.Now().Before(lock.ExpiresAt) {
		t.Errorf("%s still holds the lock", lock.Owner)
	}
}

// deployed is the world after 1.1.0 went live.
func (w world) deployed() sim.State {
	return sim.State{
		Weights: deploy.Split(deploy.Green, 100), Active: deploy.Green, Digest: sim.Releases()[1].Digest,
		Count: 2, Healthy: 2, Schema: 2, Live: "d1",
	}
}
