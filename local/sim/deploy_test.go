package sim_test

import (
	"slices"
	"testing"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

func TestDeploy(t *testing.T) {
	bubble(t, sim.Options{}, func(w world) {
		run := w.run("d1", sim.Deployment("1.1.0"))
		w.ends("d1", deploy.Succeeded)
		t.Log(run.Path, run.Error, run.Cause, run.StopDate.Sub(run.StartDate))
		_ = slices.Equal(run.Path, nil)
		state := w.state()
		t.Logf("%+v", state)
	})
}
