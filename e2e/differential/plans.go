package differential

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/statemachine"
)

// Plans is every plan: the stories, and for each task of both machines each failure that its
// Retry and Catch can tell from others. The definitions are read, so a new state has its plans.
func Plans() ([]Plan, error) {
	plans := slices.Concat(stories(), refusals(), people(), rollbacks(), oddities())
	for _, machine := range []string{"deploy", "rollback"} {
		states, err := tasks(machine)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(states)) {
			plans = append(plans, failures(Spot{machine, name}, states[name])...)
		}
	}
	for i := range plans {
		plans[i].ID = fmt.Sprintf("p%03d", i+1)
	}
	return plans, nil
}

// task is what a definition says of a task that calls a function.
type task struct {
	Type, Resource string
	Catch          []struct{ ErrorEquals []string }
}

// catches reports whether a catcher names the error.
func (t task) catches(name string) bool {
	for _, catcher := range t.Catch {
		if slices.Contains(catcher.ErrorEquals, name) {
			return true
		}
	}
	return false
}

// tasks is the states of a machine that call a function.
func tasks(machine string) (map[string]task, error) {
	states, err := states(machine)
	maps.DeleteFunc(states, func(_ string, t task) bool {
		return t.Type != "Task" || !strings.HasPrefix(t.Resource, "arn:aws:states:::lambda:invoke")
	})
	return states, err
}

func states(machine string) (map[string]task, error) {
	var definition struct{ States map[string]task }
	if err := json.Unmarshal(definitions()[machine], &definition); err != nil {
		return nil, fmt.Errorf("read the definition of %s: %w", machine, err)
	}
	return definition.States, nil
}

// definitions are those that are shipped, by machine.
func definitions() map[string][]byte {
	return map[string][]byte{"deploy": statemachine.Deploy(), "rollback": statemachine.Rollback()}
}

// States are those of both machines, as "deploy/Shift". Those that run a build are left out: the
// emulation has no CodeBuild.
func States() ([]string, error) {
	var names []string
	for _, machine := range slices.Sorted(maps.Keys(definitions())) {
		found, err := states(machine)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if found[name].Resource != "arn:aws:states:::codebuild:startBuild.sync" {
				names = append(names, machine+"/"+name)
			}
		}
	}
	return names, nil
}

// failure is one way in which a state fails.
type failure struct {
	name, err string
	attempt   int
	moment    sim.Moment
}

// failures are the plans of one state.
func failures(at Spot, t task) []Plan {
	kinds := []failure{
		{"fails before its effect", "Pilotage.Internal", 1, sim.Before},
		{"fails after its effect", "Pilotage.Internal", 1, sim.After},
		{"is transient once, before its effect", "Pilotage.Transient", 1, sim.Before},
	}
	if t.catches("Pilotage.LeaseLost") {
		kinds = append(kinds, failure{"has lost its lease", "Pilotage.LeaseLost", 1, sim.Before})
	}
	switch at.State {
	case "Validate", "Shift", "Hold", "Observe", "Unlock":
		kinds = append(
			kinds,
			failure{"is transient for ever", "Pilotage.Transient", 0, sim.Before},
			failure{"is transient once, after its effect", "Pilotage.Transient", 1, sim.After},
			failure{"is throttled once", "Lambda.TooManyRequestsException", 1, sim.Before},
			failure{"dies", sim.Crash, 1, sim.Before},
		)
	case "Plan", "Lock", "Release", "Promote", "RestoreTraffic":
		kinds = append(kinds, failure{"is stopped by hand", sim.Stop, 1, sim.Before})
	}
	var plans []Plan
	for _, kind := range kinds {
		plan := reaching(at)
		plan.Name = at.Machine + "/" + at.State + " " + kind.name
		plan.Faults = append(plan.Faults, sim.Fault{Machine: at.Machine, At: at.State, Attempt: kind.attempt, Moment: kind.moment, Error: kind.err})
		plans = append(plans, plan)
	}
	switch at.State {
	case "Lock", "Shift", "Record", "RestoreTraffic":
		plan := reaching(at)
		plan.Name, plan.Hang = at.Machine+"/"+at.State+" hangs until its time is over", &at
		plans = append(plans, plan)
	}
	return plans
}

// reaching is a plan that comes to a state.
func reaching(at Spot) Plan {
	plan := Plan{
		Options: sim.Options{Configure: brief(nil)}, Act: request("1.1.0"),
	}
	if at.Machine == "rollback" {
		return reachingBack(at.State, plan)
	}
	fail := func(state, name string) { plan.Faults = append(plan.Faults, failing("deploy", state, name)) }
	switch at.State {
	case "RecordRefusal", "UnlockRefused":
		fail("Replan", "Pilotage.Rejected")
	case "Page":
		fail("Record", "Pilotage.Internal")
	case "ReportLeftover":
		fail("Retire", "Pilotage.Internal")
	case "EnterMaintenance", "LeaveMaintenance":
		plan.Options.Configure = brief(func(e *deploy.Environment) { e.Strategy.Maintenance = true })
	case "Ask", "Approve":
		plan.Options.Configure = brief(func(e *deploy.Environment) { approved(e); e.Approval.ExpiresSeconds = 20 })
	case "YieldLock":
		plan.Options.Configure = brief(func(e *deploy.Environment) { approved(e); e.Approval.ExpiresSeconds = 20 })
		plan.Act = decided(1, vote{sim.Approver, approval.Approve})
	}
	return plan
}

// reachingBack is reaching for the rollback machine: a failed deployment starts it where it
// can, and a person where it needs one.
func reachingBack(state string, plan Plan) Plan {
	asked := sim.Rollback(deploy.Standard, "")
	patient := func(e *deploy.Environment) { e.Rollback.ApprovalRequired, e.Approval.ExpiresSeconds = true, 20 }
	switch state {
	case "SmokeTest":
		plan.Act = takenBack(asked, 0)
	case "Ask", "Approve":
		plan.Options.Configure, plan.Act = brief(patient), takenBack(asked, 0)
	case "YieldLock":
		plan.Options.Configure = brief(patient)
		plan.Act = takenBack(asked, 1, vote{sim.Approver, approval.Approve})
	case "EnterMaintenance", "RestoreDatabase":
		asked.Rollback.Schema = deploy.SchemaRestore
		plan.Act = takenBack(asked, 0)
	case "RecordRefusal", "UnlockRefused":
		plan.Faults, plan.Act = []sim.Fault{failing("rollback", "Replan", "Pilotage.Rejected")}, takenBack(asked, 0)
	case "Abandon":
		plan.Empty, plan.Faults = true, []sim.Fault{failing("deploy", "Verify", "Pilotage.Unhealthy")}
	case "Page":
		plan.Faults = []sim.Fault{failing("deploy", "Verify", "Pilotage.Unhealthy"), failing("rollback", "Hold", "Pilotage.Internal")}
	default:
		plan.Faults = []sim.Fault{failing("deploy", "Verify", "Pilotage.Unhealthy")}
	}
	return plan
}

// failing fails a state the first time, before its effect.
func failing(machine, state, name string) sim.Fault {
	return sim.Fault{Machine: machine, At: state, Attempt: 1, Moment: sim.Before, Error: name}
}

// approved asks people before a deployment.
func approved(e *deploy.Environment) { e.Approval.Required = true }
