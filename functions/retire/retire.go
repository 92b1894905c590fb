// Package retire is the stage that scales in the slot that gets no traffic any more.
package retire

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Balancer reads the routing.
type Balancer interface {
	Routing(ctx context.Context, scope deploy.Scope) (traffic.Routing, error)
}

// Fleet scales slots.
type Fleet interface {
	Scale(ctx context.Context, lease deploy.Lease, scope deploy.Scope, slot deploy.Slot, count int) error
}

// Ledger reads what is live.
type Ledger interface {
	Live(ctx context.Context, scope deploy.Scope) (ledger.Live, error)
}

// Stage retires slots. Contract migrations, once there are any, belong here: after the settling
// time, before the slot is scaled in, when nothing that needs the old schema runs any more.
type Stage struct {
	Balancer Balancer
	Fleet    Fleet
	Ledger   Ledger
}

// Handle scales in the slot that the plan does not use. When a newer deployment is live it
// leaves both slots alone. A slot that still has a weight is fault.Internal: it must never be
// emptied. The exception is a rollback to nothing, where the slot that has all the traffic was
// empty before. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.RetireResult, error) {
	slot := doc.Plan.Target.Other()
	if doc.Plan.Empties {
		return s.empty(ctx, doc, doc.Plan.Target)
	}
	if doc.Request.Kind == deploy.KindDeploy {
		live, err := s.Ledger.Live(ctx, doc.Request.Scope)
		if err != nil {
			return deploy.RetireResult{}, err
		}
		if live.Deployment != doc.ID {
			return deploy.RetireResult{Slot: slot, Reason: "deployment " + live.Deployment + " is live by now and owns the slots"}, nil
		}
	}
	routing, err := s.Balancer.Routing(ctx, doc.Request.Scope)
	if err != nil {
		return deploy.RetireResult{}, err
	}
	if weight := routing.Weights.Of(slot); weight != 0 {
		return deploy.RetireResult{}, fault.New(fault.Internal, "slot %s still has a weight of %d %% and is not scaled in", slot, weight)
	}
	return s.empty(ctx, doc, slot)
}

func (s Stage) empty(ctx context.Context, doc deploy.Document, slot deploy.Slot) (deploy.RetireResult, error) {
	if err := s.Fleet.Scale(ctx, doc.Lease(), doc.Request.Scope, slot, 0); err != nil {
		return deploy.RetireResult{}, err
	}
	return deploy.RetireResult{Slot: slot, Retired: true}, nil
}
