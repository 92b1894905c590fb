// Package release is the stage that runs a release in a slot and waits until it is healthy:
// the candidate of a deployment in the idle slot, or the old release on the way back.
package release

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
)

// Fleet runs releases.
type Fleet interface {
	Describe(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (deploy.SlotState, error)
	Run(ctx context.Context, lease deploy.Lease, scope deploy.Scope, order fleet.Order) (string, error)
}

// Stage runs releases.
type Stage struct {
	Fleet Fleet
	Clock clock.Clock
}

// Handle makes the plan's target slot run the plan's workload, or says how far it is. Not
// being ready within the environment's limit is fault.Unhealthy with the reasons that the
// platform gives. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.ReleaseResult, error) {
	result := doc.Results.Release
	result.Ready, result.Reason, result.WaitSeconds = false, "", 0
	state, err := s.Fleet.Describe(ctx, doc.Request.Scope, doc.Plan.Target)
	if err != nil {
		return deploy.ReleaseResult{}, err
	}
	if result.Since.IsZero() {
		result.Since = s.Clock.Now()
		if !runs(state, doc.Plan.Workload) {
			if result.Definition, err = s.start(ctx, doc); err != nil {
				return deploy.ReleaseResult{}, err
			}
			state = deploy.SlotState{Workload: doc.Plan.Workload}
		} else {
			result.Definition = state.Definition
		}
	}
	result.Healthy, result.Count = state.Healthy, doc.Plan.Workload.Count
	if state.Ready() && runs(state, doc.Plan.Workload) {
		result.Ready = true
		return result, nil
	}
	return s.patience(doc, state, result)
}

// runs reports whether a slot has been told to run the workload at full count.
func runs(state deploy.SlotState, workload deploy.Workload) bool {
	return state.Digest == workload.Digest && state.Count >= workload.Count
}

func (s Stage) start(ctx context.Context, doc deploy.Document) (string, error) {
	return s.Fleet.Run(ctx, doc.Lease(), doc.Request.Scope, fleet.Order{
		Slot: doc.Plan.Target, Workload: doc.Plan.Workload, Deployment: doc.ID,
		Capacity: doc.Plan.Environment.Capacity, Health: doc.Plan.Environment.Health,
	})
}

func (s Stage) patience(doc deploy.Document, state deploy.SlotState, result deploy.ReleaseResult) (deploy.ReleaseResult, error) {
	health := doc.Plan.Environment.Health
	waited := s.Clock.Now().Sub(result.Since)
	limit := time.Duration(health.ReadyWithinSeconds) * time.Second
	if waited >= limit {
		return deploy.ReleaseResult{}, fault.New(fault.Unhealthy, "release %s has %d of %d tasks healthy in slot %s after %s: %s",
			doc.Plan.Workload.Version, state.Healthy, doc.Plan.Workload.Count, doc.Plan.Target, waited.Round(time.Second), reasons(state))
	}
	result.WaitSeconds = deploy.PollSeconds(health.PollSeconds, waited, limit)
	result.Reason = fmt.Sprintf("%d of %d tasks are healthy", state.Healthy, doc.Plan.Workload.Count)
	return result, nil
}

func reasons(state deploy.SlotState) string {
	if len(state.Reasons) == 0 {
		return "the platform gives no reason"
	}
	return strings.Join(state.Reasons[max(0, len(state.Reasons)-5):], "; ")
}
