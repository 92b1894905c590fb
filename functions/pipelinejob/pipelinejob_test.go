package pipelinejob_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/functions/pipelinejob"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/pipelines"
)

const (
	commit = "0123456789abcdef0123456789abcdef01234567"
	other  = "e0c7a1d32308ca3071aa7bab414de234ab52eeaa"
)

// world is CodePipeline, Step Functions and the settings around one function.
type world struct {
	t      *testing.T
	ledger *ledger.Ledger

	mu sync.Mutex
	// commits are those of the one execution; origin is that of every job.
	commits []string
	origin  pipelines.Origin
	// started are the inputs of executions by name.
	started map[string]deploy.Request
	// answers are by job; each has one.
	answers map[string]string
	kinds   map[string]pipelines.Kind
	// attempts counts the answers that were given, heard or not.
	attempts int
	// fail and lose plan errors: before the effect of a call, and after it.
	fail, lose map[string]error
}

func bubble(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(&world{
			t: t, ledger: &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}},
			origin:  pipelines.Origin{Pipeline: "build", Stage: "Deploy", Action: "Staging", Execution: "e1"},
			started: map[string]deploy.Request{}, answers: map[string]string{}, kinds: map[string]pipelines.Kind{},
			fail: map[string]error{}, lose: map[string]error{},
		})
	})
}

func (w *world) All(context.Context) ([]deploy.Configured, error) {
	production := sim.Environment(sim.Scope())
	production.PromoteFrom = "staging"
	second := sim.Scope()
	second.Service = "other-app"
	return []deploy.Configured{
		{Scope: sim.Staging(), Repository: sim.Repository, Environment: sim.Environment(sim.Staging())},
		{Scope: sim.Scope(), Repository: sim.Repository, Environment: production},
		{Scope: second, Repository: "example/other-app", Environment: production},
	}, w.fail["All"]
}

func (w *world) Commits(_ context.Context, pipeline, execution string) ([]string, error) {
	if pipeline != "build" || execution != "e1" {
		return nil, fault.New(fault.Invalid, "there is no execution %s of %s", execution, pipeline)
	}
	return w.commits, w.fail["Commits"]
}

func (w *world) Start(_ context.Context, machine, name string, input json.RawMessage) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fail["Start"]; err != nil {
		return "", err
	}
	var request deploy.Request
	if err := json.Unmarshal(input, &request); err != nil || machine != "deploy" {
		w.t.Errorf("%s was started with %s", machine, input)
	}
	w.started[name] = request
	return "arn:" + name, w.lose["Start"]
}

func (w *world) Origin(context.Context, string) (pipelines.Origin, error) {
	if err := w.fail["Origin"]; err != nil {
		return pipelines.Origin{}, err
	}
	return w.origin, nil
}

func (w *world) Continue(_ context.Context, job, token string, state pipelines.State) error {
	return w.answer("Continue", job, fmt.Sprintf("continue %s: %s", token, state.Summary))
}

func (w *world) Succeed(_ context.Context, job string, state pipelines.State) error {
	return w.answer("Succeed", job, fmt.Sprintf("succeed %s: %s", state.Deployment, state.Summary))
}

func (w *world) Fail(_ context.Context, job string, failure pipelines.Failure) error {
	w.mu.Lock()
	w.kinds[job] = failure.Kind
	w.mu.Unlock()
	return w.answer("Fail", job, fmt.Sprintf("fail %s: %s", failure.Deployment, failure.Message))
}

func (w *world) answer(call, job, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts++
	if err := w.fail[call]; err != nil {
		return err
	}
	if w.answers[job] != "" {
		return fmt.Errorf("answer job %s: %w", job, pipelines.ErrNotWaiting)
	}
	w.answers[job] = text
	return w.lose[call]
}

func (w *world) function() pipelinejob.Function {
	return pipelinejob.Function{
		Door:     admission.Door{Starter: w, Marks: w.ledger, Clock: clock.System{}, NewID: func() string { return "abcdefgh" }},
		Services: w, Ledger: w.ledger, Pipelines: w, Jobs: w, Clock: clock.System{},
	}
}

// job is a job with parameters and the revisions of its input artefacts.
func job(id, parameters string, revisions ...string) events.CodePipelineJobEvent {
	var event events.CodePipelineJobEvent
	event.CodePipelineJob.ID = id
	event.CodePipelineJob.Data.ActionConfiguration.Configuration.UserParameters = parameters
	for _, revision := range revisions {
		event.CodePipelineJob.Data.InputArtifacts = append(event.CodePipelineJob.Data.InputArtifacts, events.CodePipelineInputArtifact{Revision: &revision})
	}
	event.CodePipelineJob.Data.InputArtifacts = append(event.CodePipelineJob.Data.InputArtifacts, events.CodePipelineInputArtifact{})
	return event
}

// further is a later job of the same action.
func further(id, token string) events.CodePipelineJobEvent {
	event := job(id, "")
	event.CodePipelineJob.Data.ContinuationToken = token
	return event
}

func (w *world) handle(event events.CodePipelineJobEvent) pipelinejob.Result {
	w.t.Helper()
	result, err := w.function().Handle(w.t.Context(), event)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// only is the one deployment that was started.
func (w *world) only() (string, deploy.Request) {
	w.t.Helper()
	if len(w.started) != 1 {
		w.t.Fatalf("started %v, want one", w.started)
	}
	for id, request := range w.started {
		return id, request
	}
	return "", deploy.Request{}
}

func TestFirstJobStartsTheDeployment(t *testing.T) {
	for name, test := range map[string]struct {
		event   events.CodePipelineJobEvent
		commits []string
		reason  string
	}{
		"of its input":                  {job("j1", `{"environment": "staging", "reason": "OPS-1"}`, strings.ToUpper(commit)), nil, "OPS-1"},
		"of one input, the other built": {job("j1", `{"environment": "staging", "reason": "OPS-1"}`, "version-of-an-object", commit, commit), nil, "OPS-1"},
		"of the execution":              {job("j1", `{"environment": "staging"}`), []string{commit}, "action Staging in stage Deploy of pipeline build"},
		"of the parameters":             {job("j1", `{"environment": "staging", "service": "running-app", "commit": "`+commit+`", "reason": "OPS-1"}`, other), []string{other}, "OPS-1"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.commits = test.commits
				result := w.handle(test.event)
				id, got := w.only()
				want := deploy.Request{
					SchemaVersion: deploy.SchemaVersion, Kind: deploy.KindDeploy, Scope: sim.Staging(), Release: commit, RequestedBy: "codepipeline",
					Reason: test.reason, RequestedAt: time.Now().UTC(), Source: deploy.Source{
						Kind: deploy.FromCodePipeline, Repository: sim.Repository, Commit: commit, Pipeline: "build", Execution: "e1", Job: "j1",
						Key: "codepipeline job j1",
					},
				}
				if !got.RequestedAt.Equal(want.RequestedAt) {
					t.Errorf("requested at %s, want %s", got.RequestedAt, want.RequestedAt)
				}
				if got.RequestedAt = want.RequestedAt; got != want {
					t.Errorf("got\n%+v, want\n%+v", got, want)
				}
				if answer := "continue " + id + ": the deployment was started"; result.Answer != pipelinejob.Continued || result.Deployment != id || w.answers["j1"] != answer {
					t.Errorf("got %+v and answer %q, want %q", result, w.answers["j1"], answer)
				}
			})
		})
	}
}

func TestPromotionTakesTheNewestVerifiedOfTheCommit(t *testing.T) {
	bubble(t, func(w *world) {
		production := `{"environment": "production", "service": "running-app"}`
		if got := w.handle(job("j0", production, commit)); got.Answer != pipelinejob.Failed || w.kinds["j0"] != pipelines.JobFailed || !strings.Contains(got.Reason, "staging has verified no release of commit "+commit) {
			t.Errorf("got %+v of kind %s, want that nothing was verified", got, w.kinds["j0"])
		}
		for hours, one := range []struct{ id, commit string }{{"20261124-1", commit}, {"20261124-2", commit}, {"20261124-3", other}} {
			entry := ledger.Deployment{
				ID: one.id, Kind: deploy.KindDeploy, Scope: sim.Staging(), Outcome: deploy.Succeeded, Promoted: true,
				EndedAt: time.Now().Add(time.Duration(hours-3) * time.Hour),
			}
			entry.Plan.Release.Commit, entry.Plan.Release.Digest = one.commit, "sha256:"+one.commit
			if err := w.ledger.Begin(t.Context(), entry); err != nil {
				t.Fatal(err)
			}
		}
		w.handle(job("j1", production, commit))
		if _, got := w.only(); got.Promotes != "20261124-2" || got.Release != "" || got.Scope != sim.Scope() {
			t.Errorf("got %+v, want the promotion of 20261124-2", got)
		}
	})
}

func TestBadParametersAreAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		event   events.CodePipelineJobEvent
		commits []string
		kind    pipelines.Kind
		says    string
	}{
		"none":                    {job("j1", "", commit), nil, pipelines.ConfigurationError, "no UserParameters"},
		"an unknown field":        {job("j1", `{"envronment": "staging"}`, commit), nil, pipelines.ConfigurationError, `"envronment"`},
		"an unknown environment":  {job("j1", `{"environment": "moon"}`, commit), nil, pipelines.ConfigurationError, "configured are running-app/staging"},
		"an unknown service":      {job("j1", `{"environment": "staging", "service": "x"}`, commit), nil, pipelines.ConfigurationError, "x/staging is not configured"},
		"an ambiguous one":        {job("j1", `{"environment": "production"}`, commit), nil, pipelines.ConfigurationError, "(running-app/production, other-app/production); name the service"},
		"no commit at all":        {job("j1", `{"environment": "staging"}`), nil, pipelines.RevisionUnavailable, "#{SourceVariables.CommitId}"},
		"two commits":             {job("j1", `{"environment": "staging"}`, commit, other), []string{commit}, pipelines.RevisionUnavailable, commit + " and " + other},
		"two in the execution":    {job("j1", `{"environment": "staging"}`), []string{commit, other}, pipelines.RevisionUnavailable, commit + " and " + other},
		"a token of somebody":     {further("j1", "no-such-deployment"), nil, pipelines.ConfigurationError, "no-such-deployment"},
		"a token without an id":   {further("j1", "20261124-031500"), nil, pipelines.ConfigurationError, "20261124-031500"},
		"a token with a bad date": {further("j1", "20269924-031500-x"), nil, pipelines.ConfigurationError, "20269924"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.commits = test.commits
				result := w.handle(test.event)
				if result.Answer != pipelinejob.Failed || w.kinds["j1"] != test.kind || !strings.Contains(w.answers["j1"], test.says) || len(w.started) != 0 {
					t.Errorf("got %+v of kind %s and %v started, want kind %s that says %s", result, w.kinds["j1"], w.started, test.kind, test.says)
				}
			})
		})
	}
}

func TestFurtherJobsSayHowFarItIs(t *testing.T) {
	planned := func(e *ledger.Deployment) { e.Plan.Digest, e.Plan.Release.Version = "sha256:plan", "1.1.0" }
	ended := func(outcome deploy.Outcome) func(*ledger.Deployment) {
		return func(e *ledger.Deployment) {
			planned(e)
			e.Outcome, e.RecordKey = outcome, "records/d"
			e.Error = deploy.StageError{Stage: "Observe", Error: "Pilotage.Regressed", Cause: `{"errorMessage": "5 % of requests fail"}`}
		}
	}
	const id = "20000101-000000-abcdefgh"
	for name, test := range map[string]struct {
		after time.Duration
		entry func(*ledger.Deployment)
		want  string
	}{
		"it left no trace yet":      {9 * time.Minute, nil, "continue " + id + ": the deployment was started"},
		"it never left one":         {10 * time.Minute, nil, "fail " + id + ": the deployment left no trace: its execution " + id + " was stopped before it began; look at it in the Step Functions console"},
		"it is planned":             {time.Hour, func(*ledger.Deployment) {}, "continue " + id + ": it is being planned, or waits for people or for its turn"},
		"it is deployed":            {time.Hour, planned, "continue " + id + ": 1.1.0 is being deployed to staging"},
		"it succeeded":              {time.Hour, ended(deploy.Succeeded), "succeed " + id + ": 1.1.0 is live in staging; the record is records/d"},
		"it was refused":            {time.Hour, ended(deploy.Refused), "fail " + id + ": refused: Pilotage.Regressed in Observe: 5 % of requests fail; the record is records/d"},
		"it was rolled back":        {time.Hour, ended(deploy.RolledBack), "fail " + id + ": rolled-back: Pilotage.Regressed in Observe: 5 % of requests fail; the record is records/d"},
		"it failed dirty":           {time.Hour, ended(deploy.FailedDirty), "fail " + id + ": failed-dirty: Pilotage.Regressed in Observe: 5 % of requests fail; the record is records/d"},
		"it was taken back later":   {time.Hour, func(e *ledger.Deployment) { ended(deploy.Succeeded)(e); e.UndoneBy = "r1" }, "fail " + id + ": 1.1.0 was live in staging and was taken back by r1; the record is records/d"},
		"it ended without a record": {time.Hour, func(e *ledger.Deployment) { e.Outcome = deploy.Refused }, "fail " + id + ": refused: Pilotage.Internal in execution: no cause is known; the record is in the history of execution " + id},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				time.Sleep(test.after)
				if test.entry != nil {
					entry := ledger.Deployment{ID: id, Kind: deploy.KindDeploy, Scope: sim.Staging()}
					test.entry(&entry)
					if err := w.ledger.Begin(t.Context(), entry); err != nil {
						t.Fatal(err)
					}
				}
				w.handle(further("j2", id))
				if got := w.answers["j2"]; got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
				if len(w.started) != 0 {
					t.Errorf("started %v", w.started)
				}
			})
		})
	}
}

// TestSameJobStartsAndAnswersOnce delivers a job ten times at once, and again later.
func TestSameJobStartsAndAnswersOnce(t *testing.T) {
	bubble(t, func(w *world) {
		event := job("j1", `{"environment": "staging"}`, commit)
		var group sync.WaitGroup
		var mu sync.Mutex
		seen := map[pipelinejob.Answer]int{}
		for range 10 {
			group.Go(func() {
				result, err := w.function().Handle(t.Context(), event)
				mu.Lock()
				defer mu.Unlock()
				if seen[result.Answer]++; err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		w.only()
		if seen[pipelinejob.Continued] != 1 || seen[pipelinejob.Unheard] != 9 {
			t.Errorf("got answers %v, want one", seen)
		}
		time.Sleep(time.Hour)
		before := w.attempts
		if got := w.handle(event); got.Answer != pipelinejob.Unheard || w.attempts != before {
			t.Errorf("an hour later: got %+v and %d more answers, want none", got, w.attempts-before)
		}
		w.only()
		// The stage is tried again: that is another job, and another wish.
		w.handle(job("j9", `{"environment": "staging"}`, commit))
		if len(w.started) != 2 {
			t.Errorf("started %v, want two", w.started)
		}
	})
}

// TestWhatMayPassIsTriedAgain fails each call once; Lambda invokes again, and there is one
// deployment and one answer.
func TestWhatMayPassIsTriedAgain(t *testing.T) {
	transient := fault.New(fault.Transient, "throttled")
	for _, test := range []struct{ call, moment string }{
		{"All", "before"}, {"Commits", "before"}, {"Start", "before"}, {"Start", "after"}, {"Continue", "before"}, {"Continue", "after"},
	} {
		t.Run(test.call+" "+test.moment, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.commits = []string{commit}
				planned := map[string]map[string]error{"before": w.fail, "after": w.lose}[test.moment]
				planned[test.call] = transient
				event := job("j1", `{"environment": "staging"}`)
				if _, err := w.function().Handle(t.Context(), event); !fault.Is(err, fault.Transient) {
					t.Errorf("got error %v, want one of class Transient", err)
				}
				delete(planned, test.call)
				time.Sleep(time.Minute)
				w.handle(event)
				id, _ := w.only()
				if got := w.answers["j1"]; got != "continue "+id+": the deployment was started" || w.kinds["j1"] != "" {
					t.Errorf("got answer %q of kind %q", got, w.kinds["j1"])
				}
			})
		})
	}
}

func TestOriginIsNoReasonNotToDeploy(t *testing.T) {
	bubble(t, func(w *world) {
		w.fail["Origin"] = fault.New(fault.Invalid, "not allowed; give the role codepipeline:GetJobDetails")
		w.handle(job("j1", `{"environment": "staging"}`, commit))
		if _, got := w.only(); got.Source.Pipeline != "" || got.Reason != "an action of CodePipeline" || got.Source.Job != "j1" {
			t.Errorf("got %+v", got)
		}
		// Unless it takes the origin to know the commit.
		if got := w.handle(job("j2", `{"environment": "staging"}`)); got.Answer != pipelinejob.Failed || !strings.Contains(got.Reason, "GetJobDetails") || !strings.Contains(got.Reason, "CommitId") {
			t.Errorf("got %+v, want both ways out", got)
		}
		w.fail["Origin"] = fault.New(fault.Transient, "throttled")
		if _, err := w.function().Handle(t.Context(), job("j3", `{"environment": "staging"}`)); !fault.Is(err, fault.Transient) {
			t.Errorf("got error %v, want one of class Transient", err)
		}
	})
}

func TestEventThatIsNoJobIsRefused(t *testing.T) {
	bubble(t, func(w *world) {
		if _, err := w.function().Handle(t.Context(), events.CodePipelineJobEvent{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("got error %v, want one of class Invalid", err)
		}
		w.fail["Start"] = errors.New("no class")
		if _, err := w.function().Handle(t.Context(), job("j1", `{"environment": "staging"}`, commit)); err == nil || w.answers["j1"] != "" {
			t.Errorf("got error %v and answer %q, want no answer: it may have been started", err, w.answers["j1"])
		}
	})
}
