package differential_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/e2e/differential"
	"github.com/pilotage/pilotage/local/sim"
)

// recorded is every plan with what our interpreter did with it.
func recorded(t *testing.T) ([]differential.Plan, []differential.Trace) {
	t.Helper()
	plans, err := differential.Plans()
	if err != nil {
		t.Fatal(err)
	}
	machines, err := sim.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	traces := make([]differential.Trace, len(plans))
	for i, plan := range plans {
		synctest.Test(t, func(t *testing.T) {
			trace, err := differential.Record(t.Context(), plan, machines)
			if err != nil {
				t.Errorf("%s %s: %v", plan.ID, plan.Name, err)
			}
			traces[i] = trace.Short()
			if left := len(trace) - len(traces[i]); left > 0 {
				fmt.Printf("%s: %d executions are too long to replay, and are left out\n", plan.Name, left)
			}
		})
	}
	return plans, traces
}

// TestPlansReachEveryState records every plan: each fault strikes, and each state of both
// machines is entered by some plan.
func TestPlansReachEveryState(t *testing.T) {
	plans, traces := recorded(t)
	entered := map[string]int{}
	for i, trace := range traces {
		var ends []string
		for _, execution := range trace {
			for _, state := range execution.Path {
				entered[execution.Machine+"/"+state]++
			}
			ends = append(ends, fmt.Sprintf("%s %s %s (%d states, %d calls)", execution.Key, execution.Status, execution.Error, len(execution.Path), len(execution.Calls)))
		}
		t.Logf("%s: %s", plans[i].Name, strings.Join(ends, ", "))
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
