package admission_test

import (
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/admission"
)

func TestStartedAtReadsIDs(t *testing.T) {
	at := time.Date(2026, 11, 24, 3, 15, 0, 0, time.UTC)
	if got, valid := admission.StartedAt(admission.NewDeploymentID(at, "abcdefgh")); !valid || !got.Equal(at) {
		t.Errorf("got %s and %v, want %s", got, valid, at)
	}
	for _, id := range []string{"", "d1", "20261124-031500", "20261124-031500x", "20261324-031500-abcdefgh", "seed-production", "yyyymmdd-hhmmss-abcdefgh"} {
		if got, valid := admission.StartedAt(id); valid {
			t.Errorf("%q: got %s, want none", id, got)
		}
	}
}
