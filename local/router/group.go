package router

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// TargetGroup is the settings of a target group. Zero values take ELB's defaults.
type TargetGroup struct {
	// Name has 1 to 32 letters, digits and hyphens, none of them at either end a hyphen.
	Name string
	// HealthCheck is how targets are checked.
	HealthCheck HealthCheck
	// DeregistrationDelay bounds how long a deregistered target may go on with requests in
	// flight; at most one hour. 0 means ELB's default, 300 s.
	DeregistrationDelay time.Duration
}

const (
	defaultDeregistrationDelay = 300 * time.Second
	maxDeregistrationDelay     = time.Hour
	maxGroupName               = 32
)

// group is a target group with its targets. Requests read what is atomic; the rest is guarded by
// Router.mu.
type group struct {
	settings atomic.Pointer[TargetGroup]
	live     atomic.Pointer[[]*target] // registered, in order of registration
	turn     atomic.Uint64
	counts   *ring

	used     bool
	departed map[string]*target // by URL, the last to leave under it
}

// CreateTargetGroup adds a target group. Repeating it with the same settings is safe; with other
// settings it is refused with DuplicateTargetGroupName. Bad settings wrap ValidationError.
func (r *Router) CreateTargetGroup(settings TargetGroup) error {
	settings = settings.withDefaults()
	if err := settings.check(); err != nil {
		return fmt.Errorf("create target group %q: %w", settings.Name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if existing, ok := r.groups[settings.Name]; ok {
		if *existing.settings.Load() != settings {
			return fmt.Errorf("create target group %q: %w", settings.Name, DuplicateTargetGroupName)
		}
		return nil
	}
	g := &group{counts: newRing(), departed: map[string]*target{}}
	g.settings.Store(&settings)
	g.live.Store(&[]*target{})
	r.groups[settings.Name] = g
	return nil
}

// ModifyTargetGroup replaces a target group's settings; checks and drains that begin afterwards
// use them. Errors wrap TargetGroupNotFound or ValidationError. Repeating it is safe.
func (r *Router) ModifyTargetGroup(settings TargetGroup) error {
	settings = settings.withDefaults()
	if err := settings.check(); err != nil {
		return fmt.Errorf("modify target group %q: %w", settings.Name, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[settings.Name]
	if !ok {
		return fmt.Errorf("modify target group %q: %w", settings.Name, TargetGroupNotFound)
	}
	g.settings.Store(&settings)
	return nil
}

// DeleteTargetGroup removes a target group and cuts its targets off. Errors wrap ResourceInUse
// while a rule forwards to it. As with ELB, deleting a group that does not exist succeeds.
func (r *Router) DeleteTargetGroup(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[name]
	if !ok {
		return nil
	}
	if g.used {
		return fmt.Errorf("delete target group %q: %w: a rule forwards to it", name, ResourceInUse)
	}
	delete(r.groups, name)
	g.live.Store(&[]*target{})
	g.disconnect()
	return nil
}

// DescribeTargetGroup is a target group's settings, defaults filled in. Errors wrap
// TargetGroupNotFound.
func (r *Router) DescribeTargetGroup(name string) (TargetGroup, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[name]
	if !ok {
		return TargetGroup{}, fmt.Errorf("describe target group %q: %w", name, TargetGroupNotFound)
	}
	return *g.settings.Load(), nil
}

func (s TargetGroup) withDefaults() TargetGroup {
	if s.DeregistrationDelay == 0 {
		s.DeregistrationDelay = defaultDeregistrationDelay
	}
	s.HealthCheck = s.HealthCheck.withDefaults()
	return s
}

func (s TargetGroup) check() error {
	switch {
	case s.Name == "" || len(s.Name) > maxGroupName || !only(s.Name, alphanumeric+"-") ||
		strings.Trim(s.Name, "-") != s.Name:
		return invalid("a name has 1 to %d letters, digits and inner hyphens", maxGroupName)
	case s.DeregistrationDelay < 0 || s.DeregistrationDelay > maxDeregistrationDelay:
		return invalid("deregistration delay %s is outside 0 to %s",
			s.DeregistrationDelay, maxDeregistrationDelay)
	}
	return s.HealthCheck.check()
}

// pick is the target for the next request, in turn among the healthy ones, or among all when none
// is healthy; nil when none is registered. The caller releases it.
func (g *group) pick() *target {
	for {
		live := *g.live.Load()
		healthy := 0
		for _, t := range live {
			if t.healthy() {
				healthy++
			}
		}
		t := nth(live, healthy, g.turn.Add(1))
		if t == nil || t.acquire() {
			return t
		}
	}
}

// nth is the target whose turn it is, given how many are healthy. One that changes its health
// meanwhile does no harm: the walk then ends at another.
func nth(live []*target, healthy int, turn uint64) *target {
	if len(live) == 0 {
		return nil
	}
	if healthy == 0 {
		return live[turn%uint64(len(live))]
	}
	left := turn % uint64(healthy)
	var last *target
	for _, t := range live {
		if !t.healthy() {
			continue
		}
		if last = t; left == 0 {
			return t
		}
		left--
	}
	if last == nil {
		return live[turn%uint64(len(live))]
	}
	return last
}

// disconnect stops the checks and closes every connection of the group.
func (g *group) disconnect() {
	for _, t := range *g.live.Load() {
		t.stopChecks()
		t.cutOff()
	}
	for _, t := range g.departed {
		t.cutOff()
	}
}
