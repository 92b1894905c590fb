package differential

import (
	"slices"
	"strings"

	"github.com/pilotage/pilotage/local/sim"
)

// failure is one way in which the function of a state fails.
type failure struct {
	// name says what happens, after the state's name.
	name string
	// err, attempt and moment are those of the injected fault; no fault when err is empty.
	err     string
	attempt int
	moment  sim.Moment
	deaths  Deaths
	// hangs says that the function never answers.
	hangs bool
	// of is the shape of what treats the failure: where it is the same, the failure is.
	of string
}

// shows is the same for failures that an interpreter treats alike.
func (f failure) shows() string { return f.name + " in " + f.of }

// everywhere are the failures that each state is driven through: those that its definition
// treats in its own way.
func everywhere(s state) []failure {
	kinds := []failure{
		{name: "fails before its effect", err: "Pilotage.Internal", attempt: 1, moment: sim.Before},
		{name: "fails after its effect", err: "Pilotage.Internal", attempt: 1, moment: sim.After},
		{name: "is transient once", err: transient, attempt: 1, moment: sim.Before},
	}
	for _, catcher := range s.Catch {
		for _, name := range catcher.ErrorEquals {
			if !strings.HasPrefix(name, "States.") {
				kinds = append(kinds, failure{name: "fails with " + name, err: name, attempt: 1, moment: sim.Before})
			}
		}
	}
	return about(s.shape, kinds)
}

// transient is what every state retries.
const transient = "Pilotage.Transient"

// once are the failures that one state of each shape is driven through: an interpreter treats the
// others alike.
func once(s state) []failure {
	kinds := about(s.shape, []failure{
		{name: "is transient for ever", err: transient, moment: sim.Before},
		{name: "is transient once, after its effect", err: transient, attempt: 1, moment: sim.After},
		{name: "dies", err: sim.Crash, attempt: 1, moment: sim.Before},
		{name: "dies without an error type", err: sim.Crash, attempt: 1, moment: sim.Before, deaths: Untyped},
		{name: "fails with an error that has spaces", err: "Error: with a message", attempt: 1, moment: sim.Before},
		{name: "fails with an error that has no ASCII", err: "Ünïcödé", attempt: 1, moment: sim.Before},
	})
	if s.Resource == invoke { // the other kind is stopped while it waits: a story
		kinds = append(kinds, failure{name: "is stopped by hand", err: sim.Stop, attempt: 1, moment: sim.After, of: s.shape})
	}
	if limit := s.seconds(); limit > 0 && limit <= longestHang {
		kinds = append(kinds, failure{name: "hangs until its time is over", hangs: true, of: s.shape})
	}
	var retried []failure
	for _, retrier := range s.Retry {
		for _, name := range retrier.ErrorEquals {
			if name != transient {
				retried = append(retried, failure{name: "fails once with " + name, err: name, attempt: 1, moment: sim.Before})
			}
		}
	}
	return append(kinds, about(s.retries, retried)...)
}

// longestHang is the longest time limit, in seconds, that a hanging function waits for: here a
// timeout takes real time.
const longestHang = 120

func about(shape string, kinds []failure) []failure {
	for i := range kinds {
		kinds[i].of = shape
	}
	return kinds
}

// plan is the plan that goes as base does until a state fails.
func (f failure) plan(base Plan, at Spot) Plan {
	plan := base
	plan.Name, plan.Shows = at.String()+" "+f.name+" ("+base.Name+")", f.shows()
	plan.Faults, plan.Deaths = slices.Clone(base.Faults), f.deaths
	if f.err != "" {
		plan.Faults = append(plan.Faults, sim.Fault{Machine: at.Machine, At: at.State, Attempt: f.attempt, Moment: f.moment, Error: f.err})
	}
	if f.hangs {
		plan.Hang = &at
	}
	return plan
}
