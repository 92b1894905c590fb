package worldtest

import (
	"net/http"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Balancer tests traffic.Balancer, on the data plane too. It leaves all traffic to blue, and
// Next in green.
func Balancer(t *testing.T, s Subject) {
	good, lost := s.leases(t)
	s.runNext(t, good)
	routed := func(want traffic.Routing) {
		t.Helper()
		got, err := s.World.Balancer.Routing(t.Context(), s.Scope)
		if want.StickySeconds = got.StickySeconds; err != nil || got != want {
			t.Errorf("got routing %+v and error %v, want %+v", got, err, want)
		}
	}
	home := traffic.Routing{Weights: deploy.Split(deploy.Blue, 100)}
	routed(home)
	refused(t, "weights under a lost lease", s.World.Balancer.SetWeights(t.Context(), lost, s.Scope, deploy.Split(deploy.Green, 100)), fault.LeaseLost)
	refused(t, "maintenance under a lost lease", s.World.Balancer.SetMaintenance(t.Context(), lost, s.Scope, traffic.MaintenanceOn), fault.LeaseLost)
	if err := s.World.Balancer.SetWeights(t.Context(), good, s.Scope, deploy.Weights{Blue: 50, Green: 40}); err == nil {
		t.Error("weights that add up to 90 were accepted")
	}
	routed(home)

	for range 2 {
		must(t, s.World.Balancer.SetWeights(t.Context(), good, s.Scope, deploy.Split(deploy.Green, 50)))
		routed(traffic.Routing{Weights: deploy.Split(deploy.Green, 50)})
	}
	s.answers(t, s.Live.Version, s.Next.Version)
	must(t, s.World.Balancer.SetWeights(t.Context(), good, s.Scope, deploy.Split(deploy.Green, 100)))
	s.answers(t, s.Next.Version)
	must(t, s.World.Balancer.SetWeights(t.Context(), good, s.Scope, home.Weights))
	s.answers(t, s.Live.Version)

	for range 2 {
		must(t, s.World.Balancer.SetMaintenance(t.Context(), good, s.Scope, traffic.MaintenanceOn))
		routed(traffic.Routing{Weights: home.Weights, Maintenance: true})
	}
	s.answers(t, "")
	if answer := s.call(t, traffic.Call{Method: http.MethodGet, Path: s.Works, Slot: deploy.Green}); answer.Status != http.StatusOK || answer.Release != s.Next.Version {
		t.Errorf("a request for green during maintenance: got %+v, want 200 from %s", answer, s.Next.Version)
	}
	for range 2 {
		must(t, s.World.Balancer.SetMaintenance(t.Context(), good, s.Scope, traffic.MaintenanceOff))
		routed(home)
	}
	s.answers(t, s.Live.Version)
	healths(t, s)
}

func healths(t *testing.T, s Subject) {
	t.Helper()
	for _, slot := range deploy.Slots() {
		s.until(t, "all targets are healthy", func() bool {
			health, err := s.World.Balancer.Health(t.Context(), s.Scope, slot)
			must(t, err)
			return health.Total > 0 && health.Healthy == health.Total && len(health.Reasons) == 0
		})
	}
	_, err := s.World.Balancer.Health(t.Context(), s.unknown(), deploy.Blue)
	refused(t, "the health of an unknown scope", err, fault.Invalid)
	_, err = s.World.Balancer.Routing(t.Context(), s.unknown())
	refused(t, "the routing of an unknown scope", err, fault.Invalid)
}

// answers waits until users are answered by just these versions; "" is the maintenance page.
func (s Subject) answers(t *testing.T, versions ...string) {
	t.Helper()
	const calls = 40
	s.until(t, "users are answered by the right versions", func() bool {
		seen := map[string]bool{}
		for range calls {
			seen[s.call(t, traffic.Call{Method: http.MethodGet, Path: s.Works}).Release] = true
		}
		for _, version := range versions {
			if !seen[version] {
				return false
			}
		}
		return len(seen) == len(versions)
	})
}

func (s Subject) call(t *testing.T, call traffic.Call) traffic.Answer {
	t.Helper()
	answer, err := s.World.Caller.Call(t.Context(), s.Scope, call)
	must(t, err)
	return answer
}

// Caller tests traffic.Caller.
func Caller(t *testing.T, s Subject) {
	good, _ := s.leases(t)
	s.runNext(t, good)
	for name, test := range map[string]struct {
		call traffic.Call
		want traffic.Answer
	}{
		"as a user":           {traffic.Call{Method: http.MethodGet, Path: s.Works}, traffic.Answer{Status: http.StatusOK, Release: s.Live.Version}},
		"for a slot":          {traffic.Call{Method: http.MethodGet, Path: s.Works, Slot: deploy.Green, Probe: "contract"}, traffic.Answer{Status: http.StatusOK, Release: s.Next.Version}},
		"what is not there":   {traffic.Call{Method: http.MethodGet, Path: "/no/such/page"}, traffic.Answer{Status: http.StatusNotFound, Release: s.Live.Version}},
		"what is not allowed": {traffic.Call{Method: http.MethodDelete, Path: s.Works, Body: "{}"}, traffic.Answer{Status: http.StatusMethodNotAllowed, Release: s.Live.Version}},
	} {
		got := s.call(t, test.call)
		if got.Status != test.want.Status || got.Release != test.want.Release || (got.Body == "" && test.want.Status == http.StatusOK) {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
	if _, err := s.World.Caller.Call(t.Context(), s.unknown(), traffic.Call{Method: http.MethodGet, Path: s.Works}); err == nil {
		t.Error("a call of an unknown scope was answered")
	}
}

// Signals tests signal.Source.
func Signals(t *testing.T, s Subject) {
	const calls = 20
	good, _ := s.leases(t)
	s.runNext(t, good)
	env, err := s.World.Settings.Environment(t.Context(), s.Scope)
	must(t, err)
	by := env.Analysis.Source
	// A span that nothing else has been counted in.
	span := max(s.Span, time.Second)
	from := s.Clock.Now().Truncate(span).Add(2 * span)
	s.until(t, "a span of its own begins", func() bool { return !s.Clock.Now().Before(from) })
	for range calls {
		s.call(t, traffic.Call{Method: http.MethodGet, Path: s.Works})
	}
	s.until(t, "the requests are counted", func() bool {
		// Up to a moment that is over, so that it is complete.
		points, err := s.World.Signals.Counts(t.Context(), s.Scope, by, from, s.Clock.Now())
		must(t, err)
		var blue, green deploy.Counted
		for i, point := range points {
			if point.Start.Before(from) || point.Length <= 0 || (i > 0 && point.Start.Before(points[i-1].Start)) {
				t.Fatalf("point %d of %+v is out of order", i, points)
			}
			blue.Requests, blue.Errors = blue.Requests+point.Blue.Requests, blue.Errors+point.Blue.Errors
			green.Requests += point.Green.Requests
		}
		if blue.Requests > calls || blue.Errors > 0 || green.Requests > 0 {
			t.Fatalf("got blue %+v and green %+v, want %d requests to blue", blue, green, calls)
		}
		return blue.Requests == calls
	})
	_, err = s.World.Signals.Counts(t.Context(), s.unknown(), by, from, s.Clock.Now())
	refused(t, "counts of an unknown scope", err, fault.Invalid)
}
