package slots

import (
	"context"
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
)

// Run makes a slot run a workload. Tasks of another release are drained and stopped. It
// returns once the processes are started; they get traffic when they pass their health checks.
func (f *Fleet) Run(ctx context.Context, lease deploy.Lease, scope deploy.Scope, order fleet.Order) (string, error) {
	if err := f.Leases.Check(ctx, scope, lease); err != nil {
		return "", err
	}
	if _, err := f.place(scope); err != nil {
		return "", err
	}
	path, err := f.Artefacts.Artefact(ctx, scope.Service, order.Workload.Digest)
	if err != nil {
		return "", err
	}
	workload := order.Workload
	if workload.Definition == "" {
		workload.Definition = scope.Service + "-" + string(order.Slot) + ":" + order.Deployment
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return "", errClosed
	}
	slot := f.slot(scope, order.Slot)
	another := func(t *task) bool { return t.digest != workload.Digest }
	replaced := slices.DeleteFunc(slices.Clone(slot.tasks), func(t *task) bool { return !another(t) })
	slot.tasks = slices.DeleteFunc(slot.tasks, another)
	slot.workload, slot.path, slot.reasons, slot.failures = workload, path, nil, 0
	replaced = append(replaced, slot.surplus()...)
	f.leave(replaced)
	f.mu.Unlock()
	f.stop(scope, order.Slot, replaced)
	return workload.Definition, f.fill(scope, order.Slot)
}

// Scale sets how many tasks a slot runs. A slot that never ran anything can only be scaled to
// zero; anything else is fault.Invalid.
func (f *Fleet) Scale(ctx context.Context, lease deploy.Lease, scope deploy.Scope, name deploy.Slot, count int) error {
	if err := f.Leases.Check(ctx, scope, lease); err != nil {
		return err
	}
	if _, err := f.place(scope); err != nil {
		return err
	}
	f.mu.Lock()
	slot := f.slot(scope, name)
	if count < 0 || (count > 0 && slot.path == "") {
		f.mu.Unlock()
		return fault.New(fault.Invalid, "scale slot %s of %s to %d tasks: it has no release to run", name, scope, count)
	}
	slot.workload.Count = count
	surplus := slot.surplus()
	f.leave(surplus)
	f.mu.Unlock()
	f.stop(scope, name, surplus)
	return f.fill(scope, name)
}

// surplus takes out of the slot the tasks that it has too many.
func (s *slot) surplus() []*task {
	most := min(s.workload.Count, len(s.tasks))
	surplus := slices.Clone(s.tasks[most:])
	s.tasks = s.tasks[:most:most]
	return surplus
}
