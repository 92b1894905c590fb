package differential

import (
	"fmt"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

// story is a plan without an injected fault.
func story(name string, change func(*deploy.Environment), options sim.Options) Plan {
	options.Configure = configure(change)
	return Plan{Name: name, Options: options, Act: request("1.1.0")}
}

// stories are deployments that go well, or wrong because of the release itself.
func stories() []Plan {
	keep := func(*deploy.Environment) {}
	waits := sim.Options{Behaviours: slowStart(), SnapshotFor: 10 * time.Second, Lag: 20 * time.Second}
	plans := []Plan{
		story("goes well in five steps", func(e *deploy.Environment) {
			e.Strategy.Steps = sim.Environment(sim.Scope()).Strategy.Steps
		}, sim.Options{}),
		story("goes well without a backup, at once", func(e *deploy.Environment) {
			e.Database.Backup, e.Strategy.Steps = false, deploy.Schedule{{Weight: 100}}
		}, sim.Options{}),
		story("goes well behind the maintenance page", func(e *deploy.Environment) { e.Strategy.Maintenance = true }, sim.Options{}),
		story("waits for the backup, for the tasks and for the traffic", keep, waits),
		story("bakes longer than one invocation", func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds = 180 }, sim.Options{}),
	}
	first := story("goes well where nothing ever ran", keep, sim.Options{})
	first.Empty = true
	second := story("two in turn", keep, sim.Options{})
	second.Act = inTurn
	back := story("waits for the traffic there and back", keep, sim.Options{Lag: 20 * time.Second})
	back.Faults = []sim.Fault{failing("deploy", "Verify", "Pilotage.Unhealthy")}
	return append(append(plans, first, second, back), badReleases()...)
}

// badReleases are deployments that the release itself makes fail.
func badReleases() []Plan {
	var plans []Plan
	bad := func(name string, behaviour sim.Behaviour, change func(*deploy.Environment)) {
		plan := story(name, change, sim.Options{Behaviours: map[string]sim.Behaviour{"1.2.0": behaviour}})
		plan.Act = request("1.2.0")
		plans = append(plans, plan)
	}
	bad("the release never gets ready", sim.Behaviour{ReadyAfter: -1}, func(e *deploy.Environment) { e.Health.ReadyWithinSeconds = 10 })
	bad("the smoke test fails", sim.Behaviour{Status: 500}, nil)
	bad("a migration fails", sim.Behaviour{FailingMigration: 4}, nil)
	for _, step := range sim.Environment(sim.Scope()).Strategy.Steps {
		name := fmt.Sprintf("it is worse from %d %% on", step.Weight)
		bad(name, sim.Behaviour{ErrorRate: 0.5, ErrorsFrom: step.Weight}, func(e *deploy.Environment) {
			e.Strategy.Steps = sim.Environment(sim.Scope()).Strategy.Steps
		})
	}
	return plans
}

// refusals are requests that change nothing.
func refusals() []Plan {
	refused := func(name string, input any) Plan {
		plan := story("refused: "+name, nil, sim.Options{})
		plan.Act = raw(input)
		return plan
	}
	elsewhere, quoted := sim.Deployment("1.1.0"), sim.Deployment("1.1.0")
	elsewhere.Scope.Environment = "nowhere"
	quoted.Reason = "a \"quoted\" reason\\ with\nlines, <tags> & {% no expression %} – ünïcödé 🚀  $doc"
	plans := []Plan{
		refused("the input is a text", "deploy it"),
		refused("the input is a list", []int{1, 2, 3}),
		refused("the input is a number", 42),
		refused("the input is null", nil),
		refused("the input is empty", struct{}{}),
		refused("a field that nobody knows", map[string]any{"scope": sim.Scope(), "release": "1.1.0", "relaese": "1.2.0"}),
		refused("there is no such release", sim.Deployment("9.9.9")),
		refused("there is no such environment", elsewhere),
		refused("numbers at their edges", map[string]any{"scope": 1.5e300, "release": -0.000001, "reason": 9007199254740991}),
	}
	missing := story("refused: the commit is not published in time", func(e *deploy.Environment) {
		e.Build.WhenMissing, e.Build.WaitSeconds = deploy.MissingWait, 10
	}, sim.Options{Unpublished: []string{"1.1.0"}})
	missing.Act = raw(sim.Deployment(sim.Releases()[1].Commit))
	plans = append(plans, missing)
	written := story("a reason full of signs", nil, sim.Options{})
	written.Act = raw(quoted)
	unwell := story("a reason full of signs, rolled back", nil, sim.Options{})
	unwell.Act, unwell.Faults = raw(quoted), []sim.Fault{failing("deploy", "Verify", "Pilotage.Unhealthy")}
	return append(plans, written, unwell)
}

// people are the plans that need somebody's word.
func people() []Plan {
	asked := func(name string, act Plan) Plan {
		act.Name, act.Options = name, sim.Options{Configure: configure(func(e *deploy.Environment) {
			approved(e)
			e.Approval.ExpiresSeconds = 60
		})}
		return act
	}
	yes, no := vote{sim.Approver, approval.Approve}, vote{sim.Second, approval.Reject}
	return []Plan{
		asked("approved", Plan{Act: decided(0, yes)}),
		asked("rejected", Plan{Act: decided(0, no)}),
		asked("nobody decides", Plan{Act: decided(0)}),
		asked("approved, changed and approved again", Plan{Act: decided(1, yes, yes)}),
		asked("approved, changed and rejected", Plan{Act: decided(1, yes, no)}),
		asked("changes each time", Plan{Act: decided(3, yes, yes, yes)}),
	}
}

// rollbacks are those that people ask for, and those that fail.
func rollbacks() []Plan {
	back := func(name string, mode deploy.Mode, change func(*deploy.Environment), edit func(*deploy.Request), votes ...vote) Plan {
		asked := sim.Rollback(mode, "")
		if edit != nil {
			edit(&asked)
		}
		plan := story(name, change, sim.Options{Behaviours: slowStart(), SnapshotFor: 10 * time.Second})
		plan.Act = takenBack(asked, 0, votes...)
		return plan
	}
	patient := func(e *deploy.Environment) { e.Rollback.ApprovalRequired, e.Approval.ExpiresSeconds = true, 60 }
	restore := func(r *deploy.Request) { r.Rollback.Schema = deploy.SchemaRestore }
	keep := func(r *deploy.Request) { r.Rollback.Schema = deploy.SchemaKeep }
	plans := []Plan{
		back("a person's rollback", deploy.Standard, nil, nil),
		back("an emergency rollback", deploy.Emergency, nil, nil),
		back("a rollback that restores the database", deploy.Standard, nil, restore),
		back("a rollback that keeps the schema", deploy.Standard, nil, keep),
		back("a rollback that people agree to", deploy.Standard, patient, nil, vote{sim.Approver, approval.Approve}),
		back("a rollback that people reject", deploy.Standard, patient, nil, vote{sim.Approver, approval.Reject}),
		back("a rollback that nobody decides on", deploy.Standard, patient, nil),
		back("a rollback of what nobody knows", deploy.Standard, nil, func(r *deploy.Request) { r.Scope.Environment = "nowhere" }),
	}
	for _, mode := range []deploy.Mode{deploy.Standard, deploy.Emergency} {
		plan := story("a rollback halts a deployment, "+string(mode), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds = 60 }, sim.Options{})
		plan.Act = interrupted(20*time.Second, sim.Rollback(mode, ""))
		plans = append(plans, plan)
	}
	for _, policy := range []string{deploy.QueueWait, deploy.QueueReject} {
		plan := story("a second deployment, policy "+policy, func(e *deploy.Environment) { e.Queue.Policy = policy }, sim.Options{})
		plan.Act = interrupted(3*time.Second, sim.Deployment("1.2.0"))
		plans = append(plans, plan)
	}
	return plans
}

// oddities are what a function may do and ours never does.
func oddities() []Plan {
	var plans []Plan
	for _, state := range []string{"Validate", "Shift"} {
		plan := reaching(Spot{"deploy", state})
		plan.Name, plan.Deaths = "deploy/"+state+" dies without an error type", Untyped
		plan.Faults = append(plan.Faults, failing("deploy", state, sim.Crash))
		plans = append(plans, plan)
	}
	for _, name := range []string{"Error: with a message", "Ünïcödé"} {
		plan := reaching(Spot{"deploy", "Shift"})
		plan.Name = "deploy/Shift fails with " + name
		plan.Faults = append(plan.Faults, failing("deploy", "Shift", name))
		plans = append(plans, plan)
	}
	return plans
}

// slowStart is releases that take some seconds to get healthy, so that each is waited for.
func slowStart() map[string]sim.Behaviour {
	return map[string]sim.Behaviour{"1.1.0": {ReadyAfter: 3 * time.Second}, "1.2.0": {ReadyAfter: 3 * time.Second}}
}
