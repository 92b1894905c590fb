package github_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/github/githubtest"
)

const (
	repository = "example/running-app"
	token      = "github_pat_11SECRET"
	commit     = "0123456789abcdef0123456789abcdef01234567"
	another    = "e0c7a1d32308ca3071aa7bab414de234ab52eeaa"
)

type tokens string

func (t tokens) Token(context.Context) (string, error) {
	if t == "broken" {
		return "", errors.New("no secret")
	}
	return string(t), nil
}

// served is a client of a server that listens on loopback.
func served(t *testing.T, handler http.Handler) *github.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := github.Access{Tokens: tokens(token), URL: server.URL + "/", HTTP: github.NewHTTPClient()}.Open(t.Context())
	if err != nil || client == nil {
		t.Fatalf("got %v and error %v", client, err)
	}
	return client
}

func open(t *testing.T) (*githubtest.Server, *github.Client) {
	t.Helper()
	server := &githubtest.Server{Repository: repository, Token: token}
	t.Cleanup(func() {
		for _, wrong := range server.Wrong() {
			t.Error(wrong)
		}
	})
	return server, served(t, server)
}

func TestAccessIsNobodyWithoutAToken(t *testing.T) {
	for _, none := range []github.Tokens{tokens(""), github.NoToken{}} {
		if client, err := (github.Access{Tokens: none}).Open(t.Context()); client != nil || err != nil {
			t.Errorf("got %v and error %v, want neither", client, err)
		}
	}
	if client, err := (github.Access{Tokens: tokens("broken")}).Open(t.Context()); client != nil || err == nil {
		t.Errorf("got %v and error %v, want the error", client, err)
	}
}

func TestDeployFindsItsOwnAgain(t *testing.T) {
	server, client := open(t)
	for _, payload := range []string{`"{ \"deploy\": \"migrate\" }"`, `{"pilotage": "d0"}`, `{}`, `null`, `{"pilotage": 1}`} {
		server.AddDeployment(githubtest.Deployment{SHA: commit, Task: "deploy", Environment: "staging", Payload: json.RawMessage(payload)})
	}
	mine := github.Deployment{ID: "d1", Commit: commit, Environment: "staging", Description: strings.Repeat("é", 150) + "\nmore"}
	first, err := client.Deploy(t.Context(), repository, mine)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := client.Deploy(t.Context(), repository, mine); err != nil || again != first {
		t.Errorf("got %d and error %v, want %d", again, err, first)
	}
	elsewhere := mine
	elsewhere.Environment = "production"
	if other, err := client.Deploy(t.Context(), repository, elsewhere); err != nil || other == first {
		t.Errorf("got %d and error %v, want another than %d", other, err, first)
	}
	made := server.Deployments()
	if len(made) != 7 {
		t.Fatalf("got %d deployments, want two of ours", len(made))
	}
	if got := made[5]; got.ID != first || got.SHA != commit || got.Task != "deploy" || got.Description != strings.Repeat("é", 139)+"…" || string(got.Payload) != `{"pilotage":"d1"}` {
		t.Errorf("got %+v", got)
	}
}

func TestStatusesAreAdded(t *testing.T) {
	server, client := open(t)
	id, err := client.Deploy(t.Context(), repository, github.Deployment{ID: "d1", Commit: commit, Environment: "staging"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []github.DeploymentStatus{
		{State: github.DeploymentInProgress, Description: "asked"},
		{State: github.DeploymentSuccess, Description: "live", LogURL: "https://log", EnvironmentURL: "https://staging"},
	} {
		if err := client.SetDeploymentStatus(t.Context(), repository, id, s); err != nil {
			t.Error(err)
		}
	}
	want := githubtest.Status{State: "success", Description: "live", LogURL: "https://log", EnvironmentURL: "https://staging"}
	if got := server.Deployments()[0].Statuses; len(got) != 2 || got[0] != (githubtest.Status{State: "in_progress", Description: "asked"}) || got[1] != want {
		t.Errorf("got %+v", got)
	}
	status := github.CommitStatus{Context: "pilotage/staging", State: github.CommitFailure, Description: strings.Repeat("x", 141), TargetURL: "https://log"}
	if err := client.SetCommitStatus(t.Context(), repository, commit, status); err != nil {
		t.Error(err)
	}
	said := githubtest.Status{State: "failure", Context: "pilotage/staging", Description: strings.Repeat("x", 139) + "…", TargetURL: "https://log"}
	if got := server.Statuses(commit); len(got) != 1 || got[0] != said {
		t.Errorf("got %+v, want %+v", got, said)
	}
	if err := client.SetDeploymentStatus(t.Context(), repository, 7, github.DeploymentStatus{State: github.DeploymentError}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown deployment: got error %v", err)
	}
}

func TestTagIsMadeOnceAndNeverMoved(t *testing.T) {
	server, client := open(t)
	const object, second = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	server.SetRef("refs/tags/light", githubtest.Object{Type: "commit", SHA: another}, githubtest.Object{})
	server.SetRef("refs/tags/annotated", githubtest.Object{Type: "tag", SHA: object}, githubtest.Object{Type: "commit", SHA: commit})
	server.SetRef("refs/tags/nested", githubtest.Object{Type: "tag", SHA: second}, githubtest.Object{Type: "tag", SHA: object})
	for name, want := range map[string]string{"v1.1.0": commit, "release/v1 ü#?": "", "releases/v1-ü#": commit, "light": another, "annotated": commit, "nested": commit, "a..b": "", "": ""} {
		for range 2 {
			got, err := client.Tag(t.Context(), repository, name, commit)
			if got != want || (want == "") != fault.Is(err, fault.Invalid) {
				t.Errorf("%q: got %q and error %v, want %q", name, got, err, want)
			}
		}
	}
	if got := server.Ref("refs/tags/light"); got.SHA != another {
		t.Errorf("the tag was moved to %s", got.SHA)
	}
	if got := server.Ref("refs/tags/releases/v1-ü#"); got.SHA != commit {
		t.Errorf("the tag is at %q", got.SHA)
	}
}

// calls are all calls of a client.
func calls(t *testing.T, client *github.Client) map[string]error {
	_, deploy := client.Deploy(t.Context(), repository, github.Deployment{ID: "d1", Commit: commit, Environment: "staging"})
	_, tag := client.Tag(t.Context(), repository, "v1", commit)
	return map[string]error{
		"Deployments": deploy, "deployments/1": client.SetDeploymentStatus(t.Context(), repository, 1, github.DeploymentStatus{State: github.DeploymentSuccess}),
		"Commit statuses": client.SetCommitStatus(t.Context(), repository, commit, github.CommitStatus{State: github.CommitSuccess, Context: "c"}),
		"Contents":        tag,
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   fault.Class
		says   []string
	}{
		"a token that is none":      {401, nil, `{"message": "Bad credentials"}`, fault.Invalid, []string{"expired", "PILOTAGE_GITHUB_TOKEN_SECRET_ARN", "Bad credentials"}},
		"a token that may not":      {403, nil, `{"message": "Resource not accessible by personal access token"}`, fault.Invalid, []string{"read and write access", repository, "not accessible"}},
		"a repository not shown":    {404, nil, `{"message": "Not Found"}`, fault.Invalid, []string{"repository in pilotage.yaml", "PILOTAGE_GITHUB_TOKEN_SECRET_ARN"}},
		"a repository renamed":      {301, map[string]string{"Location": "https://elsewhere.example/repositories/1"}, `{"message": "Moved Permanently"}`, fault.Invalid, []string{"renamed", "pilotage.yaml"}},
		"the hour's limit":          {403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790000000"}, `{"message": "API rate limit exceeded"}`, fault.Transient, []string{"until 2026-09-21T"}},
		"a secondary limit":         {403, map[string]string{"Retry-After": "60"}, `{"message": "You have exceeded a secondary rate limit"}`, fault.Transient, []string{"for 60 s"}},
		"a limit by its message":    {403, nil, `{"message": "You have exceeded a secondary Rate Limit"}`, fault.Transient, []string{"limit of requests"}},
		"too many":                  {429, nil, ``, fault.Transient, []string{"limit of requests", "Too Many Requests"}},
		"GitHub's own failure":      {502, nil, `<html>Unicorn!</html>`, fault.Transient, []string{"502"}},
		"an invalid request":        {422, nil, `{"message": "No commit found for SHA: x\nmore"}`, fault.Invalid, []string{"422", "No commit found for SHA: x"}},
		"a conflict":                {409, nil, `{"message": "Conflict merging"}`, fault.Invalid, []string{"409"}},
		"a message of a stranger":   {403, nil, `{"message": "` + strings.Repeat("x", 5000) + `\u202e"}`, fault.Invalid, []string{"…"}},
		"an answer that is no JSON": {200, nil, `<html>`, fault.Internal, []string{"decode the answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for key, value := range test.header {
					w.Header().Set(key, value)
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			for call, err := range calls(t, client) {
				// What does not read the answer does not mind.
				if test.status == 200 && call != "Deployments" {
					continue
				}
				if !fault.Is(err, test.want) || strings.Contains(err.Error(), token) || len(err.Error()) > 900 {
					t.Errorf("%s: got error %v, want one of class %s", call, err, test.want)
					continue
				}
				for _, says := range test.says {
					if !strings.Contains(err.Error(), says) {
						t.Errorf("%s: got error %q, which does not say %q", call, err, says)
					}
				}
				if permission, _, _ := strings.Cut(call, "/"); test.want == fault.Invalid && (test.status == 403 || test.status == 404) && !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(permission)) {
					t.Errorf("%s: got error %q, which does not name the permission", call, err)
				}
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	client := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		piece := []byte(strings.Repeat(" ", 1<<20))
		for range 6 {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	}))
	_, err := client.Deploy(t.Context(), repository, github.Deployment{ID: "d1", Commit: commit, Environment: "staging"})
	if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got error %v, want that there is too much", err)
	}
}

func TestLostAnswersAreTransient(t *testing.T) {
	client := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	for call, err := range calls(t, client) {
		if !fault.Is(err, fault.Transient) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: got error %v, want one of class Transient", call, err)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.SetCommitStatus(stopped, repository, commit, github.CommitStatus{}); !fault.Is(err, fault.Transient) || !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that it was stopped", err)
	}
}

// TestNothingIsAskedThatCannotBe: what a path is made of comes from a request.
func TestNothingIsAskedThatCannotBe(t *testing.T) {
	client := served(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked %s %s", r.Method, r.URL) }))
	for _, name := range []string{"", "x", "a/b/c", "../..", "a/..", "a/b?x=1", "a/b#", "a/ b"} {
		if err := client.SetCommitStatus(t.Context(), name, commit, github.CommitStatus{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got error %v, want one of class Invalid", name, err)
		}
	}
	for _, sha := range []string{"", "main", commit[1:], commit + "0", "../" + commit[3:]} {
		if err := client.SetCommitStatus(t.Context(), repository, sha, github.CommitStatus{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got error %v, want one of class Invalid", sha, err)
		}
	}
}

// TestServerIsStrict shows that the server of these tests complains.
func TestServerIsStrict(t *testing.T) {
	server := &githubtest.Server{Repository: repository, Token: token}
	request := httptest.NewRequest(http.MethodPost, "/repos/"+repository+"/deployments", strings.NewReader(`{"ref": "main", "surprise": 1}`))
	request.Header.Set("Authorization", "Bearer "+token)
	server.ServeHTTP(httptest.NewRecorder(), request)
	if got := len(server.Wrong()); got < 5 {
		t.Errorf("got %q, want that it complains of headers, of the field, and of what is missing", server.Wrong())
	}
	request.Header.Set("Authorization", "Bearer x")
	recorder := httptest.NewRecorder()
	if server.ServeHTTP(recorder, request); recorder.Code != http.StatusUnauthorized {
		t.Errorf("got status %d for a token that is none", recorder.Code)
	}
}
