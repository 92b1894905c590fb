package world_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pilotage/pilotage/shared/github"
)

// TestTwoHundredDeliveriesOfTwentyPushesAreTwentyDeployments sends them all at once over HTTP, as
// GitHub and whoever replays it may. The commits are of no release, so that each deployment is
// refused: what counts is how many there are.
func TestTwoHundredDeliveriesOfTwentyPushesAreTwentyDeployments(t *testing.T) {
	const pushes, times = 20, 10
	options, _ := options(t, []string{"staging"}, "1.0.0")
	w := open(t, options, "1.0.0")
	var work sync.WaitGroup
	for i := range pushes {
		body := pushed(t, fmt.Sprintf("%040x", i+1))
		for range times {
			work.Go(func() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.WebhookURL, bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set(github.EventHeader, "push")
				request.Header.Set(github.SignatureHeader, github.Sign(w.WebhookSecret, body))
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusAccepted {
					t.Errorf("got %d and error %v, want 202", response.StatusCode, err)
				}
			})
		}
	}
	work.Wait()
	if err := w.Bus.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	executions := w.Engine.List(t.Context(), "deploy")
	if len(executions) != pushes {
		t.Errorf("got %d deployments, want %d", len(executions), pushes)
	}
	commits := map[string]bool{}
	for _, execution := range executions {
		var request struct{ Release string }
		if err := json.Unmarshal(execution.Input, &request); err != nil {
			t.Fatal(err)
		}
		commits[request.Release] = true
		if _, err := w.Engine.Wait(t.Context(), execution.Arn); err != nil {
			t.Error(err)
		}
	}
	if len(commits) != pushes {
		t.Errorf("%d commits were deployed, want %d", len(commits), pushes)
	}
}

// pushed is a recorded push of another commit to the repository of the example.
func pushed(t *testing.T, commit string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "github", "testdata", "push.json"))
	if err != nil {
		t.Fatal(err)
	}
	push, err := github.ParsePush(text)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(push.After, commit, "Codertocat/Hello-World", "pilotage/running-app").Replace(string(text))
	return []byte(changed)
}
