package router

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// HealthCheck is how a group's targets are checked. Zero values take ELB's defaults.
type HealthCheck struct {
	// Path is requested with GET; "/" when empty.
	Path string
	// Interval is the time between checks, 10 ms to 300 s; 30 s when 0. ELB's minimum is 5 s.
	Interval time.Duration
	// Timeout is how long an answer may take, less than Interval, at most 120 s; when 0 it is
	// 5 s, or half the interval if that is shorter.
	Timeout time.Duration
	// HealthyThreshold is how many successes in a row make an unhealthy target healthy, 2 to 10;
	// 5 when 0. A new target needs one only.
	HealthyThreshold int
	// UnhealthyThreshold is how many failures in a row make a target unhealthy, 2 to 10; 2 when 0.
	UnhealthyThreshold int
	// Matcher is the status codes of success, such as "200", "200,204" or "200-299", within 200
	// to 499; "200" when empty.
	Matcher string
}

// State is a target's health, in ELB's words.
type State string

// The states.
const (
	// Initial: registered, not yet checked often enough to tell.
	Initial State = "initial"
	// Healthy: passes its checks.
	Healthy State = "healthy"
	// Unhealthy: fails its checks.
	Unhealthy State = "unhealthy"
	// Draining: deregistered, with requests in flight.
	Draining State = "draining"
	// Unused: registered with a group to which no rule forwards, or not registered any more.
	Unused State = "unused"
)

// Reason codes of TargetHealth, in ELB's words.
const (
	ReasonInitialChecks = "Elb.InitialHealthChecking"
	ReasonMismatch      = "Target.ResponseCodeMismatch"
	ReasonTimeout       = "Target.Timeout"
	ReasonFailed        = "Target.FailedHealthChecks"
	ReasonDeregistering = "Target.DeregistrationInProgress"
	ReasonNotInUse      = "Target.NotInUse"
)

// TargetHealth is what is known of a target.
type TargetHealth struct {
	// Target is its URL.
	Target string
	State  State
	// Reason is a code, empty when healthy; Description says more where there is more to say.
	Reason      string
	Description string
}

// DescribeTargetHealth lists a group's targets in order of registration, then those that are
// still draining. Errors wrap TargetGroupNotFound.
func (r *Router) DescribeTargetHealth(groupName string) ([]TargetHealth, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[groupName]
	if !ok {
		return nil, fmt.Errorf("describe health of target group %q: %w", groupName, TargetGroupNotFound)
	}
	var described []TargetHealth
	for _, t := range *g.live.Load() {
		described = append(described, *t.health.Load())
	}
	for _, t := range g.departed {
		if t.gone.Err() == nil {
			described = append(described, *t.health.Load())
		}
	}
	return described, nil
}

func (h HealthCheck) withDefaults() HealthCheck {
	if h.Path == "" {
		h.Path = "/"
	}
	if h.Interval == 0 {
		h.Interval = 30 * time.Second
	}
	if h.Timeout == 0 {
		h.Timeout = min(5*time.Second, h.Interval/2)
	}
	if h.HealthyThreshold == 0 {
		h.HealthyThreshold = 5
	}
	if h.UnhealthyThreshold == 0 {
		h.UnhealthyThreshold = 2
	}
	if h.Matcher == "" {
		h.Matcher = "200"
	}
	return h
}

func (h HealthCheck) check() error {
	switch {
	case !strings.HasPrefix(h.Path, "/") || len(h.Path) > 1024:
		return invalid("health check path %q must begin with / and have at most 1024 characters", h.Path)
	case h.Interval < 10*time.Millisecond || h.Interval > 300*time.Second:
		return invalid("health check interval %s is outside 10ms to 5m", h.Interval)
	case h.Timeout <= 0 || h.Timeout > 120*time.Second:
		return invalid("health check timeout %s is outside 0 to 2m", h.Timeout)
	case h.Timeout >= h.Interval:
		return invalid("health check timeout %s must be less than the interval %s", h.Timeout, h.Interval)
	case h.HealthyThreshold < 2 || h.HealthyThreshold > 10:
		return invalid("healthy threshold %d is outside 2 to 10", h.HealthyThreshold)
	case h.UnhealthyThreshold < 2 || h.UnhealthyThreshold > 10:
		return invalid("unhealthy threshold %d is outside 2 to 10", h.UnhealthyThreshold)
	}
	_, err := matchesStatus(h.Matcher, 200)
	return err
}

// matchesStatus reports whether status is among the codes of a matcher.
func matchesStatus(matcher string, status int) (bool, error) {
	matches := false
	for part := range strings.SplitSeq(matcher, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		low, errLow := strconv.Atoi(first)
		high, errHigh := strconv.Atoi(last)
		if errLow != nil || errHigh != nil || low < 200 || high > 499 || low > high {
			return false, invalid("matcher %q must be codes or ranges from 200 to 499", matcher)
		}
		matches = matches || status >= low && status <= high
	}
	return matches, nil
}
