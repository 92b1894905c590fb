package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/ledger"
)

const sourceRepository, branch = "pilotage/running-app", "main"

// push delivers the push of a release's commit to the webhook's address as GitHub does, and returns
// the deployment that came of it.
func (s *story) push(ctx context.Context, release deploy.Release, by string) (ledger.Deployment, error) {
	body, err := pushBody(release, by)
	if err != nil {
		return ledger.Deployment{}, err
	}
	secret, err := s.readSecret(ctx, s.variables["PILOTAGE_WEBHOOK_SECRET_ARN"])
	if err != nil {
		return ledger.Deployment{}, err
	}
	s.progress("GitHub pushes %.7s (%s) to %s", release.Commit, release.Version, branch)
	status, err := s.deliver(ctx, body, github.Sign([]byte(secret), body))
	if err != nil {
		return ledger.Deployment{}, err
	}
	equal(s, "the webhook's answer to the push", status, http.StatusAccepted)
	return s.entry(ctx, "deployment of commit "+release.Commit, pushed(release))
}

// pushed reports entries of a release's push.
func pushed(release deploy.Release) func(ledger.Deployment) bool {
	return func(entry ledger.Deployment) bool {
		return entry.Request.Source.Kind == "github" && entry.Request.Source.Commit == release.Commit
	}
}

// deliver posts a delivery and returns the status of the answer.
func (s *story) deliver(ctx context.Context, body []byte, signature string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.urls["pilotage-Webhook"]+"/", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "GitHub-Hookshot/e2e")
	request.Header.Set(github.EventHeader, "push")
	request.Header.Set(github.SignatureHeader, signature)
	response, err := s.identity.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("deliver the push: %w", err)
	}
	defer response.Body.Close()                                        //nolint:errcheck // it was read
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<10)) // its status says enough
	return response.StatusCode, err
}

// pushBody is a push event in the shape of GitHub's documentation, as far as it is read.
func pushBody(release deploy.Release, by string) ([]byte, error) {
	owner, name, _ := strings.Cut(sourceRepository, "/")
	subject := "release " + release.Version
	if len(release.Changes) > 0 {
		subject = release.Changes[0].Subject
	}
	commit := map[string]any{
		"id": release.Commit, "message": subject, "timestamp": "2026-03-01T12:00:00Z", "distinct": true,
		"author":    map[string]string{"name": release.Author, "email": release.Author},
		"committer": map[string]string{"name": release.Author, "email": release.Author},
	}
	return json.Marshal(map[string]any{
		"ref": "refs/heads/" + branch, "before": strings.Repeat("1", 40), "after": release.Commit, "created": false, "deleted": false, "forced": false,
		"repository": map[string]any{"name": name, "full_name": sourceRepository, "owner": map[string]string{"login": owner, "name": owner}},
		"pusher":     map[string]string{"name": by}, "sender": map[string]string{"login": by}, "commits": []any{commit}, "head_commit": commit,
	})
}
