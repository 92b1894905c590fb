package report_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/report"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/github/githubtest"
	"github.com/pilotage/pilotage/shared/ledger"
)

const (
	commit  = "0123456789abcdef0123456789abcdef01234567"
	another = "e0c7a1d32308ca3071aa7bab414de234ab52eeaa"
	token   = "github_pat_11SECRET"
	url     = "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/"
	arn     = "arn:aws:states:eu-central-1:123456789012:execution:pilotage-deploy:"
)

type tokens string

func (t tokens) Token(context.Context) (string, error) { return string(t), nil }

// world is GitHub, the ledger and the settings around one function.
type world struct {
	t      *testing.T
	ledger *ledger.Ledger
	github *githubtest.Server
	env    deploy.Environment
	// repository is the configured one.
	repository string
	token      string

	mu  sync.Mutex
	ids byte
}

func bubble(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, ledger: &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}, env: sim.Environment(sim.Scope()),
			github: &githubtest.Server{Repository: sim.Repository, Token: token}, repository: sim.Repository, token: token,
		}
		w.env.Tag, w.env.People = "v{version}", []deploy.Person{{Mail: sim.Requester, GitHub: "ada"}}
		f(w)
		for _, wrong := range w.github.Wrong() {
			t.Error(wrong)
		}
	})
}

func (w *world) All(context.Context) ([]deploy.Configured, error) {
	return []deploy.Configured{{Scope: sim.Staging()}, {Scope: sim.Scope(), Repository: w.repository, Environment: w.env}}, nil
}

func (w *world) function() report.Function {
	return report.Function{
		GitHub: github.Access{Tokens: tokens(w.token), URL: "https://api.example", HTTP: w.github.Client()}, Services: w, Ledger: w.ledger,
		Clock: clock.System{}, NewID: func() string {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ids++
			return string([]byte{'a' + w.ids/26, 'a' + w.ids%26})
		},
	}
}

// event is the status change of an execution.
func (w *world) event(name, status string) (report.Result, error) {
	var event struct {
		Detail report.Change `json:"detail"`
	}
	event.Detail = report.Change{Name: name, Status: status}
	return w.function().Handle(w.t.Context(), event)
}

func (w *world) tells(name, status string) report.Result {
	w.t.Helper()
	result, err := w.event(name, status)
	if err != nil {
		w.t.Errorf("%s %s: %v", name, status, err)
	}
	return result
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// begin opens the entry of a deployment of a commit.
func (w *world) begin(id, of string) {
	w.t.Helper()
	entry := ledger.Deployment{ID: id, Kind: deploy.KindDeploy, Scope: sim.Scope(), Execution: arn + id, Request: sim.Deployment(of)}
	w.must(w.ledger.Begin(w.t.Context(), entry))
}

// plan gives it a plan under the lock.
func (w *world) plan(id, of, version string) {
	w.t.Helper()
	w.amend(id, func(entry *ledger.Deployment) {
		entry.Plan = deploy.Plan{Digest: "sha256:plan", Release: deploy.ReleaseRef{Version: version, Commit: of}, Environment: w.env}
	})
}

func (w *world) amend(id string, change func(*ledger.Deployment)) {
	w.t.Helper()
	w.must(w.ledger.Amend(w.t.Context(), sim.Scope(), id, change))
}

// goLive closes it as succeeded.
func (w *world) goLive(id, of, version string) {
	w.t.Helper()
	w.plan(id, of, version)
	w.must(w.ledger.SetLive(w.t.Context(), sim.Scope(), ledger.Live{Deployment: id, Release: deploy.ReleaseRef{Version: version, Commit: of}}))
	w.amend(id, func(entry *ledger.Deployment) { entry.Promoted, entry.Outcome = true, deploy.Succeeded })
}

// fail closes it with an error.
func (w *world) fail(id string, outcome deploy.Outcome, undoneBy string) {
	w.t.Helper()
	w.amend(id, func(entry *ledger.Deployment) {
		entry.Outcome, entry.UndoneBy = outcome, undoneBy
		entry.Error = deploy.StageError{Stage: "Observe", Error: "Pilotage.Regressed", Cause: "secret-host.internal failed"}
	})
}

// rollback opens the entry of a rollback that takes a deployment back.
func (w *world) rollback(id, undoes string) {
	w.t.Helper()
	entry := ledger.Deployment{ID: id, Kind: deploy.KindRollback, Scope: sim.Scope(), Request: sim.Rollback(deploy.Standard, undoes)}
	entry.Plan.Undoes = undoes
	w.must(w.ledger.Begin(w.t.Context(), entry))
}

// states are the states of GitHub's deployment of an id, the oldest first.
func (w *world) states(id string) string {
	w.t.Helper()
	var states []string
	for _, one := range w.github.Deployments() {
		if string(one.Payload) == `{"pilotage":"`+id+`"}` {
			for _, status := range one.Statuses {
				states = append(states, status.State)
			}
		}
	}
	return strings.Join(states, " ")
}

// commits are the states of a commit, the oldest first.
func (w *world) commits(of string) string {
	var states []string
	for _, status := range w.github.Statuses(of) {
		states = append(states, status.State)
	}
	return strings.Join(states, " ")
}

func (w *world) expect(id, of, states, commits string) {
	w.t.Helper()
	if got := w.states(id); got != states {
		w.t.Errorf("GitHub's deployment of %s was %q, want %q", id, got, states)
	}
	if got := w.commits(of); got != commits {
		w.t.Errorf("commit %.7s was %q, want %q", of, got, commits)
	}
}

func TestNobodyListens(t *testing.T) {
	bubble(t, func(w *world) {
		w.token = ""
		w.begin("d1", commit)
		began := time.Now()
		for _, status := range []string{"RUNNING", "ABORTED"} {
			if got := w.tells("d1", status); !strings.Contains(got.Reason, "nobody listens") || len(got.Told) > 0 || !time.Now().Equal(began) {
				t.Errorf("%s: got %+v after %s, want nothing at once", status, got, time.Since(began))
			}
		}
		if got := w.github.Requests(); len(got) > 0 {
			t.Errorf("GitHub was asked %q", got)
		}
	})
}

func TestTellsOfASuccess(t *testing.T) {
	bubble(t, func(w *world) {
		w.begin("d1", commit)
		w.tells("d1", "RUNNING")
		w.goLive("d1", commit, "1.1.0")
		result := w.tells("d1", "SUCCEEDED")
		w.expect("d1", commit, "in_progress success", "pending success")
		if want := []string{"tag v1.1.0 at 0123456", "deployment of d1: success", "commit 0123456: success"}; !slices.Equal(result.Told, want) {
			t.Errorf("told %q, want %q", result.Told, want)
		}
		made := w.github.Deployments()[0]
		if made.SHA != commit || made.Environment != "production" || made.Description != "asked for by ada: OPS-1" {
			t.Errorf("got %+v", made)
		}
		if got, want := made.Statuses[0], (githubtest.Status{State: "in_progress", Description: "asked for by ada: OPS-1", LogURL: url + arn + "d1"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got, want := made.Statuses[1], (githubtest.Status{State: "success", Description: "1.1.0 is live", LogURL: url + arn + "d1", EnvironmentURL: "https://production.example"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got, want := w.github.Statuses(commit)[1], (githubtest.Status{State: "success", Context: "pilotage/production", Description: "1.1.0 is live", TargetURL: url + arn + "d1"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := w.github.Ref("refs/tags/v1.1.0"); got.SHA != commit {
			t.Errorf("the tag is at %q", got.SHA)
		}
	})
}

func TestTellsOfEachEnd(t *testing.T) {
	for outcome, want := range map[deploy.Outcome]struct{ state, commit, says string }{
		deploy.Refused:     {"in_progress error", "pending error", "refused, nothing was changed: Pilotage.Regressed in Observe"},
		deploy.RolledBack:  {"in_progress failure", "pending failure", "taken back: Pilotage.Regressed in Observe"},
		deploy.FailedDirty: {"in_progress error", "pending error", "could not be taken back, people are called: Pilotage.Regressed in Observe"},
	} {
		t.Run(string(outcome), func(t *testing.T) {
			bubble(t, func(w *world) {
				w.begin("d1", commit)
				w.tells("d1", "RUNNING")
				w.fail("d1", outcome, "")
				w.tells("d1", "FAILED")
				w.expect("d1", commit, want.state, want.commit)
				for _, got := range []string{w.github.Deployments()[0].Statuses[1].Description, w.github.Statuses(commit)[1].Description} {
					if got != want.says {
						t.Errorf("got %q, want %q", got, want.says)
					}
				}
				if got := w.github.Ref("refs/tags/v1.1.0"); got.SHA != "" {
					t.Error("it was tagged")
				}
			})
		})
	}
}

// TestEventsInAnyOrderTellTheSame delivers the events of one deployment in every order, each twice,
// after everything has happened: nothing late overwrites the end.
func TestEventsInAnyOrderTellTheSame(t *testing.T) {
	orders := [][]string{
		{"RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"},
		{"SUCCEEDED", "SUCCEEDED", "RUNNING", "RUNNING"},
		{"SUCCEEDED", "RUNNING", "SUCCEEDED", "RUNNING"},
		{"RUNNING", "SUCCEEDED", "RUNNING", "SUCCEEDED"},
	}
	for _, order := range orders {
		bubble(t, func(w *world) {
			w.begin("d1", commit)
			w.goLive("d1", commit, "1.1.0")
			for i, status := range order {
				if result := w.tells("d1", status); (len(result.Told) > 0) != (i == 0) {
					t.Errorf("%v: event %d told %q", order, i, result.Told)
				}
			}
			w.expect("d1", commit, "success", "success")
		})
	}
}

// TestEventsAtTheSameTimeTellOnce delivers all events ten times at once, while GitHub is slow: one
// deployment is created, and the end is the last that is said.
func TestEventsAtTheSameTimeTellOnce(t *testing.T) {
	bubble(t, func(w *world) {
		w.github.Intercept = func(http.ResponseWriter, *http.Request) bool { time.Sleep(700 * time.Millisecond); return false }
		w.begin("d1", commit)
		var group sync.WaitGroup
		deliver := func(status string) {
			for range 10 {
				group.Go(func() {
					// Who waited in vain is called again, as Lambda does it: a minute later, and two after that.
					for wait := time.Minute; ; wait *= 2 {
						_, err := w.event("d1", status)
						if err == nil {
							return
						}
						if !fault.Is(err, fault.Transient) || wait > 2*time.Minute {
							t.Errorf("%s: %v", status, err)
							return
						}
						time.Sleep(wait)
					}
				})
			}
		}
		deliver("RUNNING")
		time.Sleep(time.Second)
		w.goLive("d1", commit, "1.1.0")
		deliver("SUCCEEDED")
		group.Wait()
		w.expect("d1", commit, "in_progress success", "pending success")
		if got := len(w.github.Deployments()); got != 1 {
			t.Errorf("got %d deployments, want one", got)
		}
	})
}

// TestSlowTellerIsWaitedFor: who cannot wait any longer leaves it to the next attempt, and so does
// who finds the claim of one who died.
func TestSlowTellerIsWaitedFor(t *testing.T) {
	bubble(t, func(w *world) {
		w.begin("d1", commit)
		_, claimed, err := w.ledger.ClaimReport(t.Context(), "d1", "who died", 150*time.Second)
		if err != nil || !claimed {
			t.Fatalf("got %v and error %v", claimed, err)
		}
		if _, err := w.event("d1", "RUNNING"); !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "somebody else") {
			t.Errorf("got error %v, want one of class Transient", err)
		}
		// Lambda tries again after one minute, and after two more.
		time.Sleep(3 * time.Minute)
		w.tells("d1", "RUNNING")
		w.expect("d1", commit, "in_progress", "pending")
	})
}

// TestCrashesAreMadeGood loses the answer of each request in turn; the next attempt finds what was
// made, and says the rest.
func TestCrashesAreMadeGood(t *testing.T) {
	for n := 1; ; n++ {
		struck := false
		bubble(t, func(w *world) {
			requests := 0
			w.github.Intercept = func(to http.ResponseWriter, r *http.Request) bool {
				if requests++; requests != n {
					return false
				}
				struck = true
				// It takes effect, and nobody hears of it.
				w.github.Intercept = nil
				w.github.ServeHTTP(discard{}, r)
				to.WriteHeader(http.StatusBadGateway)
				return true
			}
			w.begin("d1", commit)
			w.goLive("d1", commit, "1.1.0")
			if _, err := w.event("d1", "SUCCEEDED"); (err != nil) != struck {
				t.Errorf("request %d: got error %v", n, err)
			}
			w.tells("d1", "SUCCEEDED")
			if got := w.github.Deployments(); len(got) != 1 || got[0].State() != "success" || !strings.HasSuffix(w.commits(commit), "success") || w.github.Ref("refs/tags/v1.1.0").SHA != commit {
				t.Errorf("request %d: got %+v, commit %q", n, got, w.commits(commit))
			}
		})
		if !struck {
			if n < 6 {
				t.Errorf("only %d requests were made", n-1)
			}
			return
		}
	}
}

type discard struct{}

func (discard) Header() http.Header            { return http.Header{} }
func (discard) Write(text []byte) (int, error) { return len(text), nil }
func (discard) WriteHeader(int)                {}

func TestWhatIsReplacedIsInactive(t *testing.T) {
	bubble(t, func(w *world) {
		w.begin("d1", commit)
		w.goLive("d1", commit, "1.0.0")
		w.tells("d1", "SUCCEEDED")
		w.begin("d2", another)
		w.tells("d2", "RUNNING")
		w.expect("d1", commit, "success", "success")
		w.goLive("d2", another, "1.1.0")
		w.tells("d2", "SUCCEEDED")
		w.expect("d1", commit, "success inactive", "success")
		w.expect("d2", another, "in_progress success", "pending success")
		if got := w.github.Deployments()[0].Statuses[1].Description; got != "1.0.0 was live until d2" {
			t.Errorf("got %q", got)
		}
		// Its own event comes very late.
		w.tells("d1", "SUCCEEDED")
		w.expect("d1", commit, "success inactive", "success")
	})
}

// TestRollbackIsToldOfWhatItTakesBack: a person takes back what was live, and what was live before
// is live again.
func TestRollbackIsToldOfWhatItTakesBack(t *testing.T) {
	bubble(t, func(w *world) {
		w.begin("d1", commit)
		w.goLive("d1", commit, "1.0.0")
		w.tells("d1", "SUCCEEDED")
		w.begin("d2", another)
		w.goLive("d2", another, "1.1.0")
		w.tells("d2", "SUCCEEDED")
		w.rollback("r1", "d2")
		if got := w.tells("r1", "RUNNING"); len(got.Told) > 0 || got.Reason == "" {
			t.Errorf("as it begins: got %+v, want nothing", got)
		}
		w.must(w.ledger.Undo(t.Context(), sim.Scope(), "d2"))
		w.amend("d2", func(entry *ledger.Deployment) { entry.UndoneBy = "r1" })
		w.fail("r1", deploy.RolledBack, "")
		for range 2 {
			w.tells("r1", "SUCCEEDED")
		}
		w.expect("d2", another, "success inactive", "success failure")
		w.expect("d1", commit, "success inactive success", "success")
		if got := w.github.Deployments()[0].Statuses[2].Description; got != "1.0.0 is live again" {
			t.Errorf("got %q", got)
		}
		if got := w.github.Statuses(another)[1].Description; got != "1.1.0 was live and was taken back by r1" {
			t.Errorf("got %q", got)
		}
	})
}

// TestStoppedDeploymentIsNoEnd: its rollback closes the record, and then it is told.
func TestStoppedDeploymentIsNoEnd(t *testing.T) {
	bubble(t, func(w *world) {
		w.begin("d1", commit)
		w.tells("d1", "RUNNING")
		w.plan("d1", commit, "1.1.0")
		if got := w.tells("d1", "ABORTED"); len(got.Told) > 0 || got.Reason != "the record is open" {
			t.Errorf("got %+v, want nothing", got)
		}
		w.expect("d1", commit, "in_progress", "pending")
		w.rollback("d1-watchdog-1", "d1")
		w.fail("d1", deploy.RolledBack, "d1-watchdog-1")
		w.tells("d1-watchdog-1", "SUCCEEDED")
		w.expect("d1", commit, "in_progress failure", "pending failure")
	})
}

// TestWatchdogIsWaitedFor: of an execution that changed nothing, the same event makes the watchdog
// close the record, a moment sooner or later.
func TestWatchdogIsWaitedFor(t *testing.T) {
	bubble(t, func(w *world) {
		w.begin("d1", commit)
		w.tells("d1", "RUNNING")
		var group sync.WaitGroup
		group.Go(func() { w.tells("d1", "ABORTED") })
		time.Sleep(5 * time.Second)
		w.fail("d1", deploy.Refused, "")
		group.Wait()
		w.expect("d1", commit, "in_progress error", "pending error")

		w.begin("d2", another)
		if _, err := w.event("d2", "ABORTED"); !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "watchdog") {
			t.Errorf("got error %v, want one of class Transient", err)
		}
	})
}

// TestRecordIsWaitedFor: the event of an execution that begins may be faster than its first state.
func TestRecordIsWaitedFor(t *testing.T) {
	bubble(t, func(w *world) {
		var group sync.WaitGroup
		group.Go(func() { w.tells("d1", "RUNNING") })
		time.Sleep(5 * time.Second)
		w.begin("d1", commit)
		group.Wait()
		w.expect("d1", commit, "in_progress", "pending")
		for status, within := range map[string]time.Duration{"RUNNING": time.Minute, "ABORTED": 0} {
			began := time.Now()
			if got := w.tells("never", status); len(got.Told) > 0 || got.Reason != "the execution has no record" || time.Since(began) > within {
				t.Errorf("%s: got %+v after %s", status, got, time.Since(began))
			}
		}
	})
}

func TestTagThatIsElsewhereIsToldAndLeft(t *testing.T) {
	bubble(t, func(w *world) {
		w.github.SetRef("refs/tags/v1.1.0", githubtest.Object{Type: "commit", SHA: another}, githubtest.Object{})
		w.begin("d1", commit)
		w.goLive("d1", commit, "1.1.0")
		result := w.tells("d1", "SUCCEEDED")
		if got := w.github.Ref("refs/tags/v1.1.0").SHA; got != another {
			t.Errorf("the tag was moved to %s", got)
		}
		want := "1.1.0 is live; tag v1.1.0 was left at e0c7a1d, another commit"
		if got := w.github.Deployments()[0].Statuses[0].Description; got != want || result.Told[0] != "tag v1.1.0 at e0c7a1d" {
			t.Errorf("got %q, told %q, want %q", got, result.Told, want)
		}
	})
}

// TestMissingPermissionKeepsNothingElse refuses one thing at a time: the others are said.
func TestMissingPermissionKeepsNothingElse(t *testing.T) {
	for part, want := range map[string][3]bool{"/git/": {false, true, true}, "/deployments": {true, false, true}, "/statuses/0": {true, true, false}} {
		t.Run(part, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.github.Intercept = func(to http.ResponseWriter, r *http.Request) bool {
					if !strings.Contains(r.URL.Path, part) {
						return false
					}
					to.WriteHeader(http.StatusForbidden)
					return true
				}
				w.begin("d1", commit)
				w.goLive("d1", commit, "1.1.0")
				_, err := w.event("d1", "SUCCEEDED")
				if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), token) {
					t.Errorf("got error %v, want one of class Invalid", err)
				}
				got := [3]bool{w.github.Ref("refs/tags/v1.1.0").SHA != "", w.states("d1") != "", w.commits(commit) != ""}
				if got != want {
					t.Errorf("got tag, deployment and status %v, want %v", got, want)
				}
			})
		})
	}
}

func TestRefusedRepetitionOfTheLiveCommitIsNoStain(t *testing.T) {
	bubble(t, func(w *world) {
		w.begin("d1", commit)
		w.goLive("d1", commit, "1.1.0")
		w.tells("d1", "SUCCEEDED")
		w.begin("d2", commit)
		w.tells("d2", "RUNNING")
		w.fail("d2", deploy.Refused, "")
		w.tells("d2", "FAILED")
		w.expect("d2", commit, "in_progress error", "success pending success")
		if got := w.github.Statuses(commit)[2].Description; got != "1.1.0 is live by d1" {
			t.Errorf("got %q", got)
		}
		w.expect("d1", commit, "success", "success pending success")
	})
}

func TestCommitOfWhatIsDeployed(t *testing.T) {
	for name, test := range map[string]struct {
		request deploy.Request
		planned string
		want    string
	}{
		"that of the release":       {sim.Deployment(commit), "", commit},
		"that of the source":        {deploy.Request{Release: "1.1.0", Source: deploy.Source{Commit: commit}}, "", commit},
		"that of the plan first":    {sim.Deployment(another), commit, commit},
		"that of what is promoted":  {deploy.Request{Promotes: "s1"}, "", commit},
		"nothing of a version":      {sim.Deployment("1.1.0"), "", ""},
		"nothing of what is no one": {deploy.Request{Promotes: "s9"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				promoted := ledger.Deployment{ID: "s1", Kind: deploy.KindDeploy, Scope: sim.Staging()}
				promoted.Plan.Release.Commit = commit
				w.must(w.ledger.Begin(t.Context(), promoted))
				entry := ledger.Deployment{ID: "d1", Kind: deploy.KindDeploy, Scope: sim.Scope(), Request: test.request}
				entry.Plan.Release.Commit = test.planned
				w.must(w.ledger.Begin(t.Context(), entry))
				result := w.tells("d1", "RUNNING")
				if got := w.github.Deployments(); (len(got) == 1) != (test.want != "") || len(got) == 1 && got[0].SHA != test.want || len(got) == 0 && result.Reason != "the commit is not known" {
					t.Errorf("got %+v and %+v, want commit %q", got, result, test.want)
				}
			})
		})
	}
}

func TestWithoutARepositoryNothingIsTold(t *testing.T) {
	bubble(t, func(w *world) {
		w.repository = ""
		w.begin("d1", commit)
		if got := w.tells("d1", "RUNNING"); got.Reason != "no repository is configured for "+sim.Scope().String() {
			t.Errorf("got %+v", got)
		}
		// What a request names is no reason to write there.
		entry := ledger.Deployment{ID: "d2", Kind: deploy.KindDeploy, Scope: sim.Scope(), Request: sim.Deployment(commit)}
		entry.Request.Source.Repository = sim.Repository
		w.must(w.ledger.Begin(t.Context(), entry))
		w.tells("d2", "RUNNING")
		if got := w.github.Requests(); len(got) > 0 {
			t.Errorf("GitHub was asked %q", got)
		}
	})
}

func TestExecutionsOfNoConsoleHaveNoLink(t *testing.T) {
	for execution, want := range map[string]bool{
		arn + "d1": true, "arn:aws:states:local:000000000000:execution:deploy:d1": false, "": false, "arn:aws-cn:states:cn-north-1:123456789012:execution:m:d1": false,
		`arn:aws:states:x"><script>:1:execution:m:d1`: false,
	} {
		bubble(t, func(w *world) {
			w.begin("d1", commit)
			w.amend("d1", func(entry *ledger.Deployment) { entry.Execution = execution })
			w.tells("d1", "RUNNING")
			if got := w.github.Statuses(commit)[0].TargetURL; (got != "") != want || want && got != url+execution {
				t.Errorf("%s: got %q", execution, got)
			}
		})
	}
}
