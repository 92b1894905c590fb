package differential_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/e2e/differential"
	"github.com/pilotage/pilotage/local/sim"
)

// collected is every plan with what our interpreter did with it.
func collected(t *testing.T) []differential.Recorded {
	t.Helper()
	machines, err := sim.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	plans, err := differential.Collect(func(plan differential.Plan) (trace differential.Trace, err error) {
		synctest.Test(t, func(t *testing.T) { trace, err = differential.Record(t.Context(), plan, machines) })
		return trace, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

// TestPlansEnterEveryState records every plan: each fault strikes, and each state of both
// machines is entered by some plan.
func TestPlansEnterEveryState(t *testing.T) {
	entered := map[differential.Spot]int{}
	for _, recorded := range collected(t) {
		var ends []string
		for _, execution := range recorded.Trace {
			for _, state := range execution.Path {
				entered[differential.Spot{Machine: execution.Machine, State: state}]++
			}
			ends = append(ends, fmt.Sprintf("%s %s %s (%d states, %d calls)", execution.Key, execution.Status, execution.Error, len(execution.Path), len(execution.Calls)))
		}
		if testing.Verbose() {
			t.Logf("%s %s: %s", recorded.Plan.ID, recorded.Plan.Name, strings.Join(ends, ", "))
		}
	}
	states, err := differential.States()
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range states {
		if entered[state] == 0 {
			t.Errorf("no plan enters %s", state)
		}
	}
}
