package router_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
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

	perSecond := func(url string) float64 {
		start := time.Now()
		hammer(b, url, b.N)
		return float64(b.N) / time.Since(start).Seconds()
	}
	hammer(b, service.URL, 200)
	hammer(b, r.URL(), 200)
	b.ResetTimer()
	direct := perSecond(service.URL)
	routed := perSecond(r.URL())
	b.ReportMetric(direct, "direct/s")
	b.ReportMetric(routed, "routed/s")
	b.ReportMetric(routed/direct, "ratio")
}

// hammer sends n requests over a few kept-alive connections as fast as they are answered.
func hammer(tb testing.TB, url string, n int) {
	tb.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	defer transport.CloseIdleConnections()
	var left atomic.Int64
	left.Store(int64(n))
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for left.Add(-1) >= 0 {
				req, _ := http.NewRequest(http.MethodGet, url, http.NoBody)
				res, err := transport.RoundTrip(req)
				if err != nil {
					tb.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode != http.StatusOK {
					tb.Errorf("status %d", res.StatusCode)
				}
			}
		})
	}
	workers.Wait()
}
