package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/local/slots"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/traffic"
)

// plane is the data plane of one environment: what the emulation's load balancer, services and
// databases would do if they were real. It reads the emulation and obeys; it is never told
// anything by functions.
type plane struct {
	name  string
	scope deploy.Scope
	// public is the environment's address in pilotage.yaml.
	public string
	router *router.Router
	slots  map[deploy.Slot]*slot
	place  place.Place
	// instance is the name of its database, port and dsn where that is reached over TLS.
	instance string
	port     int
	dsn      string
	// woken lets it look at the emulation at once.
	woken chan struct{}

	// logs are what the tasks wrote and nobody has delivered yet.
	logs logs

	// What the router was given last.
	weights     deploy.Weights
	maintenance bool

	mu sync.Mutex
	// problem is what has kept it from obeying.
	problem error
}

// slot is one of an environment's two services.
type slot struct {
	name  deploy.Slot
	fleet *slots.Fleet

	mu sync.Mutex
	// applied is what it runs, environment what each of its tasks gets.
	applied     wanted
	environment []string
}

// wanted is what a service is told to run. A definition without an image of a release runs
// nothing.
type wanted struct {
	definition, image string
	count             int
}

func (s *slot) now() wanted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied
}

// free lets every change pass: the product's own adapters ask for the lease.
type free struct{}

// Check always agrees.
func (free) Check(context.Context, deploy.Scope, deploy.Lease) error { return nil }

func (w *world) openPlanes(ctx context.Context) error {
	w.images = &images{programs: map[string]string{}}
	for name, public := range addresses() {
		if err := w.openPlane(ctx, name, public); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) openPlane(ctx context.Context, name, public string) error {
	p := &plane{
		name: name, scope: w.scope(name), public: public, instance: service + "-" + name,
		slots: map[deploy.Slot]*slot{}, woken: make(chan struct{}, 1),
	}
	if err := w.server.CreateInstance(ctx, p.instance, 0); err != nil {
		return err
	}
	var err error
	if p.port, err = w.front(ctx, p.instance); err != nil {
		return err
	}
	p.dsn = fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?sslmode=require", postgres.Superuser, w.password, p.port)
	if err := p.openRouter(ctx); err != nil {
		return err
	}
	w.onClose(p.router.Close)
	for _, name := range deploy.Slots() {
		s := &slot{name: name}
		s.fleet = &slots.Fleet{Leases: free{}, Artefacts: w.images, Clock: clock.System{}, Places: map[deploy.Scope]slots.Place{p.scope: {
			Router: p.router, Environment: func() ([]string, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.environment, nil
			},
			Output: func() io.Writer { return &output{logs: &p.logs} },
		}}}
		w.onClose(func() error { s.fleet.Close(); return nil })
		p.slots[name] = s
	}
	w.planes[name] = p
	return nil
}

// The router's rules besides the users': the slots' by header, and the maintenance page.
const (
	slotPriority        = 10
	maintenancePriority = 20
	maintenanceRule     = "maintenance"
)

func (p *plane) openRouter(ctx context.Context) error {
	p.router = router.New(router.Config{Address: "127.0.0.1:0", CloseWithin: time.Second})
	for i, slot := range deploy.Slots() {
		err := errors.Join(
			p.router.CreateTargetGroup(router.TargetGroup{Name: string(slot), DeregistrationDelay: 5 * time.Second, HealthCheck: router.HealthCheck{
				Path: "/health/readiness", Interval: 250 * time.Millisecond, HealthyThreshold: 2, UnhealthyThreshold: 4,
			}}),
			p.router.CreateRule(router.Rule{
				ID: "slot-" + string(slot), Priority: slotPriority + i, Conditions: []router.Condition{router.Header(traffic.HeaderSlot, string(slot))},
				Action: router.Forward(router.WeightedGroup{Group: string(slot), Weight: 1}),
			}),
		)
		if err != nil {
			return err
		}
	}
	p.weights = deploy.Split(deploy.Blue, 100)
	if err := p.router.ModifyRule(router.DefaultRule, router.Change{Action: forward(p.weights)}); err != nil {
		return err
	}
	return p.router.Start(ctx)
}

func forward(weights deploy.Weights) router.Action {
	return router.Forward(router.WeightedGroup{Group: "blue", Weight: int(weights.Blue)}, router.WeightedGroup{Group: "green", Weight: int(weights.Green)})
}

// follow amends the environment's place, where the emulation's addresses lead nowhere, and
// begins to follow the emulation.
func (w *world) follow(ctx context.Context, p *plane) error {
	var err error
	if p.place, err = w.settings.Place(ctx, p.scope); err != nil {
		return err
	}
	amended := p.place
	amended.Database.Host, amended.Database.Port, amended.Database.Name = "127.0.0.1", p.port, "postgres"
	text, err := json.Marshal(amended)
	if err != nil {
		return err
	}
	err = w.emulator().json(ctx, "ssm", "AmazonSSM.PutParameter", map[string]any{"Name": p.place.Parameter, "Value": string(text), "Type": "String", "Overwrite": true}, nil)
	if err != nil {
		return err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { w.mirror(life, p) })
	done.Go(func() { w.deliver(life, p) })
	w.onClose(func() error { cancel(); done.Wait(); return p.failure() })
	return nil
}

// fail remembers what has kept the plane from obeying. Its own end does not count.
func (p *plane) fail(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problem = fmt.Errorf("the data plane of %s: %w", p.name, err)
}

func (p *plane) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.problem
}

// wake lets every plane look at the emulation at once.
func (w *world) wake() {
	for _, p := range w.planes {
		select {
		case p.woken <- struct{}{}:
		default: // it is about to look
		}
	}
}
