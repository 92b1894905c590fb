// Package shift is the stage that takes the next step of the schedule.
package shift

import (
	"context"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Balancer sets weights.
type Balancer interface {
	Health(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (traffic.Health, error)
	SetWeights(ctx context.Context, lease deploy.Lease, scope deploy.Scope, weights deploy.Weights) error
}

// Stage shifts traffic.
type Stage struct {
	Balancer Balancer
	Clock    clock.Clock
}

// Handle asks the load balancer for the weights of the next step. A slot without a healthy
// target is fault.Unhealthy: no request is ever sent to an empty group. Repeating it is safe:
// the step follows from the document.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.ShiftResult, error) {
	step := 0
	if last := doc.Results.Shift; last.Steps > 0 {
		step = last.Step + 1
	}
	if step >= len(doc.Plan.Schedule) {
		return deploy.ShiftResult{}, fault.New(fault.Internal, "the schedule has %d steps and step %d was asked for", len(doc.Plan.Schedule), step+1)
	}
	health, err := s.Balancer.Health(ctx, doc.Request.Scope, doc.Plan.Target)
	if err != nil {
		return deploy.ShiftResult{}, err
	}
	if health.Healthy == 0 {
		return deploy.ShiftResult{}, fault.New(fault.Unhealthy, "slot %s has no healthy target (%d registered): no traffic is sent there", doc.Plan.Target, health.Total)
	}
	weights := deploy.Split(doc.Plan.Target, doc.Plan.Schedule[step].Weight)
	at := s.Clock.Now()
	if err := s.Balancer.SetWeights(ctx, doc.Lease(), doc.Request.Scope, weights); err != nil {
		return deploy.ShiftResult{}, err
	}
	return deploy.ShiftResult{Step: step, Steps: len(doc.Plan.Schedule), Weights: weights, At: at}, nil
}
