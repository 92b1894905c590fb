package router_test

import (
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
)

func TestCountsAreBySecondWithoutGaps(t *testing.T) {
	clock := newStepClock()
	began := clock.Now()
	r := start(t, router.Config{Clock: clock})
	addGroup(t, r, "blue", newServer(t, func(w http.ResponseWriter, req *http.Request) {
		status, err := strconv.Atoi(req.URL.Query().Get("status"))
		if err != nil {
			status = http.StatusOK
		}
		if req.URL.Query().Has("slow") {
			clock.advance(300 * time.Millisecond)
		}
		w.WriteHeader(status)
	}))
	route(t, r, to("blue", 1))
	clock.arrived() // the target has been found healthy

	for _, query := range []string{"", "?status=204", "?status=304", "?status=404", "?status=500", "?status=503"} {
		get(t, r.URL()+"/"+query)
	}
	clock.advance(2900 * time.Millisecond)
	get(t, r.URL()+"/?slow") // begins in the third second, ends in the fourth

	seconds := r.Counts("blue", began.Add(700*time.Millisecond), began.Add(time.Hour))
	want := []router.Tally{
		{Requests: 6, Status2xx: 2, Status3xx: 1, Status4xx: 1, Status5xx: 2},
		{},
		{},
		{Requests: 1, Status2xx: 1},
	}
	if len(seconds) != len(want) {
		t.Fatalf("%d seconds, want %d: those not begun are left out", len(seconds), len(want))
	}
	for i, s := range seconds {
		if s.Tally != want[i] || !s.At.Equal(began.Add(time.Duration(i)*time.Second)) {
			t.Errorf("second %d: %+v at %s, want %+v", i, s.Tally, s.At, want[i])
		}
	}
	if got := seconds[3].Latency.Quantile(0.99); got < 300*time.Millisecond || got > 338*time.Millisecond {
		t.Errorf("p99 %s, want 300 ms, at most an eighth more", got)
	}
	if got := r.Totals("blue"); got.Requests != 7 || got.Failed() != 2 {
		t.Errorf("totals %+v", got)
	}
	if got := r.Counts("blue", began, began.Add(2*time.Second)); len(got) != 2 {
		t.Errorf("%d seconds, want 2: to is not included", len(got))
	}
	if got := r.Counts("none", began, began.Add(time.Hour)); got != nil {
		t.Errorf("counts of an unknown group: %v", got)
	}

	clock.advance(router.Retention)
	seconds = r.Counts("blue", began, began.Add(time.Hour))
	if got, want := len(seconds), int(router.Retention/time.Second)+1; got != want {
		t.Fatalf("%d seconds kept, want %d", got, want)
	}
	if got := seconds[0]; got.Requests != 1 { // the fourth of old
		t.Errorf("oldest second %+v", got.Tally)
	}
	get(t, r.URL())
	seconds = r.Counts("blue", began, began.Add(time.Hour))
	if got := seconds[len(seconds)-1].Requests; got != 1 {
		t.Errorf("newest second has %d requests: a slot of the ring was not emptied", got)
	}
}

func TestBrokenTargetsCountAsConnectionErrors(t *testing.T) {
	brokenOff := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	reset := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	})
	silent := newHanging(t)
	defer close(silent.letGo)
	for _, c := range []struct {
		name, target string
		status       int
	}{
		{"refused", closedPort(t), http.StatusBadGateway},
		{"reset", reset, http.StatusBadGateway},
		{"too slow", silent.url, http.StatusGatewayTimeout},
		{"broken off", brokenOff, 0},
	} {
		r := start(t, router.Config{AnswerTimeout: 30 * time.Millisecond})
		addGroup(t, r, "blue", c.target)
		route(t, r, to("blue", 1))
		res, err := http.Get(r.URL())
		if c.status == 0 {
			if err == nil {
				_, err = res.Body.Read(make([]byte, 200))
				for err == nil {
					_, err = res.Body.Read(make([]byte, 200))
				}
			}
			if err.Error() == "EOF" {
				t.Errorf("%s: the client took half an answer for a whole one", c.name)
			}
		} else if err != nil || res.StatusCode != c.status {
			t.Errorf("%s: got %v, %v", c.name, res, err)
		}
		if res != nil {
			_ = res.Body.Close()
		}
		eventually(t, c.name, func() bool { return r.Totals("blue").Requests == 1 })
		if got := r.Totals("blue"); got.ConnectionErrors != 1 || got.Failed() != 1 || got.Status5xx != 0 {
			t.Errorf("%s: totals %+v", c.name, got)
		}
	}
}

func TestAClientThatLeavesIsNoFailureOfTheTarget(t *testing.T) {
	r := start(t, router.Config{})
	h := newHanging(t)
	addGroup(t, r, "blue", h.url)
	route(t, r, to("blue", 1))
	conn, err := net.Dial("tcp", r.URL()[len("http://"):])
	must(t, err)
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	must(t, err)
	<-h.arrived
	must(t, conn.Close())
	eventually(t, "the request is counted", func() bool { return r.Totals("blue").Requests == 1 })
	if got := r.Totals("blue"); got.Aborted != 1 || got.Failed() != 0 {
		t.Errorf("totals %+v", got)
	}
}

func TestNothingIsSentTwice(t *testing.T) {
	var arrived atomic.Int64
	target := newServer(t, func(_ http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/health" && arrived.Add(1)%2 == 0 {
			panic(http.ErrAbortHandler) // on a kept-alive connection that has carried an answer
		}
	})
	r := start(t, router.Config{})
	addGroup(t, r, "blue", target)
	route(t, r, to("blue", 1))
	for i := range 20 {
		method := []string{http.MethodGet, http.MethodDelete, http.MethodPost}[i/2%3]
		req, err := http.NewRequest(method, r.URL(), http.NoBody)
		must(t, err)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		_ = res.Body.Close()
		if want := []int{http.StatusOK, http.StatusBadGateway}[i%2]; res.StatusCode != want {
			t.Errorf("%s: status %d, want %d", method, res.StatusCode, want)
		}
	}
	if got := r.Totals("blue"); arrived.Load() != 20 || got.ConnectionErrors != 10 {
		t.Errorf("%d arrived of 20; totals %+v", arrived.Load(), got)
	}
}

func TestAnIdleConnectionThatTheTargetClosedIsNotUsed(t *testing.T) {
	blue := newService(t, "blue")
	r := start(t, router.Config{})
	addGroup(t, r, "blue", blue.URL)
	route(t, r, to("blue", 1))
	for range 20 {
		if status, _ := get(t, r.URL()); status != http.StatusOK {
			t.Errorf("status %d", status)
		}
		blue.CloseClientConnections()
	}
}
