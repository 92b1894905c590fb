package sim_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

// promotions lets production take only what staging has verified. Both environments get it, so it
// is set once staging has deployed.
func promotions(e *deploy.Environment) {
	e.Branches, e.PromoteFrom, e.PromoteWithinHours = nil, "staging", 24
}

// stage deploys a release to staging.
func (w world) stage(id, release string) {
	w.t.Helper()
	request := sim.Deployment(release)
	request.Scope = sim.Staging()
	w.run(id, request)
	if outcome, class := w.outcome(id); outcome != deploy.Succeeded {
		w.t.Fatalf("%s ended %q (%s) in staging", id, outcome, class)
	}
}

func promotionOf(id string) deploy.Request {
	request := sim.Deployment("")
	request.Promotes = id
	return request
}

func TestPromotion(t *testing.T) {
	back := func(w world, id string) {
		request := sim.Rollback(deploy.Standard, id)
		request.Scope = sim.Staging()
		w.run("back-"+id, request)
	}
	for name, test := range map[string]struct {
		act     func(w world)
		request deploy.Request
		refusal string // empty: it succeeds
	}{
		"what staging has verified":     {func(world) {}, promotionOf("s1"), ""},
		"and is followed by another":    {func(w world) { w.stage("s2", "1.2.0") }, promotionOf("s1"), ""},
		"and stands after that is gone": {func(w world) { w.stage("s2", "1.2.0"); back(w, "s2") }, promotionOf("s1"), ""},
		"but took back":                 {func(w world) { back(w, "s1") }, promotionOf("s1"), "Validate: deployment s1 was taken back by back-s1; it cannot be promoted"},
		"but went back from": {
			func(w world) { w.stage("s2", "1.0.0") }, promotionOf("s1"),
			"Validate: staging went back from deployment s1: s2 put the older release 1.0.0 live there",
		},
		"the rollback of it": {func(w world) { back(w, "s1") }, promotionOf("back-s1"), "Validate: back-s1 is a rollback; name the deployment that put the release live in staging"},
		"but too long ago": {
			func(world) { time.Sleep(25 * time.Hour) }, promotionOf("s1"),
			"Validate: deployment s1 ended at 2000-01-01T00:03:50Z; production takes none older than 24 hours",
		},
		"whose migrations are others now": {func(w world) {
			changed := sim.Releases()[1]
			changed.Migrations[1].Checksum = "another"
			w.Publish(changed)
		}, promotionOf("s1"), "Validate: release 1.1.0 is not any more what deployment s1 verified: its migrations are others (changed or gone: 0002 step_2 (expand)); publish it under a new version and let staging verify that"},
		"a release, without staging": {
			func(world) {}, sim.Deployment("1.1.0"),
			"Validate: production takes only what staging has verified; name the staging deployment to promote",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{}, func(t *testing.T, w world) {
				w.stage("s0", "1.0.0")
				w.stage("s1", "1.1.0")
				test.act(w)
				w.Configure(sim.Scope(), promotions)
				run := w.run("d1", test.request)
				if test.refusal == "" {
					w.ends("d1", deploy.Succeeded)
					return
				}
				w.ends("d1", deploy.Refused)
				w.says(run, test.refusal)
			})
		})
	}
}

// TestStagingGoesBackWhileProductionWaits: what people agreed to was verified when they were asked.
func TestStagingGoesBackWhileProductionWaits(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.stage("s0", "1.0.0")
		w.stage("s1", "1.1.0")
		w.Configure(sim.Scope(), func(e *deploy.Environment) {
			promotions(e)
			e.Approval.Required, e.Approval.ExpiresSeconds = true, 86400
		})
		w.must(w.Start(t.Context(), "d1", promotionOf("s1")))
		synctest.Wait()
		request := sim.Rollback(deploy.Standard, "s1")
		request.Scope = sim.Staging()
		w.must(w.Start(t.Context(), "r1", request))
		time.Sleep(time.Hour)
		w.vote(sim.Approver, approval.Approve, 200)
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.ends("d1", deploy.Refused)
		w.says(run, "Replan: deployment s1 was taken back by r1; it cannot be promoted")
	})
}
