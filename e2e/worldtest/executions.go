package worldtest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/pilotage/pilotage/functions/intake"
	"github.com/pilotage/pilotage/functions/webhook"
	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/decision"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Tokens tests decision.Tokens.
func Tokens(t *testing.T, s Subject) {
	send := map[string]func(token string) error{
		"success": func(token string) error {
			return s.World.Tokens.SendTaskSuccess(t.Context(), token, json.RawMessage(`{"by":"anna"}`))
		},
		"failure": func(token string) error {
			return s.World.Tokens.SendTaskFailure(t.Context(), token, string(fault.Rejected), "anna rejected it: not today")
		},
	}
	want := map[string]End{
		"success": {Output: `{"by":"anna"}`},
		"failure": {Error: string(fault.Rejected), Cause: "anna rejected it: not today"},
	}
	for name, answer := range send {
		token, end := s.Wait(t)
		must(t, answer(token))
		if got := end(); got != want[name] {
			t.Errorf("%s: got end %+v, want %+v", name, got, want[name])
		}
		for _, gone := range []string{token, "no-such-token"} {
			if name == "failure" && gone == token && !s.proven(t, FailureAnsweredOnce) {
				continue
			}
			if err := answer(gone); !errors.Is(err, decision.ErrNotWaiting) {
				t.Errorf("%s of token %q, for which nobody waits: got %v, want ErrNotWaiting", name, gone, err)
			}
		}
	}
}

// Executions tests functions.Executions, by requests that are refused.
func Executions(t *testing.T, s Subject) {
	for machine, kind := range map[string]deploy.Kind{"deploy": deploy.KindDeploy, "rollback": deploy.KindRollback} {
		id := admission.NewDeploymentID(s.Clock.Now(), s.NewID())
		// Nobody asks for it, for no reason: it is refused before anything is looked at.
		input := encode(t, deploy.Request{SchemaVersion: deploy.SchemaVersion, Kind: kind, Scope: s.Scope})
		first, err := s.World.Executions.Start(t.Context(), machine, id, input)
		must(t, err)
		again, err := s.World.Executions.Start(t.Context(), machine, id, input)
		if err != nil || first == "" || again != first {
			t.Errorf("%s: started again: got %q and error %v, want %q", machine, again, err, first)
		}
	}
	if _, err := s.World.Executions.Start(t.Context(), "no-such-machine", "x", nil); err == nil {
		t.Error("an unknown machine was started")
	}
}

// Bus tests webhook.Bus: a push on the bus, put there twice, becomes one deployment. It is one
// of the release that is live, so it is refused.
func Bus(t *testing.T, s Subject) {
	const name = "contract"
	push := intake.Push{
		Repository: s.Repository, Ref: "refs/heads/" + s.Branch, Branch: s.Branch, Commit: s.Live.Commit, Sender: name, Key: name + "#" + s.NewID(),
	}
	deployments := func() []ledger.Deployment {
		t.Helper()
		entries, err := s.Ledger.Deployments(t.Context(), s.Scope, 100)
		must(t, err)
		var found []ledger.Deployment
		for _, entry := range entries {
			if entry.Request.Source.Key == push.Key {
				found = append(found, entry)
			}
		}
		return found
	}
	for range 2 {
		must(t, s.World.Bus.PutEvent(t.Context(), webhook.EventSource, webhook.EventPush, encode(t, push)))
	}
	// What nobody has a rule for is nobody's.
	must(t, s.World.Bus.PutEvent(t.Context(), "nobody", webhook.EventPush, encode(t, push)))
	s.until(t, "the deployment is refused", func() bool {
		found := deployments()
		return len(found) == 1 && found[0].Outcome == deploy.Refused
	})
	if found := deployments(); len(found) != 1 || found[0].Request.RequestedBy != name || found[0].Request.Release != s.Live.Commit {
		t.Errorf("got deployments %+v, want one", found)
	}
}
