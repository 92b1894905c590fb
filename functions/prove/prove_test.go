package prove

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

func TestPlausible(t *testing.T) {
	for name, test := range map[string]struct {
		k, n int
		p    float64
		want bool
	}{
		"none at 0":               {0, 50, 0, true},
		"one at 0":                {1, 50, 0, false},
		"all at 1":                {50, 50, 1, true},
		"one short at 1":          {49, 50, 1, false},
		"none of 50 at 1 %":       {0, 50, 0.01, true},
		"five of 50 at 1 %":       {5, 50, 0.01, true},
		"six of 50 at 1 %":        {6, 50, 0.01, false},
		"none of 50 at 5 %":       {0, 50, 0.05, true},
		"none of 50 at 25 %":      {0, 50, 0.25, false},
		"half at 50 %":            {25, 50, 0.5, true},
		"12 of 50 at 50 %":        {12, 50, 0.5, true},
		"11 of 50 at 50 %":        {11, 50, 0.5, false},
		"all of 50 at 50 %":       {50, 50, 0.5, false},
		"all of 50 at 95 %":       {50, 50, 0.95, true},
		"none of 1000 at 1 %":     {0, 1000, 0.01, false},
		"exactly 10 of 1000 at 1": {10, 1000, 0.01, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := plausible(test.k, test.n, test.p); got != test.want {
				t.Errorf("%d of %d at %v: got %v, want %v", test.k, test.n, test.p, got, test.want)
			}
		})
	}
}

// front is a load balancer whose data plane answers from one slot only.
type front struct {
	routing traffic.Routing
	version string
	calls   int
}

func (f *front) Routing(context.Context, deploy.Scope) (traffic.Routing, error) {
	return f.routing, nil
}

func (f *front) Call(_ context.Context, _ deploy.Scope, call traffic.Call) (traffic.Answer, error) {
	f.calls++
	return traffic.Answer{Status: 200, Release: f.version}, nil
}

func document(weight deploy.Weight) deploy.Document {
	doc := deploy.Document{ID: "d1"}
	doc.Plan.Target, doc.Plan.Release.Version = deploy.Green, "new"
	doc.Plan.Environment.Strategy.ProbeRequests = 50
	doc.Results.Shift.Weights, doc.Results.Shift.At = deploy.Split(deploy.Green, weight), time.Now()
	return doc
}

func TestProves(t *testing.T) {
	for name, test := range map[string]struct {
		front  front
		weight deploy.Weight
		after  time.Duration
		class  fault.Class
		ready  bool
		reason string
	}{
		"all traffic follows":   {front{traffic.Routing{Weights: deploy.Split(deploy.Green, 100)}, "new", 0}, 100, 0, "", true, ""},
		"it does not yet":       {front{traffic.Routing{Weights: deploy.Split(deploy.Green, 100)}, "old", 0}, 100, 0, "", false, "0 of 50 probes were answered by new, whose weight is 100 %"},
		"it never does":         {front{traffic.Routing{Weights: deploy.Split(deploy.Green, 100)}, "old", 0}, 100, patience + time.Second, fault.DeadlineExceeded, false, "traffic did not follow the weights blue 0 % green 100 % within 5m1s: 0 of 50 probes were answered by new, whose weight is 100 %"},
		"somebody else shifted": {front{traffic.Routing{Weights: deploy.Split(deploy.Green, 30)}, "new", 0}, 50, 0, fault.Halted, false, "the weights were set to blue 50 % green 50 % and now are blue 70 % green 30 %: somebody else changed them"},
		"behind maintenance":    {front{traffic.Routing{Weights: deploy.Split(deploy.Green, 100), Maintenance: true}, "", 0}, 100, 0, "", true, "users see the maintenance page; there is no traffic to prove"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				doc := document(test.weight)
				time.Sleep(test.after)
				result, err := Stage{Balancer: &test.front, Caller: &test.front, Clock: clock.System{}}.Handle(t.Context(), doc)
				if test.class != "" {
					if !fault.Is(err, test.class) || err.Error() != test.reason {
						t.Errorf("got %v, want %s: %s", err, test.class, test.reason)
					}
					return
				}
				if err != nil || result.Ready != test.ready || result.Reason != test.reason || result.Ready == (result.WaitSeconds > 0) {
					t.Errorf("got %+v and error %v, want ready %v: %s", result, err, test.ready, test.reason)
				}
			})
		})
	}
}
