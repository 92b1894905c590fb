package sim_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	local "github.com/pilotage/pilotage/local/pipelines"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/pipelines"
)

// action deploys the commit of a release to Scope, and waits for the outcome.
func action(version string) local.Action {
	release := sim.Releases()[slices.IndexFunc(sim.Releases(), func(r deploy.Release) bool { return r.Version == version })]
	return local.Action{
		Origin:   pipelines.Origin{Pipeline: "build", Stage: "Deploy", Action: "Production", Execution: "e1"},
		Function: "PipelineJob", Parameters: `{"environment": "production"}`, Revisions: []string{release.Commit},
	}
}

// deployment is the one that the action began.
func (w world) deployment(outcome local.Outcome) string {
	w.t.Helper()
	entry, err := w.Ledger.Locate(w.t.Context(), outcome.Deployment)
	w.must(err)
	if entry.Request.Source.Kind != deploy.FromCodePipeline || entry.Request.Source.Job == "" || entry.Request.Source.Pipeline != "build" {
		w.t.Errorf("%s comes from %+v, want the job of a pipeline", entry.ID, entry.Request.Source)
	}
	return entry.ID
}

// act runs the action until nothing runs any more, and checks the last answer: no job may be left
// without one, and none of those before it ends the action.
func (w world) act(a local.Action) local.Outcome {
	w.t.Helper()
	outcome := w.Act(a)()
	_, err := w.Finish(w.t.Context(), w.deployment(outcome))
	w.must(err)
	if strings.Contains(outcome.Failure.Message, "no answer") || len(outcome.Answers) < 2 {
		w.t.Errorf("got %+v, want an answer to each of several jobs", outcome)
	}
	return outcome
}

func TestActionOfAPipelineWaitsForTheOutcome(t *testing.T) {
	for name, test := range map[string]struct {
		options sim.Options
		plan    func(w world)
		want    deploy.Outcome
		says    string
	}{
		"success":  {want: deploy.Succeeded, says: "1.1.0 is live in production; the record is records/"},
		"rollback": {options: sim.Options{Behaviours: map[string]sim.Behaviour{"1.1.0": {Status: 500}}}, want: deploy.RolledBack, says: "rolled-back: Pilotage.Unhealthy in SmokeTest"},
		"refusal": {
			options: sim.Options{Configure: func(e *deploy.Environment) { e.Evidence = []string{"a check that nobody made"} }},
			want:    deploy.Refused, says: "refused: Pilotage.Denied in Validate",
		},
		"stopped in the console before anything was changed": {
			plan: func(w world) { w.StopAt("deploy", "Announce") }, want: deploy.Refused, says: "refused: Pilotage.Halted in execution: the execution ended as ABORTED",
		},
		"stopped in the console": {
			plan: func(w world) { w.StopAt("deploy", "Observe") }, want: deploy.RolledBack, says: "rolled-back: Pilotage.Halted in execution: the execution ended as ABORTED",
		},
		"failed dirty": {
			plan: func(w world) {
				w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
				w.FailAt(sim.Fault{Machine: "rollback", At: "RestoreTraffic", Moment: sim.Before, Error: "Pilotage.Internal"})
			},
			want: deploy.FailedDirty, says: "failed-dirty: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, test.options, func(t *testing.T, w world) {
				if test.plan != nil {
					test.plan(w)
				}
				outcome := w.act(action("1.1.0"))
				w.ends(w.deployment(outcome), test.want)
				last := outcome.Answers[len(outcome.Answers)-1]
				if outcome.Succeeded() != (test.want == deploy.Succeeded) || !strings.HasPrefix(last, test.says) {
					t.Errorf("got %+v, want %s that says %q", outcome, test.want, test.says)
				}
			})
		})
	}
}

// TestActionOutlivesTheTimeOfAJob waits for people for hours: CodePipeline gives a job 20 minutes.
func TestActionOutlivesTheTimeOfAJob(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Approval.Required, e.Approval.ExpiresSeconds = true, 4*3600 }}, func(t *testing.T, w world) {
		done := w.Act(action("1.1.0"))
		time.Sleep(3 * time.Hour)
		status, err := w.Vote(t.Context(), sim.Approver, "approve")
		if w.must(err); status >= 300 {
			t.Fatalf("the vote was answered with %d", status)
		}
		outcome := done()
		w.ends(w.deployment(outcome), deploy.Succeeded)
		if !outcome.Succeeded() || len(outcome.Answers) < 360 {
			t.Errorf("got %d answers and %+v, want success after one every half a minute", len(outcome.Answers), outcome.Failure)
		}
	})
}

// TestActionHearsOfAnExecutionThatNeverBegan: it was stopped before its first state, so that the
// ledger has nothing of it.
func TestActionHearsOfAnExecutionThatNeverBegan(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.StopAt("deploy", "Begin")
		began := time.Now()
		outcome := w.Act(action("1.1.0"))()
		if w.Struck() == 0 || outcome.Succeeded() || !strings.Contains(outcome.Failure.Message, "left no trace") || time.Since(began) > 11*time.Minute {
			t.Errorf("got %+v after %s", outcome, time.Since(began))
		}
		w.sound()
	})
}

// TestActionHasOneEndUnderEveryFault fails and kills each call of the answer, before its effect
// and after it: the action ends as the deployment does.
func TestActionHasOneEndUnderEveryFault(t *testing.T) {
	for _, call := range []string{"Jobs.Origin", "Jobs.Continue", "Jobs.Succeed", "Jobs.Fail", "Executions.Start", "Store.Put"} {
		for _, moment := range []sim.Moment{sim.Before, sim.After} {
			for _, kind := range []string{"Pilotage.Transient", sim.Crash} {
				t.Run(call+" "+string(moment)+" "+kind, func(t *testing.T) {
					t.Parallel()
					var options sim.Options
					if call == "Jobs.Fail" {
						options.Behaviours = map[string]sim.Behaviour{"1.1.0": {Status: 500}}
					}
					bubble(t, options, func(t *testing.T, w world) {
						w.FailAt(sim.Fault{At: call, Attempt: 1, Moment: moment, Error: kind})
						outcome := w.Act(action("1.1.0"))()
						if w.Struck() == 0 {
							t.Fatal("nothing failed")
						}
						_, err := w.Finish(t.Context(), outcome.Deployment)
						w.must(err)
						entries, err := w.Ledger.Deployments(t.Context(), sim.Scope(), 10)
						w.must(err)
						var begun []ledger.Deployment
						for _, entry := range entries {
							if entry.Request.Source.Job != "" {
								begun = append(begun, entry)
							}
						}
						if len(begun) != 1 || outcome.Succeeded() != (begun[0].Outcome == deploy.Succeeded) || outcome.Succeeded() != (call != "Jobs.Fail") {
							t.Errorf("got %+v of %d deployments, want one, and its end", outcome, len(begun))
						}
						w.sound()
					})
				})
			}
		}
	}
}

// TestTwoActionsAtOnceAreTwoWishes: each has its own end.
func TestTwoActionsAtOnceAreTwoWishes(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		first := w.Act(action("1.1.0"))
		synctest.Wait()
		second := w.Act(action("1.2.0"))
		one, two := first(), second()
		if !one.Succeeded() || !two.Succeeded() || one.Deployment == two.Deployment {
			t.Errorf("got %+v and %+v, want both to succeed, one after the other", one, two)
		}
		_, err := w.Finish(t.Context(), two.Deployment)
		w.must(err)
		w.sound()
	})
}
