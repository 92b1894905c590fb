package router_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
)

// hanging is a service whose requests have arrived and stay until they are let go.
type hanging struct {
	url     string
	arrived chan struct{}
	letGo   chan struct{}
}

func newHanging(tb testing.TB) *hanging {
	h := &hanging{arrived: make(chan struct{}, 10), letGo: make(chan struct{})}
	h.url = newServer(tb, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/health" {
			return
		}
		h.arrived <- struct{}{}
		select {
		case <-h.letGo:
		case <-req.Context().Done():
		}
		_, _ = io.WriteString(w, "done")
	})
	return h
}

// ask sends a request in the background and returns where its status will be.
func ask(tb testing.TB, url string) <-chan int {
	status := make(chan int, 1)
	go func() {
		got, _ := get(tb, url)
		status <- got
	}()
	return status
}

func TestDrainLetsRequestsInFlightEnd(t *testing.T) {
	r := start(t, router.Config{})
	old, next := newHanging(t), newService(t, "next")
	addGroup(t, r, "blue", old.url)
	route(t, r, to("blue", 1))
	inFlight := ask(t, r.URL())
	<-old.arrived

	must(t, r.RegisterTarget("blue", next.URL))
	must(t, r.DeregisterTarget("blue", old.url))
	must(t, r.DeregisterTarget("blue", old.url)) // again
	if got := states(t, r, "blue"); len(got) != 2 || got[1] != router.Draining {
		t.Errorf("states %v, want the second draining", got)
	}
	if got := r.Targets("blue"); !slices.Equal(got, []string{next.URL}) {
		t.Errorf("targets %v", got)
	}
	for range 10 {
		get(t, r.URL())
	}
	if got := next.requests(); got != 10 {
		t.Errorf("%d of 10 new requests went to the remaining target", got)
	}
	hurry, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Drained(hurry, "blue"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drained with a request in flight: %v", err)
	}
	close(old.letGo)
	if got := <-inFlight; got != http.StatusOK {
		t.Errorf("the request in flight got %d", got)
	}
	must(t, r.Drained(t.Context(), "blue"))
	must(t, r.Drained(t.Context(), "blue", old.url))
	if got := states(t, r, "blue"); len(got) != 1 {
		t.Errorf("states %v after the drain", got)
	}
}

func TestDrainCutsOffAfterTheDelay(t *testing.T) {
	clock := newStepClock()
	r := start(t, router.Config{Clock: clock})
	old := newHanging(t)
	addGroup(t, r, "blue", old.url)
	route(t, r, to("blue", 1))
	clock.arrived() // the check's wait; it ends with the deregistration
	inFlight := ask(t, r.URL())
	<-old.arrived
	must(t, r.DeregisterTarget("blue", old.url))
	clock.arrived()
	clock.step() // the delay is over
	if got := <-inFlight; got != http.StatusBadGateway {
		t.Errorf("the request in flight got %d, want 502", got)
	}
	for range 2 {
		if err := r.Drained(t.Context(), "blue", old.url); !errors.Is(err, router.DrainCut) {
			t.Errorf("drained: %v, want DrainCut", err)
		}
	}
	if got := r.Totals("blue"); got.ConnectionErrors != 1 {
		t.Errorf("totals %+v", got)
	}
}

func TestATargetMayComeBackWhileItDrains(t *testing.T) {
	r := start(t, router.Config{})
	h := newHanging(t)
	addGroup(t, r, "blue", h.url)
	route(t, r, to("blue", 1))
	first := ask(t, r.URL())
	<-h.arrived
	must(t, r.DeregisterTarget("blue", h.url))
	must(t, r.RegisterTarget("blue", h.url))
	second := ask(t, r.URL())
	<-h.arrived
	if err := r.Drained(t.Context(), "blue", h.url); !errors.Is(err, router.ValidationError) {
		t.Errorf("waiting for a registered target: %v", err)
	}
	close(h.letGo)
	if a, b := <-first, <-second; a != http.StatusOK || b != http.StatusOK {
		t.Errorf("got %d and %d", a, b)
	}
	must(t, r.Drained(t.Context(), "blue"))
}

func TestTargetsAreRefusedWithTheReason(t *testing.T) {
	r := router.New(router.Config{})
	addGroup(t, r, "blue")
	for _, address := range []string{
		"", "127.0.0.1", "https://127.0.0.1:1", "http://127.0.0.1:1/path", "http://u@127.0.0.1:1",
		"192.0.2.1:80", "example.com:80", "http://[::1", "127.0.0.1:1?q",
	} {
		if err := r.RegisterTarget("blue", address); !errors.Is(err, router.InvalidTarget) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := r.RegisterTarget("red", "127.0.0.1:1"); !errors.Is(err, router.TargetGroupNotFound) {
		t.Errorf("unknown group: %v", err)
	}
	if err := r.DeregisterTarget("red", "127.0.0.1:1"); !errors.Is(err, router.TargetGroupNotFound) {
		t.Errorf("unknown group: %v", err)
	}
	if err := r.Drained(t.Context(), "red"); !errors.Is(err, router.TargetGroupNotFound) {
		t.Errorf("unknown group: %v", err)
	}
	must(t, r.DeregisterTarget("blue", "127.0.0.1:1"))
	must(t, r.Drained(t.Context(), "blue", "127.0.0.1:1"))
	must(t, r.RegisterTarget("blue", "127.0.0.1:1"))
	must(t, r.RegisterTarget("blue", "http://127.0.0.1:1/"))
	if got := r.Targets("blue"); !slices.Equal(got, []string{"http://127.0.0.1:1"}) {
		t.Errorf("targets %v", got)
	}
}
