package router_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
)

// stepClock stands still until it is moved; a Wait ends when the test steps it, whatever the
// duration.
type stepClock struct {
	mu    sync.Mutex
	now   time.Time
	waits chan struct{}
	steps chan struct{}
}

func newStepClock() *stepClock {
	return &stepClock{
		now:   time.Unix(1_700_000_000, 0).UTC(),
		waits: make(chan struct{}, 1000),
		steps: make(chan struct{}),
	}
}

func (c *stepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stepClock) Wait(ctx context.Context, _ time.Duration) error {
	c.waits <- struct{}{}
	select {
	case <-c.steps:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *stepClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// arrived returns when another Wait has begun.
func (c *stepClock) arrived() { <-c.waits }

// step lets one Wait end.
func (c *stepClock) step() { c.steps <- struct{}{} }

// service answers with its name; the status of its health check can be changed.
type service struct {
	*httptest.Server
	mu     sync.Mutex
	health int
	served int
}

func newService(tb testing.TB, name string) *service {
	s := &service{health: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if req.URL.Path == "/health" {
			w.WriteHeader(s.health)
			return
		}
		s.served++
		w.Header().Set("X-Release", name)
		_, _ = io.WriteString(w, name)
	}))
	tb.Cleanup(s.Close)
	return s
}

func (s *service) setHealth(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.health = status
}

func (s *service) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// start makes and starts a router on a free port and closes it after the test.
func start(tb testing.TB, config router.Config) *router.Router {
	tb.Helper()
	config.Address = "127.0.0.1:0"
	r := router.New(config)
	must(tb, r.Start(context.Background()))
	tb.Cleanup(func() { must(tb, r.Close()) })
	return r
}

// addGroup makes a group with targets and the health check of service.
func addGroup(tb testing.TB, r *router.Router, name string, targets ...string) {
	tb.Helper()
	must(tb, r.CreateTargetGroup(router.TargetGroup{
		Name: name, HealthCheck: router.HealthCheck{Path: "/health", HealthyThreshold: 2},
	}))
	for _, target := range targets {
		must(tb, r.RegisterTarget(name, target))
	}
}

// route sends everything that no other rule takes to groups by weight.
func route(tb testing.TB, r *router.Router, groups ...router.WeightedGroup) {
	tb.Helper()
	must(tb, r.ModifyRule(router.DefaultRule, router.Change{Action: router.Forward(groups...)}))
}

func to(group string, weight int) router.WeightedGroup {
	return router.WeightedGroup{Group: group, Weight: weight}
}

// get requests a path, with header names and values in turn, and returns status and body.
func get(tb testing.TB, url string, header ...string) (int, string) {
	tb.Helper()
	req, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	must(tb, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	must(tb, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(tb, err)
	return res.StatusCode, string(body)
}

// states is the health of a group's targets.
func states(tb testing.TB, r *router.Router, group string) []router.State {
	tb.Helper()
	described, err := r.DescribeTargetHealth(group)
	must(tb, err)
	var states []router.State
	for _, d := range described {
		states = append(states, d.State)
	}
	return states
}

// eventually waits for something that other goroutines bring about.
func eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("gave up waiting: %s", what)
		}
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func newServer(tb testing.TB, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return server.URL
}

// closedPort is an address where nobody listens any more.
func closedPort(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(tb, err)
	must(tb, listener.Close())
	return listener.Addr().String()
}
