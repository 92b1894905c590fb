package slots

import (
	"context"
	"fmt"
	"slices"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/shared/deploy"
)

// Describe says what a slot should run and what it runs. Healthy counts what the router's
// checks found.
func (f *Fleet) Describe(_ context.Context, scope deploy.Scope, name deploy.Slot) (deploy.SlotState, error) {
	place, err := f.place(scope)
	if err != nil {
		return deploy.SlotState{}, err
	}
	targets, err := place.Router.DescribeTargetHealth(string(name))
	if err != nil {
		return deploy.SlotState{}, fmt.Errorf("describe the targets of slot %s of %s: %w", name, scope, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	slot := f.slot(scope, name)
	state := deploy.SlotState{Workload: slot.workload, Running: len(slot.tasks), Reasons: slices.Clone(slot.reasons)}
	for _, target := range targets {
		if target.State == router.Healthy && slices.ContainsFunc(slot.tasks, func(t *task) bool { return t.url == target.Target }) {
			state.Healthy++
		}
	}
	if state.Healthy < state.Count {
		for _, task := range slot.tasks {
			if line := task.log.last(); line != "" {
				state.Reasons = append(state.Reasons, "task says: "+line)
				break
			}
		}
	}
	return state, nil
}
