package plan_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

// TestMigrationsThatDoNotFitAreRefusedBeforeAnythingIsChanged: what the migrator would refuse in
// the middle of a deployment, the plan refuses.
func TestMigrationsThatDoNotFitAreRefusedBeforeAnythingIsChanged(t *testing.T) {
	machines, err := sim.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*deploy.Release)
		want   string
	}{
		"changed after it was applied": {
			func(r *deploy.Release) { r.Migrations[0].Checksum = "another" }, "migration 1 was changed after it was applied",
		},
		"numbered too low": {
			func(r *deploy.Release) {
				r.Migrations = append(r.Migrations, deploy.Migration{Version: 3, Name: "late", Kind: deploy.Expand})
			}, "give this file the next free number",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, err := sim.New(sim.Options{Machines: machines})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = w.Close(context.Background()) }()
				live := sim.Releases()[2]
				live.Migrations = slices.DeleteFunc(live.Migrations, func(m deploy.Migration) bool { return m.Version == 3 })
				w.Publish(live)
				if err := w.GoLive(t.Context(), "1.2.0", deploy.Blue); err != nil {
					t.Fatal(err)
				}
				candidate := sim.Releases()[1]
				candidate.RequiresSchema = 1
				test.change(&candidate)
				w.Publish(candidate)
				run, err := w.Run(t.Context(), "d1", sim.Deployment("1.1.0"))
				if err != nil || run.Error != "Pilotage.Refused" || slices.Contains(run.Path, "Lock") {
					t.Errorf("got %q by %v and error %v, want a refusal in Plan", run.Error, run.Path, err)
				}
				if !strings.Contains(run.Cause, test.want) {
					t.Errorf("got %s, want %q in it", run.Cause, test.want)
				}
			})
		})
	}
}
