package validate_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/validate"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/codebuild"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// unpublished is a commit that the simulated catalog does not have.
func unpublished() string { return strings.Repeat("e", 40) }

// ask runs the stage on a request for a release, with results of earlier visits.
func ask(t *testing.T, w *sim.World, wanted string, results deploy.Results) (deploy.ValidateResult, error) {
	t.Helper()
	doc := valid()
	doc["request"].(map[string]any)["release"] = wanted
	doc["results"] = results
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	stage := validate.Stage{Settings: w.World.Settings, Catalog: w.World.Catalog, Ledger: w.Ledger, Clock: w.World.Clock}
	return stage.Handle(t.Context(), raw)
}

func building(policy string) func(*deploy.Environment) {
	return func(e *deploy.Environment) { e.Build.WhenMissing = policy }
}

func TestMissingReleaseIsRefusedBuiltOrWaitedFor(t *testing.T) {
	const none = "; there are 1.0.0, 1.1.0, 1.2.0"
	begun := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	ended := func(b deploy.BuildResult) deploy.Results {
		b.Ended = true
		return deploy.Results{Validate: deploy.ValidateResult{Since: begun, BuildSeconds: 600}, Build: b}
	}
	checks := []string{"request", "environment", "freeze", "hold"}
	for name, test := range map[string]struct {
		policy, wanted string
		results        deploy.Results
		want           deploy.ValidateResult
		refused        string
	}{
		"refused": {
			policy: deploy.MissingRefuse, wanted: unpublished(),
			refused: `there is no release "` + unpublished() + `"` + none + "; to have such a commit built or waited for, set build.whenMissing of production",
		},
		"a version is never built":      {policy: deploy.MissingBuild, wanted: "9.9.9", refused: `there is no release "9.9.9"` + none},
		"nor is a shortened commit":     {policy: deploy.MissingBuild, wanted: unpublished()[:39], refused: `there is no release "` + unpublished()[:39] + `"` + none},
		"a version is never waited for": {policy: deploy.MissingWait, wanted: "9.9.9", refused: `there is no release "9.9.9"` + none},
		"built": {
			policy: deploy.MissingBuild, wanted: unpublished(),
			want: deploy.ValidateResult{Checks: checks, Missing: deploy.MissingBuild, BuildSeconds: 600, Since: begun},
		},
		"waited for": {
			policy: deploy.MissingWait, wanted: unpublished(),
			want: deploy.ValidateResult{Checks: checks, Missing: deploy.MissingWait, WaitSeconds: 5, Since: begun},
		},
		"waited for long": {
			policy: deploy.MissingWait, wanted: unpublished(), results: deploy.Results{Validate: deploy.ValidateResult{Since: begun.Add(-400 * time.Second)}},
			want: deploy.ValidateResult{Checks: checks, Missing: deploy.MissingWait, WaitSeconds: 20, Since: begun.Add(-400 * time.Second)},
		},
		"waited for in vain": {
			policy: deploy.MissingWait, wanted: unpublished(), results: deploy.Results{Validate: deploy.ValidateResult{Since: begun.Add(-600 * time.Second)}},
			refused: "commit eeeeeee was not published within 10 min; publish its release and deploy it again, or let it be built: set build.whenMissing of production to build",
		},
		"published meanwhile": {
			policy: deploy.MissingBuild, wanted: "1.1.0", results: ended(deploy.BuildResult{Error: "States.TaskFailed"}),
			want: deploy.ValidateResult{Checks: append(checks, "release", "promotion", "age", "evidence"), Since: begun},
		},
		"built for nothing": {
			policy: deploy.MissingBuild, wanted: unpublished(), results: ended(deploy.BuildResult{ID: "p:1", Log: "https://log"}),
			refused: "build p:1 of commit eeeeeee ended well and published no release; let its buildspec end with `pilotage publish`; its log: https://log",
		},
		"the build failed": {
			policy: deploy.MissingBuild, wanted: unpublished(),
			results: ended(deploy.BuildResult{Error: codebuild.TaskFailed, Cause: `{"Build":{"Id":"p:1","BuildStatus":"FAILED","Logs":{"DeepLink":"https://log"}}}`}),
			refused: "commit eeeeeee is not published: build p:1 ended as FAILED; its log: https://log",
		},
		"the build took too long": {
			policy: deploy.MissingBuild, wanted: unpublished(), results: ended(deploy.BuildResult{Error: codebuild.Timeout}),
			refused: "commit eeeeeee is not published: its build took longer than 10 min and was given up; its log is in CodeBuild, or give it more time with build.timeoutSeconds of production",
		},
		"the build could not begin": {
			policy: deploy.MissingBuild, wanted: unpublished(), results: ended(deploy.BuildResult{Error: "States.Permissions", Cause: "not allowed"}),
			refused: "commit eeeeeee is not published: the build could not be run: States.Permissions: not allowed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := ask(t, newWorld(t, building(test.policy)), test.wanted, test.results)
				if test.refused != "" {
					refuses(t, err, fault.Invalid, test.refused)
					return
				}
				got.Since, test.want.Since = got.Since.UTC(), test.want.Since.UTC()
				if err != nil || !reflect.DeepEqual(got, test.want) {
					t.Errorf("got %+v and error %v, want %+v", got, err, test.want)
				}
			})
		})
	}
}

// TestMissingReleaseKeepsItsPlaceInTheQueue: whoever is pushed later and is ready sooner is newer
// all the same.
func TestMissingReleaseKeepsItsPlaceInTheQueue(t *testing.T) {
	w := newWorld(t, building(deploy.MissingWait))
	if _, err := ask(t, w, unpublished(), deploy.Results{}); err != nil {
		t.Fatal(err)
	}
	place, err := w.Ledger.Enqueue(t.Context(), sim.Scope(), "d2", ledger.Supersede)
	if err != nil || !reflect.DeepEqual(place.Superseded, []string{"d1"}) {
		t.Fatalf("got %+v and error %v, want that d1 is superseded", place, err)
	}
	_, err = ask(t, w, unpublished(), deploy.Results{})
	refuses(t, err, fault.Locked, "superseded by deployment d2, which is newer, before its release was published")
}

func TestBrokenReleaseIsNotMissing(t *testing.T) {
	w := newWorld(t, building(deploy.MissingBuild))
	w.FailAt(sim.Fault{At: "Catalog.Find", Moment: sim.Before, Error: "Pilotage.Invalid"})
	if got, err := ask(t, w, unpublished(), deploy.Results{}); err == nil {
		t.Errorf("got %+v, want the catalog's error", got)
	}
}

// TestNothingIsBuiltForAPromotion: what is promoted was published once, and where only that may go
// nothing is waited for.
func TestNothingIsBuiltForAPromotion(t *testing.T) {
	w := newWorld(t, func(e *deploy.Environment) { e.Build.WhenMissing, e.PromoteFrom = deploy.MissingBuild, "staging" })
	_, err := ask(t, w, unpublished(), deploy.Results{})
	refuses(t, err, fault.Denied, "production takes only what staging has verified; name the staging deployment to promote")
	err = w.Ledger.Begin(t.Context(), ledger.Deployment{
		ID: "s1", Kind: deploy.KindDeploy, Scope: sim.Staging(), StartedAt: time.Now(), EndedAt: time.Now(), Outcome: deploy.Succeeded, Promoted: true,
		Plan: deploy.Plan{Kind: deploy.KindDeploy, Scope: sim.Staging(), Release: sim.Releases()[1].Ref()},
	})
	if err != nil {
		t.Fatal(err)
	}
	doc := valid()
	doc["request"].(map[string]any)["release"], doc["request"].(map[string]any)["promotes"] = unpublished(), "s1"
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	stage := validate.Stage{Settings: w.World.Settings, Catalog: w.World.Catalog, Ledger: w.Ledger, Clock: w.World.Clock}
	got, err := stage.Handle(t.Context(), raw)
	if !fault.Is(err, fault.Invalid) || got.Missing != "" {
		t.Errorf("got %+v and error %v, want one of class Invalid", got, err)
	}
}
