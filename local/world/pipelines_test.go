package world_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/functions/intake"
	"github.com/pilotage/pilotage/local/bus"
	local "github.com/pilotage/pilotage/local/pipelines"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/pipelines"
)

// TestPipelinesBeginDeployments: by their success, and by an action that waits. Both are of a commit
// that nobody has published, so both are refused.
func TestPipelinesBeginDeployments(t *testing.T) {
	options, releases := options(t, []string{"staging"}, "1.0.0")
	staging := options.Settings.File.Environments["staging"]
	staging.Pipelines = []deploy.Pipeline{{Name: "build", Stage: "Publish"}}
	staging.Build.WhenMissing = deploy.MissingRefuse
	options.Settings.File.Environments["staging"] = staging
	w := open(t, options, "1.0.0")
	commit := strings.Repeat("0", 40)
	if commit == releases[0].Commit {
		t.Fatal("it is published")
	}

	w.Pipelines.Register("build", "e1", commit)
	for _, stage := range []string{"Publish", "Test"} {
		detail, err := json.Marshal(intake.PipelineChange{Pipeline: "build", Execution: "e1", Stage: stage, State: "SUCCEEDED"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Bus.Put(t.Context(), bus.Event{Source: intake.PipelineSource, DetailType: intake.PipelineStageEnd, Detail: detail}); err != nil {
			t.Fatal(err)
		}
	}
	byEvent := refused(t, w, func(source deploy.Source) bool { return source.Pipeline == "build" && source.Job == "" })
	if got := byEvent.Request.Source; got.Execution != "e1" || got.Commit != commit {
		t.Errorf("got %+v, want commit %s of execution e1", got, commit)
	}

	outcome, err := w.Pipelines.Run(t.Context(), local.Action{
		Origin: pipelines.Origin{Pipeline: "build", Stage: "Deploy", Action: "Staging", Execution: "e1"}, Function: "PipelineJob", Parameters: `{"environment": "staging"}`,
	})
	if err != nil || outcome.Succeeded() || outcome.Failure.Kind != pipelines.JobFailed || !strings.HasPrefix(outcome.Failure.Message, "refused: "+string(fault.Invalid)) {
		t.Errorf("got %+v and error %v, want the refusal", outcome, err)
	}
	byJob := refused(t, w, func(source deploy.Source) bool { return source.Job != "" })
	if byJob.ID != outcome.Deployment || byJob.Request.Source.Commit != commit {
		t.Errorf("got %+v, want deployment %s", byJob, outcome.Deployment)
	}
}

// refused waits for the one deployment from a source to be refused.
func refused(t *testing.T, w *world.World, from func(deploy.Source) bool) ledger.Deployment {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		entries, err := w.Ports.Ledger.Deployments(t.Context(), w.Scope("staging"), 100)
		if err != nil {
			t.Fatal(err)
		}
		var found []ledger.Deployment
		for _, entry := range entries {
			if from(entry.Request.Source) {
				found = append(found, entry)
			}
		}
		if len(found) == 1 && found[0].Outcome == deploy.Refused {
			return found[0]
		}
		if len(found) > 1 {
			t.Fatalf("got %d deployments, want one", len(found))
		}
		if err := w.Ports.Clock.Wait(t.Context(), 20*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("no deployment was refused in time")
	return ledger.Deployment{}
}
