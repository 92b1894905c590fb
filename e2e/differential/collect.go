package differential

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Recorded is a plan and what our interpreter did with it.
type Recorded struct {
	Plan  Plan
	Trace Trace
}

// Collect makes every plan and records it. It begins with the stories. Then it reads the
// definitions: each state that calls a function fails in every way in which it can, in the
// cheapest story that comes there; a state that only failures lead to fails in the cheapest of
// those. So a new state has its plans as soon as a story comes by.
//
// It is an error when no plan comes to a state where a fault could be injected: it wants a story.
func Collect(record func(Plan) (Trace, error)) ([]Recorded, error) {
	found, err := states()
	if err != nil {
		return nil, err
	}
	c := &collector{states: found, record: record}
	for _, story := range Stories() {
		if err := c.add(story); err != nil {
			return nil, err
		}
	}
	if err := c.everywhere(); err != nil {
		return nil, err
	}
	return c.plans, c.once()
}

type collector struct {
	states map[Spot]state
	record func(Plan) (Trace, error)
	plans  []Recorded
}

func (c *collector) add(plan Plan) error {
	plan.ID = fmt.Sprintf("p%03d", len(c.plans)+1)
	trace, err := c.record(plan)
	if err != nil {
		return fmt.Errorf("record %q: %w", plan.Name, err)
	}
	c.plans = append(c.plans, Recorded{plan, trace})
	return nil
}

// everywhere lets each state fail, in rounds: a round finds the states that the failures of the
// one before led to.
func (c *collector) everywhere() error {
	var left []Spot
	for _, at := range inOrder(c.states) {
		if c.states[at].calls() {
			left = append(left, at)
		}
	}
	for len(left) > 0 {
		var unreached []Spot
		known := c.plans
		for _, at := range left {
			bases := reaching(known, at)
			if len(bases) == 0 {
				unreached = append(unreached, at)
				continue
			}
			if err := c.fail(at, bases, everywhere(c.states[at])); err != nil {
				return err
			}
		}
		if len(unreached) == len(left) {
			return fmt.Errorf("no plan comes to %v: write a story that does", unreached)
		}
		left = unreached
	}
	return nil
}

// once lets one state of each shape fail in the ways that all of the shape treat alike: the one
// that is cheapest to get to. Where others start the machine, it fails in an execution that
// another one waits for as well.
func (c *collector) once() error {
	known := c.plans
	shown := map[string]bool{}
	for _, near := range c.nearest(func(at Spot) []Recorded { return reaching(known, at) }) {
		if err := c.fail(near.at, near.bases, unseen(shown, once(c.states[near.at]))); err != nil {
			return err
		}
	}
	clear(shown)
	for _, near := range c.nearest(func(at Spot) []Recorded { return reachingAsChild(known, at) }) {
		if err := c.fail(near.at, near.bases, unseen(shown, everywhere(c.states[near.at]))); err != nil {
			return err
		}
	}
	return nil
}

// near is a state and the plans that come there.
type near struct {
	at    Spot
	bases []Recorded
}

// nearest are the states that call a function and that plans come to, the one that is cheapest to
// get to first.
func (c *collector) nearest(plans func(Spot) []Recorded) []near {
	var found []near
	for _, at := range inOrder(c.states) {
		if bases := plans(at); c.states[at].calls() && len(bases) > 0 {
			found = append(found, near{at, bases})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int {
		return cmp.Compare(a.bases[0].Trace.since(a.at), b.bases[0].Trace.since(b.at))
	})
	return found
}

// unseen are the failures that were not shown yet; they are now.
func unseen(shown map[string]bool, kinds []failure) []failure {
	return slices.DeleteFunc(kinds, func(f failure) bool {
		before := shown[f.shows()]
		shown[f.shows()] = true
		return before
	})
}

// fail adds the failures of a state, each in the first base that can be played with it: after its
// effect a function cannot fail where it fails by itself, and nobody votes who was not asked.
func (c *collector) fail(at Spot, bases []Recorded, kinds []failure) error {
	for _, kind := range kinds {
		err := ErrNotPlayed
		for _, base := range bases {
			if err = c.add(kind.plan(base.Plan, at)); !errors.Is(err, ErrNotPlayed) {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reaching are the plans that come to a state, those with the fewest faults first and of these
// the shortest. One in which something is stopped tells little of what follows a failure.
func reaching(plans []Recorded, at Spot) []Recorded {
	stopped := func(e Execution) bool { return e.Status == aborted }
	var found []Recorded
	for _, recorded := range plans {
		if recorded.Trace.since(at) > 0 && !slices.ContainsFunc(recorded.Trace, stopped) {
			found = append(found, recorded)
		}
	}
	slices.SortStableFunc(found, func(a, b Recorded) int {
		return cmp.Or(cmp.Compare(len(a.Plan.Faults), len(b.Plan.Faults)), cmp.Compare(a.Trace.since(at), b.Trace.since(at)))
	})
	return found
}

// reachingAsChild are the plans in which only an execution that another one started comes to a
// state.
func reachingAsChild(plans []Recorded, at Spot) []Recorded {
	return slices.DeleteFunc(reaching(plans, at), func(r Recorded) bool {
		return slices.ContainsFunc(r.Trace, func(e Execution) bool { return e.Parent == Key{} && e.enters(at) })
	})
}
