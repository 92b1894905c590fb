package slots

import (
	"fmt"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// fill starts tasks until the slot has as many as it should.
func (f *Fleet) fill(scope deploy.Scope, name deploy.Slot) error {
	for {
		f.mu.Lock()
		slot := f.slot(scope, name)
		if f.closed || len(slot.tasks) >= slot.workload.Count {
			f.mu.Unlock()
			return nil
		}
		workload, path := slot.workload, slot.path
		f.starting.Add(1)
		f.mu.Unlock()
		err := f.add(scope, name, path, workload)
		f.starting.Done()
		if err != nil {
			return fmt.Errorf("start a task of %s in slot %s of %s: %w", workload.Version, name, scope, err)
		}
	}
}

// add starts one task and makes it part of its slot, unless the slot wants something else by
// then: it was given another release, has enough tasks, or everything is being closed.
func (f *Fleet) add(scope deploy.Scope, name deploy.Slot, path string, workload deploy.Workload) error {
	task, err := f.start(scope, path, workload)
	if err != nil {
		return err
	}
	f.mu.Lock()
	slot := f.slot(scope, name)
	if f.closed || slot.workload.Digest != workload.Digest || len(slot.tasks) >= slot.workload.Count {
		f.mu.Unlock()
		task.end(time.Second)
		return nil
	}
	slot.tasks = append(slot.tasks, task)
	if err := f.Places[scope].Router.RegisterTarget(string(name), task.url); err != nil {
		slot.note(err.Error())
	}
	f.mu.Unlock()
	go f.watch(scope, name, task)
	return nil
}

// A task that ended by itself is away for restartAfter, and for twice as long each time that it
// ends within steadyAfter of its start, up to restartWithin: ECS throttles likewise
// (docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html).
const (
	restartAfter  = time.Second
	restartWithin = 32 * time.Second
	steadyAfter   = time.Minute
)

// watch waits for the end of a task. One that ended by itself is noted with its last words and
// started again.
func (f *Fleet) watch(scope deploy.Scope, name deploy.Slot, gone *task) {
	<-gone.done
	f.mu.Lock()
	slot := f.slot(scope, name)
	i := slices.Index(slot.tasks, gone)
	if i < 0 || f.closed {
		f.mu.Unlock()
		return
	}
	slot.tasks = slices.Delete(slot.tasks, i, i+1)
	slot.note(gone.epitaph())
	if f.Clock.Now().Sub(gone.began) >= steadyAfter {
		slot.failures = 0
	}
	slot.failures++
	pause := min(restartAfter<<min(slot.failures-1, 10), restartWithin)
	f.mu.Unlock()
	// Deregistering fails only for a group that does not exist.
	_ = f.Places[scope].Router.DeregisterTarget(string(name), gone.url)
	if f.Clock.Wait(f.life, pause) != nil {
		return
	}
	if err := f.fill(scope, name); err != nil {
		f.mu.Lock()
		slot.note(err.Error())
		f.mu.Unlock()
	}
}

// keepReasons is how many reasons a slot remembers.
const keepReasons = 10

// note remembers why a task is not there.
func (s *slot) note(reason string) {
	s.reasons = append(s.reasons, reason)
	s.reasons = s.reasons[max(0, len(s.reasons)-keepReasons):]
}
