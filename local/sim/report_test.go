package sim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/github/githubtest"
)

// told runs f in a world that tells GitHub, where nothing was told of what is live already.
func told(t *testing.T, options sim.Options, f func(w world, g *githubtest.Server)) {
	t.Helper()
	g := &githubtest.Server{Repository: sim.Repository, Token: sim.GitHubToken}
	options.GitHub = g.Client()
	bubble(t, options, func(t *testing.T, w world) {
		w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Tag = "v{version}" })
		f(w, g)
		for _, wrong := range g.Wrong() {
			t.Error(wrong)
		}
	})
}

// history is what GitHub shows of a deployment and of its release's commit: all states, in order.
func history(g *githubtest.Server, id string) string {
	var states []string
	for _, one := range g.Deployments() {
		if string(one.Payload) != `{"pilotage":"`+id+`"}` {
			continue
		}
		for _, status := range one.Statuses {
			states = append(states, status.State)
		}
		states = append(states, "|")
		for _, status := range g.Statuses(one.SHA) {
			states = append(states, status.State)
		}
	}
	return strings.Join(states, " ")
}

// of asks for the commit of a release, as a push does.
func of(version string) deploy.Request {
	request := sim.Deployment(action(version).Revisions[0])
	request.Source.Kind = deploy.FromGitHub
	return request
}

func TestGitHubSeesHowADeploymentEnds(t *testing.T) {
	for name, test := range map[string]struct {
		options sim.Options
		plan    func(w world)
		want    deploy.Outcome
		history string
	}{
		"success":  {want: deploy.Succeeded, history: "in_progress success | pending success"},
		"rollback": {options: sim.Options{Behaviours: map[string]sim.Behaviour{"1.1.0": {Status: 500}}}, want: deploy.RolledBack, history: "in_progress failure | pending failure"},
		"refusal": {
			options: sim.Options{Configure: func(e *deploy.Environment) { e.Evidence = []string{"a check that nobody made"} }},
			want:    deploy.Refused, history: "error | error",
		},
		"stopped in the console before anything was changed": {plan: func(w world) { w.StopAt("deploy", "Announce") }, want: deploy.Refused, history: "error | error"},
		"stopped in the console":                             {plan: func(w world) { w.StopAt("deploy", "Observe") }, want: deploy.RolledBack, history: "in_progress failure | pending failure"},
		"failed dirty": {
			plan: func(w world) {
				w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
				w.FailAt(sim.Fault{Machine: "rollback", At: "RestoreTraffic", Moment: sim.Before, Error: "Pilotage.Internal"})
			},
			want: deploy.FailedDirty, history: "in_progress error | pending error",
		},
		"its rollback stopped again and again": {
			plan: func(w world) {
				w.StopAt("deploy", "Verify")
				w.FailAt(sim.Fault{Machine: "rollback", At: "RestoreTraffic", Moment: sim.Before, Error: sim.Stop})
			},
			want: deploy.FailedDirty, history: "in_progress error | pending error",
		},
	} {
		t.Run(name, func(t *testing.T) {
			told(t, test.options, func(w world, g *githubtest.Server) {
				if test.plan != nil {
					test.plan(w)
				}
				w.run("d1", of("1.1.0"))
				w.ends("d1", test.want)
				// One that ends within a second may have ended by the time that its beginning is told.
				got := history(g, "d1")
				if brief := strings.NewReplacer("in_progress ", "", "pending ", "").Replace(got); got != test.history && (test.want != deploy.Refused || brief != test.history) {
					t.Errorf("GitHub shows %q, want %q", got, test.history)
				}
				if tagged := g.Ref("refs/tags/v1.1.0").SHA != ""; tagged != (test.want == deploy.Succeeded) || len(g.Deployments()) != 1 {
					t.Errorf("tagged: %v, %d deployments", tagged, len(g.Deployments()))
				}
			})
		})
	}
}

// TestGitHubSeesWhatIsLive: two releases one after the other, and the second is taken back.
func TestGitHubSeesWhatIsLive(t *testing.T) {
	for _, mode := range []deploy.Mode{deploy.Standard, deploy.Emergency} {
		t.Run(string(mode), func(t *testing.T) {
			told(t, sim.Options{}, func(w world, g *githubtest.Server) {
				w.run("d1", of("1.1.0"))
				w.run("d2", of("1.2.0"))
				if got := history(g, "d1"); got != "in_progress success inactive | pending success" {
					t.Errorf("d1 was replaced, and GitHub shows %q", got)
				}
				w.run("r1", sim.Rollback(mode, ""))
				if got := history(g, "d2"); got != "in_progress success inactive | pending success failure" {
					t.Errorf("d2 was taken back, and GitHub shows %q", got)
				}
				if got := history(g, "d1"); got != "in_progress success inactive success | pending success" {
					t.Errorf("d1 is live again, and GitHub shows %q", got)
				}
				w.sound()
			})
		})
	}
}

// TestLateEventChangesNothingAtGitHub delivers the beginning of a deployment after its end.
func TestLateEventChangesNothingAtGitHub(t *testing.T) {
	told(t, sim.Options{}, func(w world, g *githubtest.Server) {
		w.run("d1", of("1.1.0"))
		before := len(g.Requests())
		for _, status := range []string{"RUNNING", "SUCCEEDED", "RUNNING"} {
			event, err := json.Marshal(map[string]any{"detail": map[string]string{"name": "d1", "status": status}})
			w.must(err)
			_, err = w.Call(t.Context(), "Report", event)
			w.must(err)
		}
		if got := g.Requests()[before:]; len(got) > 0 {
			t.Errorf("GitHub was asked %q", got)
		}
	})
}

// TestGitHubThatIsDownStopsNoDeployment: it is told later, by the event that comes again.
func TestGitHubThatIsDownStopsNoDeployment(t *testing.T) {
	g := &githubtest.Server{Repository: sim.Repository, Token: sim.GitHubToken}
	failing := 4
	g.Intercept = func(to http.ResponseWriter, _ *http.Request) bool {
		if failing--; failing < 0 {
			return false
		}
		to.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	bubble(t, sim.Options{GitHub: g.Client()}, func(t *testing.T, w world) {
		w.run("d1", of("1.1.0"))
		w.ends("d1", deploy.Succeeded)
		if got := history(g, "d1"); !strings.HasSuffix(got, "success | pending success") || len(g.Deployments()) != 1 {
			t.Errorf("GitHub shows %q in %d deployments", got, len(g.Deployments()))
		}
	})
}
