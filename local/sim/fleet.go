package sim

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fleet"
)

// fleets runs releases in slots.
type fleets struct{ w *World }

// Describe implements fleet.Fleet.
func (f fleets) Describe(ctx context.Context, scope deploy.Scope, name deploy.Slot) (deploy.SlotState, error) {
	return read(f.w, ctx, "Fleet.Describe", func() (deploy.SlotState, error) {
		found, err := f.w.place(scope)
		if err != nil {
			return deploy.SlotState{}, err
		}
		return f.w.describe(found.slots[name]), nil
	})
}

func (w *World) describe(s *slot) deploy.SlotState {
	state := deploy.SlotState{Workload: s.workload, Running: len(s.ready), Healthy: s.healthy(w.now())}
	if state.Healthy < state.Running {
		state.Reasons = []string{"health check: no answer"}
	}
	return state
}

// Run implements fleet.Fleet: what ran before is replaced at once, without overlap.
func (f fleets) Run(ctx context.Context, lease deploy.Lease, scope deploy.Scope, order fleet.Order) (string, error) {
	definition := order.Workload.Definition
	if definition == "" {
		definition = "task:" + order.Deployment
	}
	err := change(f.w, ctx, "Fleet.Run", scope, lease, func(p *place) error {
		if _, err := f.w.release(order.Workload.Digest); err != nil {
			return err
		}
		s := p.slots[order.Slot]
		if s.workload.Digest != order.Workload.Digest || s.workload.Definition != definition {
			s.ready = nil
		}
		s.workload = order.Workload
		s.workload.Definition = definition
		f.w.scale(s, order.Workload.Count)
		return nil
	})
	if err != nil {
		return "", err
	}
	return definition, nil
}

// Scale implements fleet.Fleet.
func (f fleets) Scale(ctx context.Context, lease deploy.Lease, scope deploy.Scope, name deploy.Slot, count int) error {
	return change(f.w, ctx, "Fleet.Scale", scope, lease, func(p *place) error {
		f.w.scale(p.slots[name], count)
		return nil
	})
}

// scale starts or ends tasks; those that run go on.
func (w *World) scale(s *slot, count int) {
	s.workload.Count = count
	if len(s.ready) > count {
		s.ready = s.ready[:count]
	}
	after := w.options.Behaviours[s.workload.Version].ReadyAfter
	ready := w.now().Add(after)
	if after < 0 {
		ready = time.Time{}
	}
	for len(s.ready) < count {
		s.ready = append(s.ready, ready)
	}
}
