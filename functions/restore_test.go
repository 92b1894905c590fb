package functions_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

// TestRestoreShowsItsPriceAndKeepsUsersOutUntilItIsVerified: nothing is acknowledged that the
// restored database will not have, and who chooses it has read what it loses.
func TestRestoreShowsItsPriceAndKeepsUsersOutUntilItIsVerified(t *testing.T) {
	machines, err := sim.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w, err := sim.New(sim.Options{Machines: machines})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = w.Close(context.Background()) }()
		if err := w.GoLive(t.Context(), "1.0.0", deploy.Blue); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Run(t.Context(), "d1", sim.Deployment("1.1.0")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		request := sim.Rollback(deploy.Emergency, "d1")
		request.Rollback.Schema = deploy.SchemaRestore
		run, err := w.Run(t.Context(), "r1", request)
		if err != nil || run.Error != "" {
			t.Fatalf("got %s (%s) and error %v", run.Error, run.Cause, err)
		}
		at := -1
		for _, state := range []string{"EnterMaintenance", "RestoreCapacity", "RestoreTraffic", "RestoreDatabase", "Verify", "RestoreMaintenance", "Hold"} {
			found := slices.Index(run.Path, state)
			if found <= at {
				t.Errorf("%s is number %d in %v, want it after number %d", state, found, run.Path, at)
			}
			at = found
		}
		entry, err := w.Ledger.Locate(t.Context(), "r1")
		if err != nil || !strings.Contains(entry.Plan.WayBack.Text, "It loses everything written since 2000-01-01 00:00:00 UTC.") {
			t.Errorf("got %q and error %v, want what it loses", entry.Plan.WayBack.Text, err)
		}
		if state, err := w.State(t.Context()); err != nil || state.Maintenance || state.Schema != 1 {
			t.Errorf("got %+v and error %v, want schema 1 and users let in", state, err)
		}
		told := false
		for _, mail := range w.Mails() {
			told = told || strings.Contains(mail.Subject, "back to 1.0.0") && strings.Contains(mail.Body, "all writes of the last 2")
		}
		if !told {
			t.Errorf("no mail says how long ago that was: %+v", w.Mails())
		}
	})
}
