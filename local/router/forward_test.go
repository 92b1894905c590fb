package router_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pilotage/pilotage/local/router"
)

// routed starts a router in front of one handler and returns its URL.
func routed(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	r := start(t, router.Config{})
	addGroup(t, r, "blue", newServer(t, handler))
	route(t, r, to("blue", 1))
	return r.URL()
}

// raw sends bytes and returns the bytes of the answer.
func raw(t *testing.T, url, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	must(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, request)
	must(t, err)
	answer, err := io.ReadAll(conn)
	must(t, err)
	return string(answer)
}

func TestHeadersPassAsThroughELB(t *testing.T) {
	var seen http.Header
	var host, uri string
	url := routed(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/health" {
			return
		}
		seen, host, uri = req.Header.Clone(), req.Host, req.RequestURI
		w.Header().Set("Connection", "X-Private")
		w.Header().Set("X-Private", "1")
		w.Header().Set("Keep-Alive", "timeout=5")
		w.Header()["Content-Type"] = nil
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header()["Date"] = nil
		_, _ = io.WriteString(w, "body")
	})
	answer := raw(t, url, "GET /a%2Fb?x=%20y&;z HTTP/1.1\r\nHost: shop.example\r\nConnection: close, X-Mine\r\n"+
		"X-Mine: 1\r\nKeep-Alive: 1\r\nTE: trailers\r\nUpgrade: h2c\r\nX-Forwarded-For: 192.0.2.7\r\nX-Other: kept\r\n\r\n")

	_, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	must(t, err)
	want := http.Header{
		"X-Forwarded-For":   {"192.0.2.7, 127.0.0.1"},
		"X-Forwarded-Proto": {"http"},
		"X-Forwarded-Port":  {port},
		"X-Other":           {"kept"},
	}
	for name := range seen {
		if _, ok := want[name]; !ok {
			t.Errorf("the target saw %s: %q", name, seen[name])
		}
	}
	for name := range want {
		if got := seen.Get(name); got != want.Get(name) || len(seen[name]) != 1 {
			t.Errorf("%s: got %q, want %q", name, seen[name], want.Get(name))
		}
	}
	if host != "shop.example" || uri != "/a%2Fb?x=%20y&;z" {
		t.Errorf("the target saw host %q and URI %q", host, uri)
	}
	wantAnswer := "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close\r\n\r\nbody"
	if answer != wantAnswer {
		t.Errorf("answer %q, want %q", answer, wantAnswer)
	}
}

func TestBodiesPassBothWays(t *testing.T) {
	url := routed(t, func(w http.ResponseWriter, req *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("X-Method", req.Method)
		_, _ = io.Copy(w, req.Body)
	})
	big := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	for name, body := range map[string]io.Reader{
		"known length":   bytes.NewReader(big),
		"unknown length": io.MultiReader(bytes.NewReader(big)),
	} {
		res, err := http.Post(url, "application/octet-stream", body)
		must(t, err)
		got, err := io.ReadAll(res.Body)
		must(t, err)
		_ = res.Body.Close()
		if !bytes.Equal(got, big) || res.Header.Get("X-Method") != http.MethodPost {
			t.Errorf("%s: %d bytes came back of %d", name, len(got), len(big))
		}
	}
	res, err := http.Head(url)
	must(t, err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("X-Method") != http.MethodHead {
		t.Errorf("HEAD: %+v", res)
	}
	if got := raw(t, url, "TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 405") {
		t.Errorf("TRACE: %q", got)
	}
}

func TestStreamsArriveAsTheyAreSent(t *testing.T) {
	next := make(chan struct{})
	url := routed(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/health" {
			return
		}
		w.Header().Set("Trailer", "X-Sum")
		for range 3 {
			_, _ = io.WriteString(w, "event\n")
			w.(http.Flusher).Flush()
			<-next
		}
		w.Header().Set("X-Sum", "3")
	})
	res, err := http.Get(url)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewReader(res.Body)
	for range 3 {
		line, err := lines.ReadString('\n')
		must(t, err)
		if line != "event\n" {
			t.Errorf("line %q", line)
		}
		next <- struct{}{} // the service goes on only after its last piece has arrived
	}
	_, err = io.ReadAll(lines)
	must(t, err)
	if got := res.Trailer.Get("X-Sum"); got != "3" {
		t.Errorf("trailer %q", got)
	}
}

func TestConnectionsToATargetAreKept(t *testing.T) {
	var mu sync.Mutex
	from := map[string]int{}
	url := routed(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/health" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		from[req.RemoteAddr]++
		if req.URL.Path == "/last" {
			w.Header().Set("Connection", "close")
		}
		_, _ = io.WriteString(w, "body")
	})
	for range 3 {
		for range 5 {
			get(t, url)
		}
		get(t, url+"/last")
	}
	if len(from) != 3 {
		t.Errorf("18 requests over %d connections, want a new one only after each that closed", len(from))
	}
}
