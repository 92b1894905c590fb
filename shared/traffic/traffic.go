// Package traffic is the port to the load balancer: who gets how much of the users' requests,
// and what the data plane answers. ELBv2 implements it on AWS, a router on one machine.
package traffic

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Headers that requests and answers of a service carry.
const (
	// HeaderSlot asks the load balancer for one slot whatever the weights are.
	HeaderSlot = "X-Pilotage-Slot"
	// HeaderProbe marks a request as the pipeline's own; its value is the deployment's id.
	HeaderProbe = "X-Pilotage-Probe"
	// HeaderRelease is set by the service on each answer, to the version that gave it.
	HeaderRelease = "X-Release"
)

// Routing is what the load balancer says it does. An accepted change is not yet moved traffic.
type Routing struct {
	Weights     deploy.Weights
	Maintenance bool
	// StickySeconds is how long a user stays with a slot; 0 when sessions are not sticky.
	StickySeconds int
}

// Health counts the targets of a slot.
type Health struct {
	Healthy int
	// Total counts registered targets that are not draining.
	Total int
	// Draining counts targets that finish the requests they have.
	Draining int
	// Reasons say why targets are not healthy.
	Reasons []string
}

// Balancer divides a scope's traffic. Every change carries the lease under which it is made
// and is refused with fault.LeaseLost when a newer lease exists. Repeating a change is safe.
// A missing listener, rule or group is fault.Invalid; throttling is fault.Transient.
type Balancer interface {
	// Routing reads the rules in force.
	Routing(ctx context.Context, scope deploy.Scope) (Routing, error)
	// SetWeights asks for new weights; traffic follows some time after.
	SetWeights(ctx context.Context, lease deploy.Lease, scope deploy.Scope, weights deploy.Weights) error
	// SetMaintenance turns the maintenance page on or off for everybody but the pipeline.
	SetMaintenance(ctx context.Context, lease deploy.Lease, scope deploy.Scope, mode Mode) error
	// Health is the state of a slot's targets.
	Health(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (Health, error)
}

// Mode is maintenance mode: on or off.
type Mode string

// The two modes.
const (
	MaintenanceOn  Mode = "on"
	MaintenanceOff Mode = "off"
)

// ModeOf is the mode for a state that was read as a flag.
func ModeOf(maintenance bool) Mode {
	if maintenance {
		return MaintenanceOn
	}
	return MaintenanceOff
}

// Call is one request through the load balancer, as a user would make it.
type Call struct {
	Method string
	// Path begins with "/".
	Path string
	Body string
	// Slot asks for one slot; empty leaves it to the weights.
	Slot deploy.Slot
	// Probe marks the call as the pipeline's own, with the deployment's id.
	Probe string
}

// Answer is what came back.
type Answer struct {
	Status int
	// Release is the version that answered; empty when no service did.
	Release string
	// Body is cut at 64 KiB.
	Body string
}

// Caller makes requests through the data plane. No answer at all is fault.Transient.
type Caller interface {
	Call(ctx context.Context, scope deploy.Scope, call Call) (Answer, error)
}
