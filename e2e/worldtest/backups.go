package worldtest

import (
	"net/http"
	"testing"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Backups tests database.Backups: a snapshot brings back the schema that was there when it was
// taken, and the service gets on.
func Backups(t *testing.T, s Subject) {
	good, lost := s.leases(t)
	s.runNext(t, good)
	instance := s.environment(t).Database.Instance
	const id = "contract-1"
	snapshot := func() database.Snapshot {
		t.Helper()
		found, err := s.World.Backups.Snapshot(t.Context(), instance, id)
		must(t, err)
		return found
	}
	if got := snapshot(); got.Status != database.Absent {
		t.Errorf("before it was taken: got %+v, want it absent", got)
	}
	refused(t, "a snapshot under a lost lease", s.World.Backups.CreateSnapshot(t.Context(), lost, instance, id), fault.LeaseLost)
	refused(t, "a snapshot of an unknown instance", s.World.Backups.CreateSnapshot(t.Context(), good, "no-such-instance", id), fault.Invalid)
	if got := snapshot(); got.Status != database.Absent {
		t.Errorf("what was refused has status %s", got.Status)
	}
	before := s.Clock.Now()
	for range 2 {
		must(t, s.World.Backups.CreateSnapshot(t.Context(), good, instance, id))
	}
	s.until(t, "the snapshot is available", func() bool { return snapshot().Status == database.Available })
	taken := snapshot()
	if taken.ID != id || taken.Bytes <= 0 || taken.Percent != 100 || taken.At.Before(before.Add(-s.Within)) || taken.At.After(s.Clock.Now()) {
		t.Errorf("got snapshot %+v", taken)
	}

	live, next := s.versions()
	_, err := s.World.Schema.Revert(t.Context(), good, s.change(t, live))
	must(t, err)
	_, err = s.World.Backups.Restore(t.Context(), lost, instance, id)
	refused(t, "a restore under a lost lease", err, fault.LeaseLost)
	if _, err = s.World.Backups.Restore(t.Context(), good, instance, "no-such-snapshot"); err == nil {
		t.Error("a restore from a snapshot that is not there was accepted")
	}
	restored := func() bool {
		got, err := s.World.Backups.Restore(t.Context(), good, instance, id)
		must(t, err)
		if got.Status != database.Creating && got.Status != database.Available {
			t.Fatalf("the restore: got %+v", got)
		}
		return got.Status == database.Available
	}
	s.until(t, "the instance is restored", restored)
	if !restored() {
		t.Error("asked again, the restore is under way again")
	}
	if got, err := s.World.Schema.Version(t.Context(), instance); err != nil || got != next {
		t.Errorf("after the restore: got schema version %d and error %v, want %d", got, err, next)
	}
	s.until(t, "the service works on the restored database", func() bool {
		return s.call(t, traffic.Call{Method: http.MethodGet, Path: s.Works}).Status == http.StatusOK
	})
}
