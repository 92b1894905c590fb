package differential

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/codebuild"
	"github.com/pilotage/pilotage/shared/deploy"
)

// Stories are the plans in which no fault is injected. Together they come to every state that
// does not need one; the failures of a state are made from the cheapest that does.
func Stories() []Plan {
	return slices.Concat(deployments(), badReleases(), commits(), people(), rollbacks(), meetings(), inputs())
}

// story is a plan without an injected fault: short, and in one step unless change says otherwise,
// because the emulation needs a second of a processor for forty states.
func story(name string, change func(*deploy.Environment), options sim.Options) Plan {
	options.Configure = func(e *deploy.Environment) {
		e.Strategy.Steps = deploy.Schedule{{Weight: 100}}
		e.Strategy.SettleSeconds, e.Health.PollSeconds = 1, 2
		if change != nil {
			change(e)
		}
	}
	return Plan{Name: name, Options: options, Act: request("1.1.0")}
}

// fiveSteps is the schedule of the simulated world.
func fiveSteps(e *deploy.Environment) { e.Strategy.Steps = sim.Environment(sim.Scope()).Strategy.Steps }

// deployments go well.
func deployments() []Plan {
	waits := sim.Options{Behaviours: slowStart(), SnapshotFor: 10 * time.Second, Lag: 20 * time.Second}
	long := deploy.Schedule{{Weight: 10, BakeSeconds: 180}, {Weight: 100}}
	first := story("goes well where nothing ever ran", nil, sim.Options{})
	first.Empty = true
	second := story("two in turn", nil, sim.Options{})
	second.Act = inTurn
	return []Plan{
		story("goes well at once", nil, sim.Options{}),
		story("goes well without a backup", func(e *deploy.Environment) { e.Database.Backup = false }, sim.Options{}),
		story("goes well behind the maintenance page", func(e *deploy.Environment) { e.Strategy.Maintenance = true }, sim.Options{}),
		story("waits for the backup, for the tasks and for the traffic", nil, waits),
		story("bakes longer than one invocation", func(e *deploy.Environment) { e.Strategy.Steps = long }, sim.Options{}),
		story("goes well in five steps", fiveSteps, sim.Options{}),
		first, second,
	}
}

// badReleases are deployments that the release itself makes fail.
func badReleases() []Plan {
	bad := func(name string, behaviour sim.Behaviour, change func(*deploy.Environment)) Plan {
		plan := story(name, change, sim.Options{Behaviours: map[string]sim.Behaviour{"1.2.0": behaviour}})
		plan.Act = request("1.2.0")
		return plan
	}
	worse := sim.Behaviour{ErrorRate: 0.5}
	bakes := func(e *deploy.Environment) { e.Strategy.Steps = deploy.Schedule{{Weight: 100, BakeSeconds: 20}} }
	slow := bad("it is worse, and traffic takes its time there and back", worse, bakes)
	slow.Options.Lag = 20 * time.Second
	first := bad("it is bad, and nothing ever ran", sim.Behaviour{Status: 500}, nil)
	first.Empty = true
	plans := []Plan{
		bad("it never gets ready", sim.Behaviour{ReadyAfter: -1}, func(e *deploy.Environment) { e.Health.ReadyWithinSeconds = 10 }),
		bad("its smoke test fails", sim.Behaviour{Status: 500}, nil),
		bad("its migration fails", sim.Behaviour{FailingMigration: 4}, nil),
		bad("it is worse", worse, bakes),
		slow, first,
	}
	for _, step := range sim.Environment(sim.Scope()).Strategy.Steps {
		worse.ErrorsFrom = step.Weight
		plans = append(plans, bad(fmt.Sprintf("it is worse from %d %% on", step.Weight), worse, fiveSteps))
	}
	return plans
}

// commits are deployments of what is not published yet.
func commits() []Plan {
	of := func(name, missing string, build sim.Building) Plan {
		plan := story(name, func(e *deploy.Environment) { e.Build.WhenMissing, e.Build.WaitSeconds = missing, 10 }, sim.Options{
			Unpublished: []string{"1.1.0"}, Build: build,
		})
		plan.Act = raw(sim.Deployment(sim.Releases()[1].Commit))
		return plan
	}
	return []Plan{
		of("its commit is not published in time", deploy.MissingWait, sim.Building{}),
		of("its commit is built first", deploy.MissingBuild, sim.Building{Takes: time.Minute}),
		of("its build fails", deploy.MissingBuild, sim.Building{Status: codebuild.Failed}),
	}
}

// people are the deployments that need somebody's word.
func people() []Plan {
	asked := func(name string, act func(context.Context, Stage) error) Plan {
		plan := story(name, func(e *deploy.Environment) { e.Approval.Required, e.Approval.ExpiresSeconds = true, 60 }, sim.Options{})
		plan.Act = act
		return plan
	}
	yes, no, later := vote{sim.Approver, approval.Approve}, vote{sim.Second, approval.Reject}, vote{sim.Second, approval.PutOff}
	ignored := story("nobody decides, in spite of a reminder", func(e *deploy.Environment) {
		e.Approval.Required, e.Approval.RemindSeconds, e.Approval.ExpiresSeconds = true, 10, 25
	}, sim.Options{})
	return []Plan{
		ignored,
		asked("approved", decided(0, yes)),
		asked("rejected", decided(0, no)),
		asked("approved after somebody asked for time", decided(0, later, yes)),
		asked("approved, changed, and nobody decides again", decided(1, yes)),
		asked("approved, changed and approved again", decided(1, yes, yes)),
		asked("approved, changed and rejected", decided(1, yes, no)),
		asked("changes each time", decided(3, yes, yes, yes)),
		asked("stopped by hand while it waits for people", stopped),
	}
}

// rollbacks are those that people ask for. Each first deploys what it takes back.
func rollbacks() []Plan {
	back := func(name string, mode deploy.Mode, act takingBack) Plan {
		plan := story(name, nil, sim.Options{Behaviours: slowStart(), SnapshotFor: 10 * time.Second})
		act.request.Rollback.Mode = mode
		plan.Act = act.play
		return plan
	}
	asked := sim.Rollback(deploy.Standard, "")
	restoring, keeping, lost := asked, asked, asked
	restoring.Rollback.Schema, keeping.Rollback.Schema, lost.Scope.Environment = deploy.SchemaRestore, deploy.SchemaKeep, "nowhere"
	patient := func(e *deploy.Environment) { e.Rollback.ApprovalRequired, e.Approval.ExpiresSeconds = true, 30 }
	yes, no := vote{sim.Approver, approval.Approve}, vote{sim.Approver, approval.Reject}
	return []Plan{
		back("a person's rollback", deploy.Standard, takingBack{request: asked}),
		back("an emergency rollback", deploy.Emergency, takingBack{request: asked}),
		back("a rollback that restores the database", deploy.Standard, takingBack{request: restoring}),
		back("a rollback that keeps the schema", deploy.Standard, takingBack{request: keeping}),
		back("a rollback that people agree to", deploy.Standard, takingBack{request: asked, change: patient, votes: []vote{yes}}),
		back("a rollback that people reject", deploy.Standard, takingBack{request: asked, change: patient, votes: []vote{no}}),
		back("a rollback that changes, and nobody decides again", deploy.Standard, takingBack{asked, patient, 1, []vote{yes}}),
		back("a rollback that changes, and is agreed to again", deploy.Standard, takingBack{asked, patient, 1, []vote{yes, yes}}),
		back("a rollback that nobody decides on", deploy.Standard, takingBack{request: asked, change: patient}),
		back("a rollback of what nobody knows", deploy.Standard, takingBack{request: lost}),
	}
}

// meetings are executions that get in each other's way.
func meetings() []Plan {
	bakes := func(e *deploy.Environment) {
		e.Strategy.Steps = deploy.Schedule{{Weight: 10, BakeSeconds: 40}, {Weight: 100}}
	}
	var plans []Plan
	for _, mode := range []deploy.Mode{deploy.Standard, deploy.Emergency} {
		plan := story("a rollback halts a deployment, "+string(mode), bakes, sim.Options{})
		plan.Act = interrupted(20*time.Second, sim.Rollback(mode, ""))
		plans = append(plans, plan)
	}
	for _, policy := range []string{deploy.QueueWait, deploy.QueueReject, deploy.QueueSupersede} {
		plan := story("a second deployment, policy "+policy, func(e *deploy.Environment) {
			bakes(e)
			e.Queue.Policy = policy
		}, sim.Options{})
		plan.Act = interrupted(3*time.Second, sim.Deployment("1.2.0"))
		plans = append(plans, plan)
	}
	return plans
}

// inputs are requests that are odd, most of them refused. They are about how each interpreter
// reads and writes values.
func inputs() []Plan {
	of := func(name string, input any) Plan {
		plan := story(name, nil, sim.Options{})
		plan.Act, plan.Always = raw(input), true
		return plan
	}
	elsewhere, quoted := sim.Deployment("1.1.0"), sim.Deployment("1.1.0")
	elsewhere.Scope.Environment = "nowhere"
	quoted.Reason = "a \"quoted\" reason\\ with\nlines, <tags> & {% no expression %} – ünïcödé 🚀  $doc"
	unwell := of("a reason full of signs, and the release is bad", quoted)
	unwell.Options.Behaviours = map[string]sim.Behaviour{quoted.Release: {Status: 500}}
	return []Plan{
		of("the input is a text", "deploy it"),
		of("the input is a list", []int{1, 2, 3}),
		of("the input is a number", 42),
		of("the input is null", nil),
		of("the input is empty", struct{}{}),
		of("the input has a field that nobody knows", map[string]any{"scope": sim.Scope(), "release": "1.1.0", "relaese": "1.2.0"}),
		of("the input has numbers at their edges", map[string]any{"scope": 1.5e300, "release": -0.000001, "reason": 9007199254740991}),
		of("there is no such release", sim.Deployment("9.9.9")),
		of("there is no such environment", elsewhere),
		of("a reason full of signs", quoted),
		unwell,
	}
}

// slowStart is releases that take some seconds to get healthy, so that each is waited for.
func slowStart() map[string]sim.Behaviour {
	return map[string]sim.Behaviour{"1.1.0": {ReadyAfter: 3 * time.Second}, "1.2.0": {ReadyAfter: 3 * time.Second}}
}
