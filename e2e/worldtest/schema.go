package worldtest

import (
	"testing"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/fault"
)

// Schema tests database.Schema. It leaves the schema as it was.
func Schema(t *testing.T, s Subject) {
	good, lost := s.leases(t)
	live, next := s.versions()
	up, down := s.change(t, next), s.change(t, live)
	at := func(want int64) {
		t.Helper()
		if got, err := s.World.Schema.Version(t.Context(), up.Instance); err != nil || got != want {
			t.Errorf("got schema version %d and error %v, want %d", got, err, want)
		}
	}
	at(live)
	_, err := s.World.Schema.Expand(t.Context(), lost, up)
	refused(t, "expand under a lost lease", err, fault.LeaseLost)
	at(live)
	changed, err := s.World.Schema.Expand(t.Context(), good, up)
	must(t, err)
	if changed.From != live || changed.To != next || len(changed.Done) != len(s.Next.Migrations)-len(s.Live.Migrations) {
		t.Errorf("expand: got %+v, want from %d to %d", changed, live, next)
	}
	at(next)
	again, err := s.World.Schema.Expand(t.Context(), good, up)
	if err != nil || again.To != next || len(again.Done) > 0 {
		t.Errorf("expand again: got %+v and error %v, want nothing done", again, err)
	}
	_, err = s.World.Schema.Revert(t.Context(), lost, down)
	refused(t, "revert under a lost lease", err, fault.LeaseLost)
	at(next)
	for range 2 {
		back, err := s.World.Schema.Revert(t.Context(), good, down)
		if err != nil || back.To != live {
			t.Errorf("revert: got %+v and error %v, want to %d", back, err, live)
		}
	}
	at(live)

	nowhere, nothing := up, up
	nowhere.Instance, nothing.Release = "no-such-instance", "sha256:0000"
	for name, change := range map[string]database.Change{"an unknown instance": nowhere, "an unknown release": nothing} {
		_, err := s.World.Schema.Expand(t.Context(), good, change)
		refused(t, name, err, fault.Invalid)
	}
	_, err = s.World.Schema.Version(t.Context(), nowhere.Instance)
	refused(t, "the version of an unknown instance", err, fault.Invalid)
}
