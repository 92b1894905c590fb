package world

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/local/slots"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/signal"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Balancer is the load balancer of every environment: a router each, with the rules that an
// application load balancer gets on AWS. It also is the source of signals: the router counts.
type Balancer struct {
	routers map[deploy.Scope]*router.Router
	leases  *ledger.Ledger
	clock   clock.Clock
	changed func(deploy.Scope, deploy.Weights)

	mu          sync.Mutex
	maintenance map[deploy.Scope]bool
}

// The rules, in the order of their priorities: requests that name a slot, then the maintenance
// page while it is shown, then everybody by weight.
const (
	ruleMaintenance     = "maintenance"
	priorityBlue        = 10
	priorityGreen       = 11
	priorityMaintenance = 20
)

// healthEvery is the interval of health checks on one machine: ELB's least is five seconds, and
// a person who watches has less patience.
const healthEvery = 250 * time.Millisecond

func (w *World) openTraffic(ctx context.Context, book *ledger.Ledger) error {
	w.Balancer = &Balancer{
		routers: map[deploy.Scope]*router.Router{}, leases: book, clock: w.options.Clock,
		changed: w.options.WeightsChanged, maintenance: map[deploy.Scope]bool{},
	}
	w.Fleet = &slots.Fleet{Places: map[deploy.Scope]slots.Place{}, Leases: book, Artefacts: w.options.Catalog, Clock: w.options.Clock}
	for _, name := range w.options.Environments {
		scope := w.Scope(name)
		env, err := w.options.Settings.Environment(ctx, scope)
		if err != nil {
			return err
		}
		lb, err := openRouter(ctx, env, w.options.Clock)
		if err != nil {
			return fmt.Errorf("open the load balancer of %s: %w", scope, err)
		}
		w.onClose(lb.Close)
		w.Balancer.routers[scope] = lb
		w.Fleet.Places[scope] = slots.Place{Router: lb, Environment: func() ([]string, error) {
			return w.Database.environment(env)
		}}
	}
	w.onClose(func() error { w.Fleet.Close(); return nil })
	return nil
}

func openRouter(ctx context.Context, env deploy.Environment, c clock.Clock) (*router.Router, error) {
	lb := router.New(router.Config{Address: "127.0.0.1:0", Clock: c, CloseWithin: time.Second})
	for i, slot := range deploy.Slots() {
		err := lb.CreateTargetGroup(router.TargetGroup{
			Name: string(slot), DeregistrationDelay: 10 * time.Second,
			HealthCheck: router.HealthCheck{Path: env.Health.Path, Interval: healthEvery, HealthyThreshold: 2, UnhealthyThreshold: 2},
		})
		if err != nil {
			return nil, err
		}
		err = lb.CreateRule(router.Rule{
			ID: "slot-" + string(slot), Priority: []int{priorityBlue, priorityGreen}[i],
			Conditions: []router.Condition{router.Header(traffic.HeaderSlot, string(slot))},
			Action:     router.Forward(router.WeightedGroup{Group: string(slot), Weight: 1}),
		})
		if err != nil {
			return nil, err
		}
	}
	if err := lb.ModifyRule(router.DefaultRule, router.Change{Action: weighted(deploy.Split(deploy.Blue, 100))}); err != nil {
		return nil, err
	}
	return lb, lb.Start(ctx)
}

func weighted(weights deploy.Weights) router.Action {
	return router.Forward(
		router.WeightedGroup{Group: string(deploy.Blue), Weight: int(weights.Blue)},
		router.WeightedGroup{Group: string(deploy.Green), Weight: int(weights.Green)},
	)
}

func (b *Balancer) router(scope deploy.Scope) (*router.Router, error) {
	lb, known := b.routers[scope]
	if !known {
		return nil, fault.New(fault.Invalid, "there is no load balancer for %s on this machine", scope)
	}
	return lb, nil
}

// Router is the router of a scope; nil when there is none.
func (b *Balancer) Router(scope deploy.Scope) *router.Router { return b.routers[scope] }

func (b *Balancer) url(_ context.Context, scope deploy.Scope) (string, error) {
	lb, err := b.router(scope)
	if err != nil {
		return "", err
	}
	return lb.URL(), nil
}

// Routing reads the rules in force.
func (b *Balancer) Routing(_ context.Context, scope deploy.Scope) (traffic.Routing, error) {
	lb, err := b.router(scope)
	if err != nil {
		return traffic.Routing{}, err
	}
	var routing traffic.Routing
	for _, rule := range lb.DescribeRules() {
		switch rule.ID {
		case ruleMaintenance:
			routing.Maintenance = true
		case router.DefaultRule:
			for _, group := range rule.Action.Forward {
				if group.Group == string(deploy.Blue) {
					routing.Weights.Blue = deploy.Weight(group.Weight)
				} else {
					routing.Weights.Green = deploy.Weight(group.Weight)
				}
			}
		}
	}
	return routing, nil
}

// SetWeights changes the default rule.
func (b *Balancer) SetWeights(ctx context.Context, lease deploy.Lease, scope deploy.Scope, weights deploy.Weights) error {
	if err := b.leases.Check(ctx, scope, lease); err != nil {
		return err
	}
	lb, err := b.router(scope)
	if err != nil {
		return err
	}
	if err := weights.Check(); err != nil {
		return fault.New(fault.Internal, "set weights of %s: %w", scope, err)
	}
	if err := lb.ModifyRule(router.DefaultRule, router.Change{Action: weighted(weights)}); err != nil {
		return fmt.Errorf("set weights of %s: %w", scope, err)
	}
	if b.changed != nil {
		b.changed(scope, weights)
	}
	return nil
}

// SetMaintenance creates or deletes the rule that shows the maintenance page.
func (b *Balancer) SetMaintenance(ctx context.Context, lease deploy.Lease, scope deploy.Scope, mode traffic.Mode) error {
	if err := b.leases.Check(ctx, scope, lease); err != nil {
		return err
	}
	lb, err := b.router(scope)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.maintenance[scope] == (mode == traffic.MaintenanceOn) {
		return nil
	}
	if mode == traffic.MaintenanceOn {
		err = lb.CreateRule(router.Rule{
			ID: ruleMaintenance, Priority: priorityMaintenance, Conditions: []router.Condition{router.Path("/*")},
			Action: router.Respond(503, "text/html", "<!doctype html><title>Back soon</title><h1>Back soon</h1><p>We are at work. Please try again in a few minutes.</p>"),
		})
	} else {
		err = lb.DeleteRule(ruleMaintenance)
	}
	if err != nil {
		return fmt.Errorf("turn maintenance of %s %s: %w", scope, mode, err)
	}
	b.maintenance[scope] = mode == traffic.MaintenanceOn
	return nil
}

// Health is the state of a slot's targets.
func (b *Balancer) Health(_ context.Context, scope deploy.Scope, slot deploy.Slot) (traffic.Health, error) {
	lb, err := b.router(scope)
	if err != nil {
		return traffic.Health{}, err
	}
	targets, err := lb.DescribeTargetHealth(string(slot))
	if err != nil {
		return traffic.Health{}, fmt.Errorf("read the health of slot %s of %s: %w", slot, scope, err)
	}
	var health traffic.Health
	for _, target := range targets {
		switch target.State {
		case router.Draining:
			health.Draining++
			continue
		case router.Healthy:
			health.Healthy++
		default:
			health.Reasons = append(health.Reasons, target.Target+": "+target.Reason+" "+target.Description)
		}
		health.Total++
	}
	return health, nil
}

// Counts reads the router's counters: nobody else counts on one machine. The second under way is part of it: it grows, and the
// analysis reads the whole series anew at each peek.
func (b *Balancer) Counts(_ context.Context, scope deploy.Scope, _ string, from, to time.Time) ([]signal.Point, error) {
	lb, err := b.router(scope)
	if err != nil {
		return nil, err
	}
	blue, green := lb.Counts(string(deploy.Blue), from, to), lb.Counts(string(deploy.Green), from, to)
	points := make([]signal.Point, min(len(blue), len(green)))
	for i := range points {
		points[i] = signal.Point{Start: blue[i].At, Length: time.Second, Blue: counted(blue[i]), Green: counted(green[i])}
	}
	return points, nil
}

func counted(second router.Second) deploy.Counted {
	return deploy.Counted{Requests: int64(second.Requests), Errors: int64(second.Failed())}
}
