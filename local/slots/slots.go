// Package slots runs releases as processes of this machine, as ECS runs them as tasks: each
// slot has a workload, keeps its count of processes running, registers them with the slot's
// target group and drains them before it stops them.
package slots

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
)

// Place is where the slots of one scope live.
type Place struct {
	Router *router.Router
	// Environment is what every process gets besides its address, as "NAME=value".
	Environment func() ([]string, error)
}

// Leases refuses changes under a lease that was lost.
type Leases interface {
	Check(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error
}

// Artefacts finds the program of a release.
type Artefacts interface {
	Artefact(ctx context.Context, service, digest string) (path string, err error)
}

// Fleet runs the slots of every scope. It is safe for concurrent use.
type Fleet struct {
	Places    map[deploy.Scope]Place
	Leases    Leases
	Artefacts Artefacts
	Clock     clock.Clock

	mu    sync.Mutex
	slots map[key]*slot
	// leaving are the tasks that finish their last requests.
	leaving map[*task]bool
	closed  bool
}

type key struct {
	scope deploy.Scope
	name  deploy.Slot
}

// slot is what one slot should run and what it runs.
type slot struct {
	workload deploy.Workload
	tasks    []*task
	reasons  []string
}

// keepReasons is how many reasons a slot remembers.
const keepReasons = 10

func (f *Fleet) slot(scope deploy.Scope, name deploy.Slot) *slot {
	if f.slots == nil {
		f.slots = map[key]*slot{}
	}
	k := key{scope, name}
	if f.slots[k] == nil {
		f.slots[k] = &slot{}
	}
	return f.slots[k]
}

// Describe says what a slot should run and what it runs. Healthy counts what the router's
// checks found.
func (f *Fleet) Describe(_ context.Context, scope deploy.Scope, name deploy.Slot) (deploy.SlotState, error) {
	place, known := f.Places[scope]
	if !known {
		return deploy.SlotState{}, fault.New(fault.Invalid, "there are no slots for %s on this machine", scope)
	}
	targets, err := place.Router.DescribeTargetHealth(string(name))
	if err != nil {
		return deploy.SlotState{}, fmt.Errorf("describe the targets of slot %s of %s: %w", name, scope, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	slot := f.slot(scope, name)
	state := deploy.SlotState{Workload: slot.workload, Running: len(slot.tasks), Reasons: slices.Clone(slot.reasons)}
	for _, target := range targets {
		if target.State == router.Healthy && slices.ContainsFunc(slot.tasks, func(t *task) bool { return t.url == target.Target }) {
			state.Healthy++
		}
	}
	if state.Healthy < state.Count {
		for _, task := range slot.tasks {
			if line := task.log.last(); line != "" {
				state.Reasons = append(state.Reasons, "task says: "+line)
				break
			}
		}
	}
	return state, nil
}

// Run makes a slot run a workload. Tasks of another release are drained and stopped. It
// returns once the processes are started; they get traffic when they pass their health checks.
func (f *Fleet) Run(ctx context.Context, lease deploy.Lease, scope deploy.Scope, order fleet.Order) (string, error) {
	if err := f.Leases.Check(ctx, scope, lease); err != nil {
		return "", err
	}
	return f.Place(ctx, scope, order)
}

// Place is Run without a lease: it puts a world into its starting state.
func (f *Fleet) Place(ctx context.Context, scope deploy.Scope, order fleet.Order) (string, error) {
	path, err := f.Artefacts.Artefact(ctx, scope.Service, order.Workload.Digest)
	if err != nil {
		return "", err
	}
	definition := order.Workload.Definition
	if definition == "" {
		definition = scope.Service + "-" + string(order.Slot) + ":" + order.Deployment
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return "", errClosed
	}
	slot := f.slot(scope, order.Slot)
	replaced := slices.DeleteFunc(slices.Clone(slot.tasks), func(t *task) bool { return t.digest == order.Workload.Digest })
	slot.tasks = slices.DeleteFunc(slot.tasks, func(t *task) bool { return t.digest != order.Workload.Digest })
	slot.workload = order.Workload
	slot.workload.Definition = definition
	slot.reasons = nil
	f.mu.Unlock()
	f.stop(scope, order.Slot, replaced)
	return definition, f.fill(scope, order.Slot, path)
}

// Scale sets how many tasks a slot runs.
func (f *Fleet) Scale(ctx context.Context, lease deploy.Lease, scope deploy.Scope, name deploy.Slot, count int) error {
	if err := f.Leases.Check(ctx, scope, lease); err != nil {
		return err
	}
	f.mu.Lock()
	slot := f.slot(scope, name)
	slot.workload.Count = count
	surplus := slices.Clone(slot.tasks[min(count, len(slot.tasks)):])
	slot.tasks = slot.tasks[:min(count, len(slot.tasks))]
	digest := slot.workload.Digest
	f.mu.Unlock()
	f.stop(scope, name, surplus)
	if count == 0 {
		return nil
	}
	path, err := f.Artefacts.Artefact(ctx, scope.Service, digest)
	if err != nil {
		return err
	}
	return f.fill(scope, name, path)
}

// fill starts tasks until the slot has as many as it should.
func (f *Fleet) fill(scope deploy.Scope, name deploy.Slot, path string) error {
	for {
		f.mu.Lock()
		slot := f.slot(scope, name)
		missing := !f.closed && len(slot.tasks) < slot.workload.Count
		workload := slot.workload
		f.mu.Unlock()
		if !missing {
			return nil
		}
		task, err := f.start(scope, path, workload)
		if err != nil {
			return fmt.Errorf("start a task of %s in slot %s of %s: %w", workload.Version, name, scope, err)
		}
		if !f.admit(scope, name, task) {
			task.end(stopWithin)
			return errClosed
		}
		go f.watch(scope, name, path, task)
	}
}

// admit makes a task that was started part of its slot and registers it with the router,
// unless everything is being closed.
func (f *Fleet) admit(scope deploy.Scope, name deploy.Slot, task *task) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	slot := f.slot(scope, name)
	slot.tasks = append(slot.tasks, task)
	if err := f.Places[scope].Router.RegisterTarget(string(name), task.url); err != nil {
		slot.reasons = append(slot.reasons, err.Error())
	}
	return true
}

// restartAfter is how long a task that ended stays away before it is started again, and
// restarts how often that happens: ECS throttles likewise.
const (
	restartAfter = time.Second
	restarts     = 3
)

// watch waits for the end of a task. One that ended by itself is noted with its last words and
// started again.
func (f *Fleet) watch(scope deploy.Scope, name deploy.Slot, path string, gone *task) {
	<-gone.done
	f.mu.Lock()
	slot := f.slot(scope, name)
	i := slices.Index(slot.tasks, gone)
	if i < 0 || f.closed {
		f.mu.Unlock()
		return
	}
	slot.tasks = slices.Delete(slot.tasks, i, i+1)
	slot.reasons = append(slot.reasons, gone.epitaph())
	slot.reasons = slot.reasons[max(0, len(slot.reasons)-keepReasons):]
	again := len(slot.reasons) <= restarts*max(1, slot.workload.Count)
	f.mu.Unlock()
	if err := f.Places[scope].Router.DeregisterTarget(string(name), gone.url); err != nil || !again {
		return
	}
	if f.Clock.Wait(context.Background(), restartAfter) == nil {
		// The reason why it cannot start is in the slot's reasons by the next end.
		_ = f.fill(scope, name, path)
	}
}

// drainWithin bounds how long a task may finish the requests it has.
const (
	drainWithin = 10 * time.Second
	stopWithin  = 5 * time.Second
)

// stop takes tasks out of the router, lets them finish their requests, and ends them. It does
// not wait: users are not kept waiting for a process to end.
func (f *Fleet) stop(scope deploy.Scope, name deploy.Slot, tasks []*task) {
	lb := f.Places[scope].Router
	for _, t := range tasks {
		// Deregistering fails only for a group that does not exist.
		_ = lb.DeregisterTarget(string(name), t.url)
	}
	for _, t := range tasks {
		f.mu.Lock()
		if f.leaving == nil {
			f.leaving = map[*task]bool{}
		}
		f.leaving[t] = true
		f.mu.Unlock()
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
			defer cancel()
			_ = lb.Drained(ctx, string(name), t.url)
			t.end(stopWithin)
			f.mu.Lock()
			delete(f.leaving, t)
			f.mu.Unlock()
		}()
	}
}

var errClosed = errors.New("the slots are closed") //nolint:gochecknoglobals // a sentinel error

// Close ends every process, each within a second or two, and returns when none is left.
func (f *Fleet) Close() {
	f.mu.Lock()
	f.closed = true
	tasks := slices.Collect(maps.Keys(f.leaving))
	for _, slot := range f.slots {
		tasks = append(tasks, slot.tasks...)
		slot.tasks = nil
	}
	f.mu.Unlock()
	var wait sync.WaitGroup
	for _, t := range tasks {
		wait.Go(func() { t.end(time.Second) })
	}
	wait.Wait()
}
