package router

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// markUsed finds out which groups the accepted rules forward to, and starts or stops the checks
// of their targets accordingly. Callers hold r.mu.
func (r *Router) markUsed() {
	used := map[string]bool{}
	for _, rule := range r.rules {
		for _, g := range rule.Action.Forward {
			used[g.Group] = true
		}
	}
	for name, g := range r.groups {
		g.used = used[name]
		for _, t := range *g.live.Load() {
			r.superviseTarget(g, t)
		}
	}
}

// superviseTarget makes the checks of a target run exactly while they should. Callers hold r.mu.
func (r *Router) superviseTarget(g *group, t *target) {
	wanted := g.used && r.phase == phaseServing
	switch {
	case wanted && t.stop == nil:
		ctx, cancel := context.WithCancel(r.life)
		t.stop = cancel
		t.setHealth(Initial, ReasonInitialChecks, "")
		r.work.Go(func() { r.watch(ctx, g, t) })
	case !wanted:
		t.stopChecks()
		if !g.used {
			t.setHealth(Unused, ReasonNotInUse, "")
		}
	}
}

func (t *target) stopChecks() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
}

// watch checks a target until ctx ends.
func (r *Router) watch(ctx context.Context, g *group, t *target) {
	client := &http.Client{
		// A connection for each check, as ELB does: a full or dead listener shows.
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var streak streak
	for {
		settings := g.settings.Load().HealthCheck
		reason, description := probe(ctx, client, t.url, settings)
		if ctx.Err() != nil {
			return
		}
		streak.add(reason)
		t.judge(ctx, streak, settings, TargetHealth{Reason: reason, Description: description})
		if r.clock.Wait(ctx, settings.Interval) != nil {
			return
		}
	}
}

// streak is how many checks in a row had the same outcome.
type streak struct{ passed, failed int }

func (s *streak) add(reason string) {
	if reason == "" {
		*s = streak{passed: s.passed + 1}
	} else {
		*s = streak{failed: s.failed + 1}
	}
}

// judge moves a target between states as ELB does: out of initial by one success, otherwise by
// reaching a threshold.
func (t *target) judge(ctx context.Context, s streak, settings HealthCheck, found TargetHealth) {
	before := t.health.Load()
	next := TargetHealth{Target: t.url, Reason: found.Reason, Description: found.Description}
	switch {
	case s.passed > 0 && (before.State == Initial || s.passed >= settings.HealthyThreshold):
		next.State = Healthy
	case s.failed >= settings.UnhealthyThreshold:
		next.State = Unhealthy
	default:
		return
	}
	if ctx.Err() == nil {
		// Only what was judged may be replaced: the target may have begun to drain meanwhile.
		t.health.CompareAndSwap(before, &next)
	}
}

func (t *target) setHealth(state State, reason, description string) {
	t.health.Store(&TargetHealth{Target: t.url, State: state, Reason: reason, Description: description})
}

// probe makes one check and returns the reason of its failure, none when it passed.
func probe(ctx context.Context, client *http.Client, url string, h HealthCheck) (reason, description string) {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+h.Path, http.NoBody)
	if err != nil {
		return ReasonFailed, err.Error()
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	res, err := client.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return ReasonTimeout, fmt.Sprintf("no answer within %s", h.Timeout)
	case err != nil:
		return ReasonFailed, err.Error()
	}
	_ = res.Body.Close()
	if ok, _ := matchesStatus(h.Matcher, res.StatusCode); !ok {
		return ReasonMismatch, fmt.Sprintf("answered %d, expected %s", res.StatusCode, h.Matcher)
	}
	return "", ""
}
