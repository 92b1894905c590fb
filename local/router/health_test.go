package router_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
)

func TestHealthFollowsThresholds(t *testing.T) {
	clock := newStepClock()
	r := start(t, router.Config{Clock: clock})
	blue := newService(t, "blue")
	addGroup(t, r, "blue", blue.URL) // healthy after 2, unhealthy after 2
	if got := states(t, r, "blue"); !slices.Equal(got, []router.State{router.Unused}) {
		t.Fatalf("before a rule forwards to the group: %v", got)
	}
	route(t, r, to("blue", 0)) // weight 0 is in use
	for i, c := range []struct {
		next int // what the check after this one will see
		want router.State
	}{
		{500, router.Healthy}, // one success is enough out of initial
		{500, router.Healthy}, // one failure is not two
		{200, router.Unhealthy},
		{500, router.Unhealthy}, // one success is not two
		{200, router.Unhealthy},
		{200, router.Unhealthy},
		{200, router.Healthy},
	} {
		clock.arrived() // the check before this wait has been judged
		if got := states(t, r, "blue")[0]; got != c.want {
			t.Errorf("after check %d: %s, want %s", i+1, got, c.want)
		}
		blue.setHealth(c.next)
		clock.step()
	}
}

func TestUnhealthyTargetsGetNothingUntilAllAre(t *testing.T) {
	clock := newStepClock()
	r := start(t, router.Config{Clock: clock})
	good, bad := newService(t, "good"), newService(t, "bad")
	bad.setHealth(http.StatusInternalServerError)
	addGroup(t, r, "blue", bad.URL, good.URL)
	route(t, r, to("blue", 1))
	eventually(t, "good is healthy", func() bool { return states(t, r, "blue")[1] == router.Healthy })
	for range 10 {
		get(t, r.URL())
	}
	if got := bad.requests(); got != 0 {
		t.Errorf("the target that is not healthy got %d requests", got)
	}
	if got := r.Totals("blue").FailOpen; got != 0 {
		t.Errorf("%d requests counted as fail-open", got)
	}

	good.setHealth(http.StatusInternalServerError)
	eventually(t, "all unhealthy", func() bool {
		clock.arrived()
		clock.step()
		return slices.Equal(states(t, r, "blue"), []router.State{router.Unhealthy, router.Unhealthy})
	})
	for range 10 {
		get(t, r.URL())
	}
	if got := bad.requests(); got != 5 {
		t.Errorf("the bad target got %d of 10, want half: the group fails open", got)
	}
	if got := r.Totals("blue").FailOpen; got != 10 {
		t.Errorf("%d requests counted as fail-open, want 10", got)
	}
	described, err := r.DescribeTargetHealth("blue")
	must(t, err)
	if got := described[0]; got.Reason != router.ReasonMismatch || !strings.Contains(got.Description, "500") {
		t.Errorf("described %+v", got)
	}
}

func TestCheckReasons(t *testing.T) {
	stuck := make(chan struct{})
	slow := newServer(t, func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-stuck:
		case <-req.Context().Done():
		}
	})
	defer close(stuck)
	moved := newServer(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/elsewhere", http.StatusFound)
	})
	for _, c := range []struct {
		name, target, matcher string
		want                  router.State
		reason                string
	}{
		{"no answer", slow, "", router.Unhealthy, router.ReasonTimeout},
		{"nobody listens", closedPort(t), "", router.Unhealthy, router.ReasonFailed},
		{"a redirect is not followed", moved, "200", router.Unhealthy, router.ReasonMismatch},
		{"a range matches", moved, "200,300-399", router.Healthy, ""},
	} {
		r := start(t, router.Config{})
		must(t, r.CreateTargetGroup(router.TargetGroup{Name: "g", HealthCheck: router.HealthCheck{
			Interval: 20 * time.Millisecond, Timeout: 15 * time.Millisecond, Matcher: c.matcher,
		}}))
		must(t, r.RegisterTarget("g", c.target))
		route(t, r, to("g", 1))
		eventually(t, c.name, func() bool {
			described, err := r.DescribeTargetHealth("g")
			must(t, err)
			return described[0].State == c.want && described[0].Reason == c.reason
		})
	}
}

func TestTargetGroupsAreRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		reason   string
		settings router.TargetGroup
	}{
		{"letters", router.TargetGroup{Name: ""}},
		{"letters", router.TargetGroup{Name: "-a"}},
		{"letters", router.TargetGroup{Name: "a_b"}},
		{"letters", router.TargetGroup{Name: strings.Repeat("a", 33)}},
		{"delay", router.TargetGroup{Name: "a", DeregistrationDelay: 2 * time.Hour}},
		{"path", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{Path: "x"}}},
		{"interval", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{Interval: time.Millisecond}}},
		{"timeout", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{Timeout: 3 * time.Minute}}},
		{"less than", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{Interval: time.Second, Timeout: time.Second}}},
		{"healthy threshold", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{HealthyThreshold: 1}}},
		{"unhealthy threshold", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{UnhealthyThreshold: 11}}},
		{"matcher", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{Matcher: "200,5xx"}}},
		{"matcher", router.TargetGroup{Name: "a", HealthCheck: router.HealthCheck{Matcher: "200-599"}}},
	} {
		r := router.New(router.Config{})
		err := r.CreateTargetGroup(c.settings)
		if !errors.Is(err, router.ValidationError) || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%+v: got %v, want %q", c.settings, err, c.reason)
		}
	}
}

func TestTargetGroupsAreMadeAndDeleted(t *testing.T) {
	r := router.New(router.Config{})
	addGroup(t, r, "blue")
	addGroup(t, r, "blue") // the same again
	if err := r.CreateTargetGroup(router.TargetGroup{Name: "blue"}); !errors.Is(err, router.DuplicateTargetGroupName) {
		t.Errorf("other settings: %v", err)
	}
	must(t, r.ModifyTargetGroup(router.TargetGroup{Name: "blue"}))
	got, err := r.DescribeTargetGroup("blue")
	must(t, err)
	want := router.TargetGroup{
		Name: "blue", DeregistrationDelay: 5 * time.Minute,
		HealthCheck: router.HealthCheck{
			Path: "/", Interval: 30 * time.Second, Timeout: 5 * time.Second,
			HealthyThreshold: 5, UnhealthyThreshold: 2, Matcher: "200",
		},
	}
	if got != want {
		t.Errorf("defaults %+v, want ELB's %+v", got, want)
	}
	route(t, r, to("blue", 1))
	if err := r.DeleteTargetGroup("blue"); !errors.Is(err, router.ResourceInUse) {
		t.Errorf("delete in use: %v", err)
	}
	must(t, r.ModifyRule(router.DefaultRule, router.Change{Action: router.Respond(200, "", "")}))
	must(t, r.DeleteTargetGroup("blue"))
	must(t, r.DeleteTargetGroup("blue"))
	if _, err := r.DescribeTargetGroup("blue"); !errors.Is(err, router.TargetGroupNotFound) {
		t.Errorf("describe: %v", err)
	}
}
