// Package verify is the stage that compares the world with the plan once everything is done.
package verify

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Balancer reads the routing and the health.
type Balancer interface {
	Routing(ctx context.Context, scope deploy.Scope) (traffic.Routing, error)
	Health(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (traffic.Health, error)
}

// Caller makes requests through the data plane.
type Caller interface {
	Call(ctx context.Context, scope deploy.Scope, call traffic.Call) (traffic.Answer, error)
}

// Schema reads the schema version.
type Schema interface {
	Version(ctx context.Context, instance string) (int64, error)
}

// Stage verifies.
type Stage struct {
	Balancer Balancer
	Caller   Caller
	Schema   Schema
}

// Handle checks that all traffic goes to the plan's target, that it is healthy, that the
// schema is the planned one and that the critical smoke tests pass as a user would make them.
// After a rollback to nothing the target must be empty instead, and nobody is asked.
// What does not hold is fault.Unhealthy. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.VerifyResult, error) {
	var result deploy.VerifyResult
	for _, check := range []struct {
		name string
		run  func(context.Context, deploy.Document) error
	}{{"weights", s.weights}, {"health", s.health}, {"schema", s.schema}, {"critical requests", s.requests}} {
		if err := check.run(ctx, doc); err != nil {
			return deploy.VerifyResult{}, err
		}
		result.Checks = append(result.Checks, check.name)
	}
	return result, nil
}

func (s Stage) weights(ctx context.Context, doc deploy.Document) error {
	routing, err := s.Balancer.Routing(ctx, doc.Request.Scope)
	if err != nil {
		return err
	}
	if routing.Weights.Of(doc.Plan.Target) != 100 {
		return fault.New(fault.Unhealthy, "the weights are %s; slot %s should have all traffic", routing.Weights, doc.Plan.Target)
	}
	return nil
}

func (s Stage) health(ctx context.Context, doc deploy.Document) error {
	health, err := s.Balancer.Health(ctx, doc.Request.Scope, doc.Plan.Target)
	if err != nil {
		return err
	}
	if doc.Plan.Empties {
		if health.Total > 0 {
			return fault.New(fault.Unhealthy, "slot %s has %d targets; it should be empty, as it was", doc.Plan.Target, health.Total)
		}
		return nil
	}
	if health.Healthy == 0 || health.Healthy < health.Total {
		return fault.New(fault.Unhealthy, "slot %s has %d of %d targets healthy", doc.Plan.Target, health.Healthy, health.Total)
	}
	return nil
}

func (s Stage) schema(ctx context.Context, doc deploy.Document) error {
	version, err := s.Schema.Version(ctx, doc.Plan.Environment.Database.Instance)
	if err != nil {
		return err
	}
	if version != doc.Plan.SchemaTo {
		return fault.New(fault.Unhealthy, "the schema is at %d; %d was planned", version, doc.Plan.SchemaTo)
	}
	return nil
}

// requests makes the critical smoke tests without asking for a slot. While the maintenance
// page is shown it asks for the slot: users do not get through.
func (s Stage) requests(ctx context.Context, doc deploy.Document) error {
	if doc.Plan.Empties {
		return nil
	}
	routing, err := s.Balancer.Routing(ctx, doc.Request.Scope)
	if err != nil {
		return err
	}
	var slot deploy.Slot
	if routing.Maintenance {
		slot = doc.Plan.Target
	}
	for _, test := range doc.Plan.SmokeTests {
		if !test.Critical {
			continue
		}
		answer, err := s.Caller.Call(ctx, doc.Request.Scope, traffic.Call{Method: test.Method, Path: test.Path, Body: test.Body, Slot: slot, Probe: doc.ID})
		if err != nil {
			return fmt.Errorf("critical request %q: %w", test.Name, err)
		}
		if wrong := answer.Judge(test, doc.Plan.Release.Version); wrong != "" {
			return fault.New(fault.Unhealthy, "critical request %q: %s", test.Name, wrong)
		}
	}
	return nil
}
