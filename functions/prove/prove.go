// Package prove is the stage that does not believe the load balancer: it reads the weights
// back and probes the data plane until the answers agree with them.
package prove

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Balancer reads the routing.
type Balancer interface {
	Routing(ctx context.Context, scope deploy.Scope) (traffic.Routing, error)
}

// Caller makes requests through the data plane.
type Caller interface {
	Call(ctx context.Context, scope deploy.Scope, call traffic.Call) (traffic.Answer, error)
}

// Stage proves weights.
type Stage struct {
	Balancer Balancer
	Caller   Caller
	Clock    clock.Clock
}

// patience is how long traffic may take to follow an accepted change.
const patience = 5 * time.Minute

// Handle proves the weights of the last shift. Weights that somebody else changed are
// fault.Halted: two hands must not be on one wheel. Traffic that does not follow within five
// minutes is fault.DeadlineExceeded. Repeating it probes again.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.ProveResult, error) {
	wanted := doc.Results.Shift.Weights
	routing, err := s.Balancer.Routing(ctx, doc.Request.Scope)
	if err != nil {
		return deploy.ProveResult{}, err
	}
	if routing.Weights != wanted {
		return deploy.ProveResult{}, fault.New(fault.Halted, "the weights were set to %s and now are %s: somebody else changed them", wanted, routing.Weights)
	}
	result := deploy.ProveResult{Answers: map[string]int{}, At: s.Clock.Now()}
	if routing.Maintenance {
		result.Ready, result.Reason = true, "users see the maintenance page; there is no traffic to prove"
		return result, nil
	}
	result.Reason, err = s.probe(ctx, doc, result.Answers)
	if err != nil {
		return deploy.ProveResult{}, err
	}
	if result.Ready = result.Reason == ""; result.Ready {
		result.At = s.Clock.Now()
		return result, nil
	}
	waited := s.Clock.Now().Sub(doc.Results.Shift.At)
	if waited > patience {
		return deploy.ProveResult{}, fault.New(fault.DeadlineExceeded, "traffic did not follow the weights %s within %s: %s", wanted, waited.Round(time.Second), result.Reason)
	}
	result.WaitSeconds = deploy.PollSeconds(1, waited, patience)
	return result, nil
}

// probe asks and counts, and says what does not fit, or nothing.
func (s Stage) probe(ctx context.Context, doc deploy.Document, answers map[string]int) (string, error) {
	total := doc.Plan.Environment.Strategy.ProbeRequests
	for range total {
		answer, err := s.Caller.Call(ctx, doc.Request.Scope, traffic.Call{
			Method: "GET", Path: doc.Plan.Environment.Health.Path, Probe: doc.ID,
		})
		if err != nil {
			return "", fmt.Errorf("probe the data plane of %s: %w", doc.Request.Scope, err)
		}
		answers[answer.Release]++
	}
	weight := doc.Results.Shift.Weights.Of(doc.Plan.Target)
	got := answers[doc.Plan.Release.Version]
	if !plausible(got, total, float64(weight)/100) {
		return fmt.Sprintf("%d of %d probes were answered by %s, whose weight is %d %%", got, total, doc.Plan.Release.Version, weight), nil
	}
	return "", nil
}

// plausible reports whether k of n probes are what a share p may well give: all or none when
// the share is 1 or 0, otherwise a count whose binomial tail is not below one in ten thousand.
func plausible(k, n int, p float64) bool {
	switch {
	case p <= 0:
		return k == 0
	case p >= 1:
		return k == n
	}
	const least = 1e-4
	return tail(k, n, p) >= least && tail(n-k, n, 1-p) >= least
}

// tail is the probability of at most k of n with share p.
func tail(k, n int, p float64) float64 {
	sum := 0.0
	for i := 0; i <= k; i++ {
		sum += math.Exp(logChoose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
