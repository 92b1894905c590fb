package load_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/load"
)

func newServer(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func run(t *testing.T, ctx context.Context, config load.Config) *load.Generator {
	t.Helper()
	g, err := load.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestUnsafeOrSenselessLoadIsRefused(t *testing.T) {
	good := load.Config{URL: "http://127.0.0.1:1", Rate: 1}
	for _, c := range []struct {
		reason string
		spoil  func(*load.Config)
	}{
		{"not loopback", func(c *load.Config) { c.URL = "http://192.0.2.1" }},
		{"not loopback", func(c *load.Config) { c.URL = "http://example.com" }},
		{"not loopback", func(c *load.Config) { c.URL = "http://127.0.0.1.example.com" }},
		{"not loopback", func(c *load.Config) { c.URL = "http://127.0.0.1@example.com" }},
		{"not loopback", func(c *load.Config) { c.URL = "http://" }},
		{"not http", func(c *load.Config) { c.URL = "https://127.0.0.1" }},
		{"rate", func(c *load.Config) { c.Rate = 0 }},
		{"rate", func(c *load.Config) { c.Rate = -1 }},
		{"rate", func(c *load.Config) { c.Rate = 5001 }},
		{"duration", func(c *load.Config) { c.Duration = 5 * time.Hour }},
		{"timeout", func(c *load.Config) { c.Timeout = time.Hour }},
		{"concurrency", func(c *load.Config) { c.Concurrency = -1 }},
		{"weight", func(c *load.Config) { c.Requests = []load.Request{{Path: "/", Weight: -1}} }},
		{"slash", func(c *load.Config) { c.Requests = []load.Request{{Path: "@example.com"}} }},
		{"method", func(c *load.Config) { c.Requests = []load.Request{{Path: "/", Method: "A B"}} }},
	} {
		config := good
		c.spoil(&config)
		if _, err := load.New(config); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%+v: got %v, want %q", config, err, c.reason)
		}
	}
	if _, err := load.New(good); err != nil {
		t.Error(err)
	}
}

func TestResultsAreKeptByReleaseAndSecond(t *testing.T) {
	var mu sync.Mutex
	n, bodies := 0, map[string]int{}
	url := newServer(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies[req.Method+" "+req.URL.String()+" "+string(body)+" "+req.Header.Get("X-From")]++
		n++
		w.Header().Set("X-Version", []string{"v1", "v2"}[n%2])
		if n%10 == 0 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	observed := make(chan load.Result, 1000)
	g := run(t, t.Context(), load.Config{
		URL: url, Rate: 200, Duration: 500 * time.Millisecond, ReleaseHeader: "X-Version",
		Requests: []load.Request{
			{Path: "/read?x=1", Weight: 3},
			{Method: http.MethodPost, Path: "/write", Body: []byte("b"), Header: http.Header{"X-From": {"me"}}},
		},
		Observe: func(r load.Result) { observed <- r },
	})

	s := g.Snapshot()
	if s.Requests != 100 || s.Failed != 10 || s.Lost != 0 || s.Scheduled != 100 || s.InFlight != 0 {
		t.Errorf("totals %+v", s)
	}
	if len(s.Releases) != 2 || s.Releases[0].Name != "v1" || s.Releases[0].Requests != 50 ||
		s.Releases[0].Failed != 10 || s.Releases[1].Failed != 0 || s.Releases[1].P99 <= 0 {
		t.Errorf("releases %+v", s.Releases)
	}
	if first := s.FirstBad; first == nil || first.Status != http.StatusBadGateway || first.Release != "v1" {
		t.Errorf("first bad %+v", first)
	}
	if len(observed) != 100 {
		t.Errorf("%d results observed", len(observed))
	}
	if s.Elapsed < 490*time.Millisecond || s.Ended.Sub(s.Began) != s.Elapsed {
		t.Errorf("elapsed %s", s.Elapsed)
	}
	reads, writes := bodies["GET /read?x=1  "], bodies["POST /write b me"]
	if reads+writes != 100 || writes < 10 || writes > 40 {
		t.Errorf("requests %v, want three reads for a write", bodies)
	}
	sum := 0
	series := g.Series()
	for i, second := range series {
		sum += second.Requests
		if i > 0 && second.At.Sub(series[i-1].At) != time.Second {
			t.Errorf("a gap before %s", second.At)
		}
	}
	if sum != 100 {
		t.Errorf("the seconds hold %d requests", sum)
	}
	if err := g.Run(t.Context()); !errors.Is(err, load.ErrStarted) {
		t.Errorf("second run: %v", err)
	}
}

func TestLostRequestsAreClassified(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	_ = listener.Close()
	hijack := func(linger int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.(*net.TCPConn).SetLinger(linger)
			_ = conn.Close()
		}
	}
	slow := func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }
	for _, c := range []struct {
		name, url string
		want      load.Class
	}{
		{"refused", closed, load.Refused},
		{"reset", newServer(t, hijack(0, "")), load.Reset},
		{"closed", newServer(t, hijack(-1, "")), load.Reset},
		{"half an answer", newServer(t, hijack(-1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")), load.Reset},
		{"nonsense", newServer(t, hijack(-1, "nonsense\r\n\r\n")), load.Other},
		{"timeout", newServer(t, slow), load.Timeout},
	} {
		g := run(t, t.Context(), load.Config{
			URL: c.url, Rate: 100, Duration: 30 * time.Millisecond, Timeout: 50 * time.Millisecond,
		})
		s := g.Snapshot()
		if s.Lost != 3 || s.Requests != 3 || s.Failed != 0 {
			t.Errorf("%s: totals %+v", c.name, s.Tally)
		}
		if s.FirstBad == nil || s.FirstBad.Class != c.want || s.FirstBad.Err == nil {
			t.Errorf("%s: first bad %+v, want class %q", c.name, s.FirstBad, c.want)
		}
	}
}

func TestTheScheduleDoesNotWaitForAnswers(t *testing.T) {
	letGo := make(chan struct{})
	var once sync.Once
	url := newServer(t, func(http.ResponseWriter, *http.Request) { <-letGo })
	var g *load.Generator
	g, err := load.New(load.Config{
		URL: url, Rate: 100, Concurrency: 5, Duration: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- g.Run(t.Context()) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if s := g.Snapshot(); s.Scheduled == 20 {
			if s.InFlight != 5 || s.Skipped != 15 || s.Requests != 0 {
				t.Errorf("snapshot %+v, want 5 in flight and 15 skipped", s)
			}
			break
		}
	}
	select {
	case <-ended:
		t.Error("the run ended with requests in flight")
	default:
	}
	once.Do(func() { close(letGo) })
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s := g.Snapshot(); s.Requests != 5 || s.Lost != 0 {
		t.Errorf("totals %+v", s.Tally)
	}
}

func TestTheContextEndsTheRunButNoRequest(t *testing.T) {
	before := runtime.NumGoroutine()
	arrived, letGo := make(chan struct{}, 1000), make(chan struct{})
	url := newServer(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-letGo
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
		close(letGo)
	}()
	g := run(t, ctx, load.Config{URL: url, Rate: 50})
	s := g.Snapshot()
	if s.Lost != 0 || s.Requests == 0 || s.Requests != s.Scheduled {
		t.Errorf("snapshot %+v, want every request answered", s)
	}
	if after := runtime.NumGoroutine(); after > before+20 {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

func TestTheRateIsHeld(t *testing.T) {
	url := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Release", "v1") })
	g := run(t, t.Context(), load.Config{URL: url, Rate: 500, Duration: 2 * time.Second})
	s := g.Snapshot()
	// On a busy machine requests leave late, but none is left out.
	if s.Requests != 1000 || s.Scheduled != 1000 || s.Skipped != 0 {
		t.Errorf("%d requests of %d scheduled, %d skipped, want 1000 in 2 s", s.Requests, s.Scheduled, s.Skipped)
	}
	t.Logf("took %s, late %d, p50 %s, p99 %s", s.Elapsed, s.Late, s.P50, s.P99)
}
