package sim

import (
	"context"
	"fmt"
	"math"
	"net/http"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// balancer is the load balancer.
type balancer struct{ w *World }

// Routing implements traffic.Balancer.
func (b balancer) Routing(ctx context.Context, scope deploy.Scope) (traffic.Routing, error) {
	return read(b.w, ctx, "Balancer.Routing", func() (traffic.Routing, error) {
		found, err := b.w.place(scope)
		if err != nil {
			return traffic.Routing{}, err
		}
		return traffic.Routing{Weights: found.weights, Maintenance: found.maintenance}, nil
	})
}

// SetWeights implements traffic.Balancer.
func (b balancer) SetWeights(ctx context.Context, lease deploy.Lease, scope deploy.Scope, weights deploy.Weights) error {
	return change(b.w, ctx, "Balancer.SetWeights", scope, lease, func(p *place) error {
		if err := weights.Check(); err != nil {
			return fault.New(fault.Invalid, "set the weights of %s: %w", scope, err)
		}
		p.weights = weights
		return nil
	})
}

// SetMaintenance implements traffic.Balancer.
func (b balancer) SetMaintenance(ctx context.Context, lease deploy.Lease, scope deploy.Scope, mode traffic.Mode) error {
	return change(b.w, ctx, "Balancer.SetMaintenance", scope, lease, func(p *place) error {
		p.maintenance = mode == traffic.MaintenanceOn
		return nil
	})
}

// Health implements traffic.Balancer.
func (b balancer) Health(ctx context.Context, scope deploy.Scope, name deploy.Slot) (traffic.Health, error) {
	return read(b.w, ctx, "Balancer.Health", func() (traffic.Health, error) {
		found, err := b.w.place(scope)
		if err != nil {
			return traffic.Health{}, err
		}
		s := found.slots[name]
		return traffic.Health{Healthy: s.healthy(b.w.now()), Total: len(s.ready)}, nil
	})
}

// caller makes requests through the data plane.
type caller struct{ w *World }

// Call implements traffic.Caller. A request that reaches a slot without a healthy task is
// kept as a violation.
func (c caller) Call(ctx context.Context, scope deploy.Scope, call traffic.Call) (traffic.Answer, error) {
	return read(c.w, ctx, "Caller.Call", func() (traffic.Answer, error) {
		found, err := c.w.place(scope)
		if err != nil {
			return traffic.Answer{}, err
		}
		now := c.w.now()
		if c.w.followed(found, now).maintenance && call.Slot == "" {
			return traffic.Answer{Status: http.StatusServiceUnavailable, Body: "maintenance"}, nil
		}
		name := call.Slot
		if name == "" {
			name = c.w.pick(found)
		}
		s := found.slots[name]
		if s.healthy(now) == 0 {
			c.w.violations = append(c.w.violations, fmt.Sprintf("%s %s to %s reached slot %s, which has no healthy task", call.Method, call.Path, scope, name))
			return traffic.Answer{Status: http.StatusServiceUnavailable}, nil
		}
		status := c.w.options.Behaviours[s.workload.Version].Status
		if status == 0 {
			status = http.StatusOK
		}
		return traffic.Answer{Status: status, Release: s.workload.Version, Body: `{"status":"ok"}`}, nil
	})
}

// pick chooses a slot by weight. Its sequence is spread as evenly as can be (multiples of the
// golden ratio), so that a probe of any length finds about the weights.
func (w *World) pick(p *place) deploy.Slot {
	p.calls++
	_, part := math.Modf(float64(p.calls) * math.Phi)
	if part*100 < float64(w.followed(p, w.now()).weights.Blue) {
		return deploy.Blue
	}
	return deploy.Green
}
