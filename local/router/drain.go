package router

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// departedKept bounds how many targets that have left a group remembers.
const departedKept = 64

// DeregisterTarget takes a target out of a group. From its return on the target gets no new
// request; those in flight may end within the group's deregistration delay and are then cut off.
// It does not wait: Drained does. Errors wrap TargetGroupNotFound or InvalidTarget. As with ELB,
// deregistering a target that is not registered succeeds, so repeating it is safe.
func (r *Router) DeregisterTarget(groupName, address string) error {
	location, err := parseTarget(address)
	if err != nil {
		return fmt.Errorf("deregister target %q of group %q: %w", address, groupName, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[groupName]
	if !ok {
		return fmt.Errorf("deregister target %q of group %q: %w", address, groupName, TargetGroupNotFound)
	}
	live := *g.live.Load()
	at := slices.IndexFunc(live, func(t *target) bool { return t.url == location.String() })
	if at < 0 {
		return nil
	}
	t := live[at]
	remaining := slices.Delete(slices.Clone(live), at, at+1)
	g.live.Store(&remaining)
	g.remember(t)
	t.stopChecks()
	r.drain(t, g.settings.Load().DeregistrationDelay)
	return nil
}

// Drained waits until targets that were deregistered have ended their last request: those named,
// or all of the group when none is named. It returns an error that wraps DrainCut when requests
// of one had to be cut off after the deregistration delay, or in an earlier drain of a target
// named here, ctx's error when ctx ends first, and one that wraps TargetGroupNotFound or
// InvalidTarget. A target still registered is an error that wraps ValidationError, because
// waiting for it would not end; one never registered has nothing to drain.
func (r *Router) Drained(ctx context.Context, groupName string, addresses ...string) error {
	leaving, err := r.leavingTargets(groupName, addresses)
	if err != nil {
		return fmt.Errorf("wait for the drain of group %q: %w", groupName, err)
	}
	for _, t := range leaving {
		select {
		case <-t.gone.Done():
		case <-ctx.Done():
			return fmt.Errorf("wait for the drain of target %q of group %q with %d requests in flight: %w",
				t.url, groupName, t.inflight.Load(), ctx.Err())
		}
	}
	for _, t := range leaving {
		if t.cut.Load() {
			return fmt.Errorf("drain target %q of group %q: %w", t.url, groupName, DrainCut)
		}
	}
	return nil
}

func (r *Router) leavingTargets(groupName string, addresses []string) ([]*target, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[groupName]
	if !ok {
		return nil, TargetGroupNotFound
	}
	var leaving []*target
	if len(addresses) == 0 {
		for _, t := range g.departed {
			if t.gone.Err() == nil {
				leaving = append(leaving, t)
			}
		}
	}
	for _, address := range addresses {
		location, err := parseTarget(address)
		if err != nil {
			return nil, err
		}
		name := location.String()
		if slices.ContainsFunc(*g.live.Load(), func(t *target) bool { return t.url == name }) {
			return nil, invalid("target %q is registered; deregister it first", name)
		}
		if t, ok := g.departed[name]; ok {
			leaving = append(leaving, t)
		}
	}
	return leaving, nil
}

// drain ends the target when its last request has ended or the delay is over. Callers hold r.mu.
func (r *Router) drain(t *target, delay time.Duration) {
	t.setHealth(Draining, ReasonDeregistering, "")
	t.leaving.Store(true)
	if t.inflight.Load() == 0 {
		t.cutOff()
		return
	}
	if r.phase == phaseClosed {
		return // Close bounds it
	}
	r.work.Go(func() {
		if r.clock.Wait(t.gone, delay) == nil && t.inflight.Load() > 0 {
			t.cut.Store(true)
		}
		t.cutOff()
	})
}

// remember keeps a target that leaves, and forgets others that have left when there are many.
func (g *group) remember(t *target) {
	for name, old := range g.departed {
		if len(g.departed) >= departedKept && old.gone.Err() != nil {
			delete(g.departed, name)
		}
	}
	g.departed[t.url] = t
}
