package router_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
)

func TestStartSaysWhyItCannotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = taken.Close() }()
	for _, c := range []struct {
		address string
		code    router.Code
		text    string
	}{
		{taken.Addr().String(), router.AddressInUse, "choose another"},
		{"0.0.0.0:0", router.NotLoopback, "127.0.0.1"},
		{":0", router.NotLoopback, "127.0.0.1"},
	} {
		r := router.New(router.Config{Address: c.address})
		err := r.Start(t.Context())
		if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), c.address) {
			t.Errorf("%s: %v", c.address, err)
		}
		must(t, r.Close())
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	r := router.New(router.Config{Address: "127.0.0.1:0", CloseWithin: 20 * time.Millisecond})
	h := newHanging(t)
	addGroup(t, r, "blue", h.url)
	route(t, r, to("blue", 1))
	must(t, r.Start(ctx))
	if err := r.Start(ctx); !errors.Is(err, router.Closed) {
		t.Errorf("second start: %v", err)
	}
	address := strings.TrimPrefix(r.URL(), "http://")
	conn, err := net.Dial("tcp", address)
	must(t, err)
	_, err = fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	must(t, err)
	<-h.arrived
	must(t, r.DeregisterTarget("blue", h.url)) // a drain is under way too

	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("close with a request in flight: %v", err)
	}
	must(t, r.Close())
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("the port still answers")
	}
	must(t, conn.Close())
	cancel()
	close(h.letGo)
	eventually(t, "goroutines end", func() bool {
		http.DefaultClient.CloseIdleConnections()
		return runtime.NumGoroutine() <= before+2 // the test server's own
	})
}

func TestTheContextEndsTheRouter(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := router.New(router.Config{Address: "127.0.0.1:0"})
	must(t, r.Start(ctx))
	cancel()
	eventually(t, "the port is free", func() bool {
		_, err := http.Get(r.URL())
		return err != nil
	})
	must(t, r.Close())
}

// TestNoRequestFailsWhileEverythingChanges shifts weights, moves targets and reads counters under
// traffic; -race watches.
func TestNoRequestFailsWhileEverythingChanges(t *testing.T) {
	r := start(t, router.Config{})
	blue, green, spare := newService(t, "blue"), newService(t, "green"), newService(t, "spare")
	addGroup(t, r, "blue", blue.URL, spare.URL)
	addGroup(t, r, "green", green.URL)
	route(t, r, to("blue", 100), to("green", 0))

	const clients, each = 8, 60
	var traffic sync.WaitGroup
	for range clients {
		traffic.Go(func() {
			for range each {
				if status, _ := get(t, r.URL()); status != http.StatusOK {
					t.Errorf("status %d", status)
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		traffic.Wait()
		close(finished)
	}()
	for weight := 0; ; weight = (weight + 7) % 101 {
		select {
		case <-finished:
			total := r.Totals("blue").Requests + r.Totals("green").Requests
			if total != clients*each {
				t.Errorf("%d requests counted, want %d", total, clients*each)
			}
			return
		default:
		}
		route(t, r, to("blue", 100-weight), to("green", weight))
		must(t, r.DeregisterTarget("blue", spare.URL))
		must(t, r.Drained(t.Context(), "blue", spare.URL))
		must(t, r.RegisterTarget("blue", spare.URL))
		r.Counts("blue", time.Now().Add(-time.Second), time.Now().Add(time.Second))
		states(t, r, "green")
		r.DescribeRules()
	}
}
