package functions_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

// TestRollbackWithAMisspeltFieldIsRefused: what a person meant by a word must not be ignored.
func TestRollbackWithAMisspeltFieldIsRefused(t *testing.T) {
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
		for id, test := range map[string]struct {
			rollback map[string]any
			want     string
		}{
			"r1": {map[string]any{"mode": "emergency", "shcema": "restore"}, `read the request: unknown field \"shcema\"`},
			"r3": {map[string]any{"mode": "automatic", "deployment": "d1"}, `which only a deployment that failed starts by itself`},
			"r2": {map[string]any{"mode": 7}, `the request's field \"rollback.mode\" is a JSON number`},
		} {
			request := map[string]any{
				"kind": "rollback", "scope": sim.Scope(), "requestedBy": sim.Requester, "reason": "users complain", "rollback": test.rollback,
			}
			run, err := w.Run(t.Context(), id, request)
			if err != nil || run.Error != "Pilotage.Refused" || !strings.Contains(run.Cause, test.want) {
				t.Errorf("got %s (%s) and error %v, want %s", run.Error, run.Cause, err, test.want)
			}
		}
		if state, err := w.State(t.Context()); err != nil || state.Live != "d1" {
			t.Errorf("got %+v and error %v, want d1 live", state, err)
		}
	})
}
