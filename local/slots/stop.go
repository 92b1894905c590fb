package slots

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// drainWithin bounds how long a task may finish the requests it has, and stopWithin how long it
// may take to end then.
const (
	drainWithin = 10 * time.Second
	stopWithin  = 5 * time.Second
)

// leave notes tasks that were taken out of their slot, so that Close finds them wherever they
// are. The caller holds mu.
func (f *Fleet) leave(tasks []*task) {
	for _, t := range tasks {
		f.leaving[t] = true
	}
}

// stop takes tasks that leave out of the router, lets them finish their requests, and ends
// them. It does not wait: users are not kept waiting for a process to end.
func (f *Fleet) stop(scope deploy.Scope, name deploy.Slot, tasks []*task) {
	lb := f.Places[scope].Router
	for _, t := range tasks {
		// Deregistering fails only for a group that does not exist.
		_ = lb.DeregisterTarget(string(name), t.url)
	}
	for _, t := range tasks {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
			defer cancel()
			// What is not drained by then is cut off.
			_ = lb.Drained(ctx, string(name), t.url)
			t.end(stopWithin)
			f.mu.Lock()
			defer f.mu.Unlock()
			delete(f.leaving, t)
		}()
	}
}

var errClosed = errors.New("the slots are closed") //nolint:gochecknoglobals // a sentinel error

// Close ends every process, each within a second or two, and returns when none is left.
// Repeating it is safe.
func (f *Fleet) Close() {
	f.mu.Lock()
	f.closed = true
	if f.end != nil {
		f.end()
	}
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
	f.starting.Wait()
}
