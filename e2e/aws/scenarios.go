package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Who takes part. The others of pilotage.yaml must not hear of anything.
const (
	team         = "team@running-app.example.com"
	stakeholders = "stakeholders@running-app.example.com"
	anna         = "anna@running-app.example.com"
	ben          = "ben@running-app.example.com"
	clara        = "clara@running-app.example.com"
	approvers    = "release-approvers@running-app.example.com"
	onCall       = "oncall@running-app.example.com"
)

// errNotOK says that a scenario was not as wanted; which one, and what in it, was printed.
var errNotOK = errors.New("not every scenario was as wanted")

// cast is what the scenarios have in common: the releases, and the ids of the deployments that one
// scenario leaves to another, by the scenario's name.
type cast struct {
	releases map[string]deploy.Release
	first    string
	staged   string
	before   string
	promoted string
}

// play runs the scenarios, those of different environments side by side.
func (w *world) play(ctx context.Context) error {
	releases, err := w.publish(ctx, "1.0.0", "1.1.0", "1.2.0", "1.5.0")
	if err != nil {
		return err
	}
	c := &cast{releases: releases}
	staging := func(name string, run func(context.Context, *story) error) func() []*story {
		return func() []*story { return []*story{w.tell(ctx, name, "staging", run)} }
	}
	stories := staging("first-to-staging", c.firstToStaging)()
	stories = append(stories, together(
		staging("push-to-staging", c.pushToStaging),
		func() []*story {
			return []*story{w.tell(ctx, "first-to-production", "production", c.firstToProduction)}
		},
	)...)
	stories = append(stories, together(
		func() []*story {
			return []*story{
				w.tell(ctx, "bad-release-caught", "staging", c.badReleaseCaught),
				w.tell(ctx, "stopped-in-console", "staging", c.stoppedInConsole),
			}
		},
		func() []*story {
			return []*story{
				w.tell(ctx, "promote-to-production", "production", c.promoteToProduction),
				w.tell(ctx, "emergency-rollback", "production", c.emergencyRollback),
			}
		},
	)...)
	return w.conclude(stories)
}

// conclude prints what became of the scenarios.
func (w *world) conclude(stories []*story) error {
	fmt.Println()
	if err := table(os.Stdout, stories); err != nil {
		return err
	}
	for _, s := range stories {
		if len(s.problems) > 0 {
			return fmt.Errorf("%w; what functions logged is in %s", errNotOK, leftAt)
		}
	}
	return nil
}

// firstToStaging is the first push to an empty environment, where there is nothing to compare the
// release with.
func (c *cast) firstToStaging(ctx context.Context, s *story) error {
	entry, err := s.push(ctx, c.releases["1.0.0"], "anna")
	if err != nil {
		return err
	}
	c.first = entry.ID
	if err := s.good(ctx, entry.ID, c.releases["1.0.0"], goodPath(1)); err != nil {
		return err
	}
	s.told(entry.ID, map[string][]string{team: {": starting", ": succeeded"}})
	return nil
}

// firstToProduction promotes that to an environment that is as empty.
func (c *cast) firstToProduction(ctx context.Context, s *story) error {
	var err error
	if c.before, err = s.promote(ctx, c.first, clara, ben); err != nil {
		return err
	}
	return s.good(ctx, c.before, c.releases["1.0.0"], goodPath(1, "Approve"))
}

// pushToStaging is a deployment that a signed push starts by itself.
func (c *cast) pushToStaging(ctx context.Context, s *story) error {
	release := c.releases["1.1.0"]
	leave, err := s.users(ctx)
	if err != nil {
		return err
	}
	body, err := pushBody(release, "ben")
	if err != nil {
		return err
	}
	status, err := s.deliver(ctx, body, github.Sign([]byte("a secret that somebody has guessed"), body))
	if err != nil {
		return err
	}
	equal(s, "the webhook's answer to a forged push", status, http.StatusUnauthorized)
	// GitHub delivers it twice.
	entry, err := s.push(ctx, release, "ben")
	if err != nil {
		return err
	}
	if _, err := s.push(ctx, release, "ben"); err != nil {
		return err
	}
	c.staged = entry.ID
	if err := s.good(ctx, entry.ID, release, goodPath(2)); err != nil {
		return err
	}
	s.once(ctx, release)
	s.told(entry.ID, map[string][]string{team: {": starting", ": succeeded"}})
	return leave(none())
}

// promoteToProduction is asked for by a person and approved by another. Ben, who wrote the release,
// and Clara, who asks for it, are not asked.
func (c *cast) promoteToProduction(ctx context.Context, s *story) error {
	leave, err := s.users(ctx)
	if err != nil {
		return err
	}
	if c.promoted, err = s.promote(ctx, c.staged, clara, anna); err != nil {
		return err
	}
	if err := s.good(ctx, c.promoted, c.releases["1.1.0"], goodPath(2, "Approve")); err != nil {
		return err
	}
	entry, err := s.ledger.Deployment(ctx, s.scope(), c.promoted)
	if err != nil {
		return err
	}
	equal(s, "the ledger's approver", entry.Approval.By, anna)
	equal(s, "the plan that was approved", entry.Approval.PlanDigest, entry.Plan.Digest)
	notices := []string{": waiting for approval", ": succeeded"}
	s.told(c.promoted, map[string][]string{team: notices, stakeholders: notices, anna: {"?"}, approvers: {"?"}})
	return leave(none())
}

// badReleaseCaught is a push of a release of whose answers to users every second is an error. The
// analysis sees it at half of the traffic, and everything goes back, the schema too.
func (c *cast) badReleaseCaught(ctx context.Context, s *story) error {
	leave, err := s.users(ctx)
	if err != nil {
		return err
	}
	entry, err := s.push(ctx, c.releases["1.2.0"], "clara")
	if err != nil {
		return err
	}
	ended, err := s.end(ctx, entry.Execution)
	if err != nil {
		return err
	}
	s.ended(ended, failed, "Pilotage.RolledBack")
	s.took(ended, append(goodPath(0)[:9], "Shift", "Prove", "Observe", "Rollback", "RolledBack"), []string{"Promote", "Page"})
	back, err := s.end(ctx, s.execution("pilotage-rollback", entry.ID+"-rollback"))
	if err != nil {
		return err
	}
	s.ended(back, succeeded, "")
	s.took(back, backPath("RestoreCapacity", "RestoreTraffic", "ProveTraffic", "Abandon", "RevertSchema"), []string{"Approve", "RestoreDatabase", "Page"})
	if err := s.undone(ctx, undoing{id: entry.ID, by: back.name, failure: "Pilotage.Regressed", live: c.staged, release: c.releases["1.1.0"]}); err != nil {
		return err
	}
	s.told(entry.ID, map[string][]string{team: {": starting"}})
	s.told(back.name, map[string][]string{team: {": starting", ": rolled-back"}})
	if err := s.unneeded(ctx, ended); err != nil {
		return err
	}
	return leave(some())
}

// stoppedInConsole is a deployment that a person starts in spite of the hold, and that somebody stops
// when half of the traffic has moved. The watchdog takes it back.
func (c *cast) stoppedInConsole(ctx context.Context, s *story) error {
	leave, err := s.users(ctx)
	if err != nil {
		return err
	}
	id, arn, err := s.start(ctx, s.variables["PILOTAGE_DEPLOY_MACHINE_ARN"], clara, map[string]any{"release": "1.5.0", "reason": "RUN-131: statistics by week"})
	if err != nil {
		return err
	}
	if err := s.stopAt(ctx, arn, "Prove"); err != nil {
		return err
	}
	stopped, err := s.end(ctx, arn)
	if err != nil {
		return err
	}
	equal(s, "the status of "+id, stopped.status, aborted)
	if err := s.announce(ctx, stopped); err != nil {
		return err
	}
	entry, err := s.entry(ctx, "rollback of "+id, func(entry ledger.Deployment) bool { return entry.ID == id+"-watchdog-1" })
	if err != nil {
		return err
	}
	back, err := s.end(ctx, entry.Execution)
	if err != nil {
		return err
	}
	s.ended(back, succeeded, "")
	s.took(back, backPath("RestoreCapacity", "RestoreTraffic", "ProveTraffic", "Abandon", "RevertSchema"), []string{"Approve", "RestoreDatabase", "Page"})
	if err := s.undone(ctx, undoing{id: id, by: back.name, live: c.staged, release: c.releases["1.1.0"]}); err != nil {
		return err
	}
	s.told(id, map[string][]string{team: {": starting"}})
	s.told(back.name, map[string][]string{team: {": starting", ": rolled-back"}})
	return leave(none())
}

// emergencyRollback takes the promotion back, although it went well. Nobody is asked for approval,
// and the old slot, which was scaled in, has to start again.
func (c *cast) emergencyRollback(ctx context.Context, s *story) error {
	leave, err := s.users(ctx)
	if err != nil {
		return err
	}
	id, arn, err := s.start(ctx, s.variables["PILOTAGE_ROLLBACK_MACHINE_ARN"], onCall, map[string]any{
		"reason": "Performance issue: statistics take three times as long", "rollback": map[string]string{"mode": "emergency"},
	})
	if err != nil {
		return err
	}
	back, err := s.end(ctx, arn)
	if err != nil {
		return err
	}
	s.ended(back, succeeded, "")
	s.took(back, backPath("RestoreCapacity", "RestoreTraffic", "ProveTraffic", "Abandon", "RevertSchema"), []string{"Approve", "SmokeTest", "RestoreDatabase", "Page"})
	if err := s.undone(ctx, undoing{id: c.promoted, by: id, live: c.before, release: c.releases["1.0.0"]}); err != nil {
		return err
	}
	notices := []string{": starting", ": rolled-back"}
	s.told(id, map[string][]string{team: notices, stakeholders: notices})
	return leave(none())
}
