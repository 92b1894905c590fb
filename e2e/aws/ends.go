package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// goodPath are the states of a deployment that goes well, with as many weights as steps, and those
// that come between the announcement and the lock.
func goodPath(steps int, between ...string) []string {
	path := append([]string{"Validate", "Plan", "Announce"}, between...)
	path = append(path, "Lock", "Replan", "Backup", "Migrate", "Release", "SmokeTest")
	for range steps {
		path = append(path, "Shift", "Prove", "Observe")
	}
	return append(path, "Verify", "Promote", "Record", "Unlock", "Succeeded")
}

// backPath are the states of a rollback that goes well, with those that do it.
func backPath(between ...string) []string {
	path := append([]string{"Plan", "Announce", "Lock", "Replan"}, between...)
	return append(path, "Verify", "RestoreMaintenance", "Hold", "Record", "Unlock", "Restored")
}

// execution is the ARN of a machine's execution.
func (s *story) execution(machine, name string) string {
	return fmt.Sprintf("arn:aws:states:%s:%s:execution:%s:%s", region, account, machine, name)
}

// promote asks for a promotion in the console, and lets somebody approve it.
func (s *story) promote(ctx context.Context, promotes, by, approver string) (string, error) {
	id, _, err := s.start(ctx, s.variables["PILOTAGE_DEPLOY_MACHINE_ARN"], by, map[string]any{"promotes": promotes, "reason": "RUN-112: runners can note their shoe"})
	if err != nil {
		return "", err
	}
	return id, s.approve(ctx, id, approver)
}

// good waits for the end of a deployment that should go well, and looks at all that it leaves.
func (s *story) good(ctx context.Context, id string, release deploy.Release, states []string) error {
	entry, err := s.entry(ctx, "deployment "+id, func(entry ledger.Deployment) bool { return entry.ID == id })
	if err != nil {
		return err
	}
	ended, err := s.end(ctx, entry.Execution)
	if err != nil {
		return err
	}
	s.ended(ended, succeeded, "")
	s.took(ended, states, []string{"Rollback", "RecordRefusal", "Page", "ReportLeftover"})
	if entry, err = s.ledger.Deployment(ctx, s.scope(), id); err != nil {
		return err
	}
	s.outcome = string(entry.Outcome)
	equal(s, "the ledger's outcome", entry.Outcome, deploy.Succeeded)
	equal(s, "the ledger's release", entry.Plan.Release.Digest, release.Digest)
	if err := s.look(ctx, wantedWorld{release: release, live: id}); err != nil {
		return err
	}
	if err := s.backedUp(ctx, id); err != nil {
		return err
	}
	made, err := s.recorded(ctx, entry)
	if err != nil {
		return err
	}
	steps := made.Results.Observe.Steps
	equal(s, "the record's steps", len(steps), strings.Count(strings.Join(states, " "), "Observe"))
	// The first deployment has no users yet, and nothing to compare.
	if len(steps) > 1 && (steps[0].Candidate.Requests == 0 || steps[0].Active.Requests == 0) {
		s.wrong("the analysis read no requests from CloudWatch: %+v", steps[0])
	}
	return nil
}

// once notes when a push has started more than one deployment.
func (s *story) once(ctx context.Context, release deploy.Release) {
	entries, err := s.ledger.Deployments(ctx, s.scope(), 100)
	if err != nil {
		s.wrong("%v", err)
	}
	count := 0
	for _, entry := range entries {
		if pushed(release)(entry) {
			count++
		}
	}
	equal(s, "the deployments of one push, delivered twice", count, 1)
}

// undoing is a deployment that was taken back, by a rollback, and what is live after it.
type undoing struct {
	id, by, failure string
	live            string
	release         deploy.Release
}

// undone looks at all that a rollback leaves.
func (s *story) undone(ctx context.Context, u undoing) error {
	if err := s.look(ctx, wantedWorld{release: u.release, live: u.live, hold: true}); err != nil {
		return err
	}
	if err := s.backedUp(ctx, u.id); err != nil {
		return err
	}
	entry, err := s.ledger.Deployment(ctx, s.scope(), u.id)
	if err != nil {
		return err
	}
	equal(s, "who took it back", entry.UndoneBy, u.by)
	if u.failure != "" {
		equal(s, "the ledger's outcome", entry.Outcome, deploy.RolledBack)
		equal(s, "the ledger's error", entry.Error.Error, u.failure)
	}
	back, err := s.ledger.Deployment(ctx, s.scope(), u.by)
	if err != nil {
		return err
	}
	s.outcome = string(back.Outcome)
	equal(s, "the rollback's outcome", back.Outcome, deploy.RolledBack)
	if _, err := s.recorded(ctx, entry); err != nil {
		return err
	}
	made, err := s.recorded(ctx, back)
	if err != nil {
		return err
	}
	equal(s, "what the rollback's record says it took back", made.Undoes, u.id)
	return nil
}

// unneeded tells the watchdog of an end with which it has nothing to do, for the record is closed.
func (s *story) unneeded(ctx context.Context, e execution) error {
	before, err := s.ledger.Deployments(ctx, s.scope(), 100)
	if err != nil {
		return err
	}
	if err := s.announce(ctx, e); err != nil {
		return err
	}
	after, err := s.ledger.Deployments(ctx, s.scope(), 100)
	equal(s, "the ledger's entries once the watchdog has looked", len(after), len(before))
	return err
}

// announce puts the end of an execution on the default bus, as Step Functions does on AWS and the
// emulation does not, and waits until the watchdog has looked at it.
func (s *story) announce(ctx context.Context, e execution) error {
	detail, err := json.Marshal(map[string]string{
		"executionArn": s.execution("pilotage-deploy", e.name), "name": e.name, "status": e.status,
		"stateMachineArn": fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:pilotage-deploy", region, account),
	})
	if err != nil {
		return err
	}
	invoked := s.calls.of("pilotage-Watchdog")
	answer, err := eventbridge.NewFromConfig(s.sdk).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source: aws.String("aws.states"), DetailType: aws.String("Step Functions Execution Status Change"), Detail: aws.String(string(detail)),
	}}})
	if err != nil {
		return fmt.Errorf("put the end of %s on the bus: %w", e.name, err)
	}
	if answer.FailedEntryCount > 0 {
		return fmt.Errorf("put the end of %s on the bus: it was refused", e.name)
	}
	if err := until(ctx, func() (bool, error) { return s.calls.of("pilotage-Watchdog") > invoked, nil }); err != nil {
		return fmt.Errorf("the watchdog was not called: %w", err)
	}
	return nil
}
