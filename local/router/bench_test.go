package router_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
)

// BenchmarkRouter compares the requests per second that a small service answers called directly
// with those it answers through the router, client, router and service on the same processors.
// The ratio must not fall below a third.
func BenchmarkRouter(b *testing.B) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Release", "v1")
		_, _ = io.WriteString(w, `{"status":"ok","items":[1,2,3,4,5,6,7,8]}`)
	}))
	defer service.Close()
	r := router.New(router.Config{Address: "127.0.0.1:0"})
	must(b, r.CreateTargetGroup(router.TargetGroup{Name: "blue"}))
	must(b, r.RegisterTarget("blue", service.URL))
	must(b, r.ModifyRule(router.DefaultRule, router.Change{
		Action: router.Forward(router.WeightedGroup{Group: "blue", Weight: 100}),
	}))
	must(b, r.Start(context.Background()))
	defer func() { _ = r.Close() }()

	hammer(b, service.URL, 200)
	hammer(b, r.URL(), 200)
	b.ResetTimer()
	const rounds = 10 // in turn, since other work on the machine comes and goes
	each := b.N/rounds + 1
	var direct, routed time.Duration
	for range rounds {
		direct += timed(func() { hammer(b, service.URL, each) })
		routed += timed(func() { hammer(b, r.URL(), each) })
	}
	b.ReportMetric(rounds*float64(each)/direct.Seconds(), "direct/s")
	b.ReportMetric(rounds*float64(each)/routed.Seconds(), "routed/s")
	b.ReportMetric(direct.Seconds()/routed.Seconds(), "ratio")
}

func timed(run func()) time.Duration {
	start := time.Now()
	run()
	return time.Since(start)
}

// hammer sends n requests over a few kept-alive connections as fast as they are answered. It is
// as lean as a client can be, for what the client costs makes the ratio look better than it is.
func hammer(tb testing.TB, url string, n int) {
	tb.Helper()
	const clients = 16
	var workers sync.WaitGroup
	for range clients {
		workers.Go(func() {
			conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				tb.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			answers := bufio.NewReader(conn)
			for range n/clients + 1 {
				_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				res, err := http.ReadResponse(answers, nil)
				if err != nil || res.StatusCode != http.StatusOK {
					tb.Errorf("got %v, %v", res, err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
			}
		})
	}
	workers.Wait()
}
