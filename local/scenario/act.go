package scenario

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pilotage/pilotage/functions/intake"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/bus"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/github"
)

// act does what an action says, through the door through which it would come on AWS.
func (s *run) act(ctx context.Context, action Action) error {
	switch {
	case action.Push != nil:
		return s.push(ctx, *action.Push)
	case action.Promote != nil:
		return s.promote(ctx, *action.Promote)
	case action.Rollback != nil:
		return s.rollback(ctx, *action.Rollback)
	case action.Schedule != nil:
		return s.schedule(ctx, *action.Schedule)
	default:
		return s.stop(ctx, *action.Stop)
	}
}

// push delivers a signed push to the webhook, as GitHub does.
func (s *run) push(ctx context.Context, push Push) error {
	// What is pushed need not be published.
	described, err := s.catalog.Describe(push.Release)
	if err != nil {
		return err
	}
	release := described.Release()
	subject := "release " + release.Version
	if len(release.Changes) > 0 {
		subject = release.Changes[0].Subject
	}
	body, err := pushBody(s.settings.Repository, push, release, subject)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.world.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make the push: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(github.EventHeader, "push")
	request.Header.Set("User-Agent", "GitHub-Hookshot/local")
	request.Header.Set(github.SignatureHeader, github.Sign(s.world.WebhookSecret, body))
	s.view.Note(fmt.Sprintf("GitHub pushes %.7s (%s) to %s: %s", release.Commit, release.Version, push.Branch, subject))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("deliver the push: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("read the webhook's answer: %w", err)
	}
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the webhook answered %d: %s", response.StatusCode, strings.TrimSpace(string(answer)))
	}
	return nil
}

// pushBody is a push event in the shape of GitHub's documentation, as far as it is read.
func pushBody(repository string, push Push, release deploy.Release, subject string) ([]byte, error) {
	owner, name, _ := strings.Cut(repository, "/")
	commit := map[string]any{
		"id": release.Commit, "message": subject, "timestamp": "2026-03-01T12:00:00Z", "distinct": true,
		"author":    map[string]string{"name": release.Author, "email": release.Author},
		"committer": map[string]string{"name": release.Author, "email": release.Author},
	}
	body, err := json.Marshal(map[string]any{
		"ref": "refs/heads/" + push.Branch, "before": strings.Repeat("1", 40), "after": release.Commit,
		"created": false, "deleted": false, "forced": false,
		"repository": map[string]any{"name": name, "full_name": repository, "owner": map[string]string{"login": owner, "name": owner}},
		"pusher":     map[string]string{"name": push.By}, "sender": map[string]string{"login": push.By},
		"commits": []any{commit}, "head_commit": commit,
	})
	if err != nil {
		return nil, fmt.Errorf("encode the push: %w", err)
	}
	return body, nil
}

// promote asks for a promotion, as `pilotage promote` does.
func (s *run) promote(ctx context.Context, promote Promote) error {
	env, err := s.settings.Environment(promote.Environment)
	if err != nil {
		return err
	}
	from, err := s.world.Ports.Ledger.Live(ctx, s.world.Scope(env.PromoteFrom))
	if err != nil {
		return err
	}
	s.view.Note(fmt.Sprintf("%s promotes %s (%s) to %s: %s", promote.By, from.Deployment, from.Release.Version, promote.Environment, promote.Reason))
	return s.order(ctx, promote.By, commands.Command{
		Verb: commands.Promote, Environment: promote.Environment, Deployment: from.Deployment, Reason: promote.Reason,
	})
}

// rollback asks to go back, as `pilotage rollback` does: what is under way is meant, when
// something is.
func (s *run) rollback(ctx context.Context, rollback Rollback) error {
	s.view.Note(fmt.Sprintf("%s asks to take %s back (%s): %s", rollback.By, rollback.Environment, rollback.Mode, rollback.Reason))
	return s.order(ctx, rollback.By, commands.Command{
		Verb: commands.Rollback, Environment: rollback.Environment, Mode: deploy.Mode(rollback.Mode), Schema: rollback.Schema, Reason: rollback.Reason,
	})
}

// schedule puts on the bus what EventBridge Scheduler puts there when it is time.
func (s *run) schedule(ctx context.Context, schedule Schedule) error {
	now := s.runner.Clock.Now().UTC().Format(time.RFC3339)
	detail, err := json.Marshal(intake.Scheduled{Scope: s.world.Scope(schedule.Environment), Time: now})
	if err != nil {
		return fmt.Errorf("encode the schedule's event: %w", err)
	}
	s.view.Note(fmt.Sprintf("it is %s: time to deploy to %s what is newest", now, schedule.Environment))
	return s.world.Bus.Put(ctx, bus.Event{Source: intake.ScheduleSource, DetailType: intake.ScheduleType, Detail: detail})
}

// order sends a command that starts something.
func (s *run) order(ctx context.Context, by string, command commands.Command) error {
	command.Key = rand.Text()
	_, err := s.send(ctx, by, command)
	return err
}

// stop stops the machine's running execution, as the button in the console does.
func (s *run) stop(ctx context.Context, stop Stop) error {
	for _, execution := range s.world.Engine.List(ctx, stop.Machine) {
		if execution.Status == asl.StatusRunning {
			s.view.Note("somebody stops execution " + execution.Name + " in the console")
			return s.world.Engine.Stop(ctx, execution.Arn, "", "stopped by a person")
		}
	}
	return fmt.Errorf("stop the %s machine: no execution of it runs", stop.Machine)
}
