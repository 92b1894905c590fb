package router_test

import (
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/pilotage/pilotage/local/router"
)

func TestWeightsSplitRequests(t *testing.T) {
	for _, c := range []struct {
		name        string
		blue, green int
		random      func() float64
		want, slack int // of green, in 400 requests
	}{
		{"1 percent", 99, 1, nil, 4, 1},
		{"a quarter, unreduced", 75, 25, nil, 100, 3},
		{"relative to the sum", 1, 3, nil, 300, 3},
		{"zero", 100, 0, nil, 0, 0},
		{"only", 0, 7, nil, 400, 0},
		{"random", 50, 50, rand.New(rand.NewPCG(1, 2)).Float64, 200, 40},
		{"random at its upper edge", 50, 50, func() float64 { return 1 }, 400, 0},
	} {
		r := start(t, router.Config{Rand: c.random})
		blue, green := newService(t, "blue"), newService(t, "green")
		addGroup(t, r, "blue", blue.URL)
		addGroup(t, r, "green", green.URL)
		route(t, r, to("blue", c.blue), to("green", c.green))
		for range 400 {
			get(t, r.URL())
		}
		if got := green.requests(); got < c.want-c.slack || got > c.want+c.slack {
			t.Errorf("%s: green got %d of 400, want %d", c.name, got, c.want)
		}
		if got := blue.requests() + green.requests(); got != 400 {
			t.Errorf("%s: %d requests arrived", c.name, got)
		}
	}
}

func TestRequestsWithoutATargetAreLost(t *testing.T) {
	r := start(t, router.Config{})
	blue := newService(t, "blue")
	addGroup(t, r, "blue", blue.URL)
	addGroup(t, r, "empty")

	route(t, r, to("blue", 50), to("empty", 50))
	lost := 0
	for range 20 {
		if status, _ := get(t, r.URL()); status == http.StatusServiceUnavailable {
			lost++
		}
	}
	if lost < 9 || lost > 11 {
		t.Errorf("%d of 20 lost, want half: an empty group does not fail over", lost)
	}
	if got := r.Totals("empty"); got.Lost != lost || got.Requests != lost || got.Failed() != lost {
		t.Errorf("totals of the empty group %+v, want %d lost", got, lost)
	}

	route(t, r, to("blue", 0))
	if status, _ := get(t, r.URL()); status != http.StatusServiceUnavailable {
		t.Errorf("status %d when all weights are zero", status)
	}
	if got := r.Totals(router.NoGroup).Lost; got != 1 {
		t.Errorf("%d lost without a group, want 1", got)
	}
}

func TestTargetsTakeTurns(t *testing.T) {
	r := start(t, router.Config{})
	a, b, c := newService(t, "a"), newService(t, "b"), newService(t, "c")
	addGroup(t, r, "blue", a.URL, b.URL, c.URL)
	route(t, r, to("blue", 1))
	eventually(t, "all healthy", func() bool {
		for _, state := range states(t, r, "blue") {
			if state != router.Healthy {
				return false
			}
		}
		return true
	})
	for range 30 {
		get(t, r.URL())
	}
	if a.requests() != 10 || b.requests() != 10 || c.requests() != 10 {
		t.Errorf("got %d, %d, %d, want 10 each", a.requests(), b.requests(), c.requests())
	}
}
