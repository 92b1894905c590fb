// Package fleet is the port to what runs in the slots: ECS services on AWS, processes on one
// machine.
package fleet

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Fleet runs releases in slots. Every change carries the lease under which it is made and is
// refused with fault.LeaseLost when a newer lease exists. Repeating a change is safe.
type Fleet interface {
	// Describe says what a slot should run and what it does run. A slot that was never used
	// has the zero state.
	Describe(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (deploy.SlotState, error)
	// Run makes a slot run a workload, replacing what it ran, and returns the definition that
	// was used: the workload's own when it names one, or a new one made from the release and
	// the capacity. It returns as soon as the change is accepted; Describe tells the progress.
	// A release without artefact is fault.Invalid.
	Run(ctx context.Context, lease deploy.Lease, scope deploy.Scope, order Order) (definition string, err error)
	// Scale sets how many tasks a slot runs; 0 empties it once its requests are done.
	Scale(ctx context.Context, lease deploy.Lease, scope deploy.Scope, slot deploy.Slot, count int) error
}

// Order is what Run is asked for.
type Order struct {
	Slot     deploy.Slot
	Workload deploy.Workload
	// Capacity and Health apply when a new definition has to be made.
	Capacity deploy.Capacity
	Health   deploy.Health
	// Deployment is the id from which the definition's name derives.
	Deployment string
}
