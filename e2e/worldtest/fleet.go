package worldtest

import (
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Fleet tests fleet.Fleet. It leaves the green slot empty.
func Fleet(t *testing.T, s Subject) {
	good, lost := s.leases(t)
	if blue := s.describe(t, deploy.Blue); !blue.Ready() || blue.Digest != s.Live.Digest || blue.Version != s.Live.Version || blue.Definition == "" {
		t.Errorf("blue: got %+v, want %s ready", blue, s.Live.Version)
	}
	if green := s.describe(t, deploy.Green); green.Running != 0 || green.Count != 0 {
		t.Errorf("green: got %+v, want nothing", green)
	}
	fleetRefuses(t, s, good, lost)
	s.runNext(t, good)
	first := s.describe(t, deploy.Green)
	if first.Digest != s.Next.Digest || first.Version != s.Next.Version || first.Running != 1 || first.Definition == "" {
		t.Errorf("green: got %+v, want one task of %s", first, s.Next.Version)
	}
	// The same again, and then by the definition that was made, as a rollback asks for it.
	order := s.order(t)
	for _, definition := range []string{"", first.Definition} {
		order.Workload.Definition = definition
		used, err := s.World.Fleet.Run(t.Context(), good, s.Scope, order)
		if err != nil || used != first.Definition {
			t.Errorf("run again: got definition %q and error %v, want %q", used, err, first.Definition)
		}
	}
	for _, count := range []int{2, 2, 0} {
		must(t, s.World.Fleet.Scale(t.Context(), good, s.Scope, deploy.Green, count))
		s.until(t, "the slot has as many as it should", func() bool {
			state := s.describe(t, deploy.Green)
			return state.Count == count && state.Running == count && state.Healthy == count
		})
	}
	if left := s.describe(t, deploy.Green); left.Digest != s.Next.Digest {
		t.Errorf("an emptied slot: got %+v, want it to remember %s", left, s.Next.Version)
	}
}

func fleetRefuses(t *testing.T, s Subject, good, lost deploy.Lease) {
	t.Helper()
	order, nothing := s.order(t), s.order(t)
	nothing.Workload.Digest = "sha256:0000"
	_, err := s.World.Fleet.Run(t.Context(), lost, s.Scope, order)
	refused(t, "run under a lost lease", err, fault.LeaseLost)
	refused(t, "scale under a lost lease", s.World.Fleet.Scale(t.Context(), lost, s.Scope, deploy.Blue, 0), fault.LeaseLost)
	_, err = s.World.Fleet.Run(t.Context(), good, s.Scope, nothing)
	refused(t, "run a release without artefact", err, fault.Invalid)
	_, err = s.World.Fleet.Describe(t.Context(), s.unknown(), deploy.Blue)
	refused(t, "describe an unknown scope", err, fault.Invalid)
	if blue, green := s.describe(t, deploy.Blue), s.describe(t, deploy.Green); !blue.Ready() || green.Running != 0 {
		t.Errorf("what was refused changed something: %+v %+v", blue, green)
	}
}
