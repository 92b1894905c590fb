package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

// process is a release that runs inside the test.
type process struct {
	base  string         // URL
	lines *bufio.Scanner // of standard output, after the first
	stop  context.CancelFunc
	done  chan error
}

func start(t *testing.T, release app.Release, settings map[string]string, log io.Writer) process {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	settings["ADDRESS"] = "127.0.0.1:0"
	out, in := io.Pipe()
	p := process{lines: bufio.NewScanner(out), stop: stop, done: make(chan error, 1)}
	go func() {
		err := app.Serve(ctx, release, app.Surroundings{
			Environment: envconfig.MapLookuper(settings), Out: in, Log: log,
		})
		_ = in.Close()
		p.done <- err
	}()
	line := p.line(t)
	_, address, ok := strings.Cut(line, " listening on ")
	if !ok {
		t.Fatalf("first line: got %q, want one with the address", line)
	}
	p.base = "http://" + address
	return p
}

func (p process) line(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatalf("standard output ended: %v", <-p.done)
	}
	return p.lines.Text()
}

// accepts reports whether the process still takes connections.
func (p process) accepts() bool {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func TestServeAnnouncesItselfAndStops(t *testing.T) {
	dsn := pgtest.Database(t)
	migrate(t, dsn, "1.0.0")
	var log bytes.Buffer
	p := start(t, baseline(), map[string]string{"DATABASE_URL": dsn, "INSTANCE_ID": "one"}, &log)
	if got := p.line(t); !strings.HasPrefix(got, "running-app 1.0.0 ready on 127.0.0.1:") {
		t.Errorf("second line: got %q, want that it is ready", got)
	}
	res, err := http.Get(p.base + "/health/readiness")
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusOK || res.Header.Get(app.HeaderInstance) != "one" {
		t.Errorf("readiness: got %s from %q, want 200 from one", res.Status, res.Header.Get(app.HeaderInstance))
	}
	p.stop()
	must(t, <-p.done)
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("log: got %q, want JSON", line)
		}
	}
}

func TestRequestsInFlightEndBeforeServeDoes(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	release := baseline()
	release.Wrap = func(*slog.Logger, http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(entered)
			<-leave
			w.WriteHeader(http.StatusTeapot)
		})
	}
	p := start(t, release, map[string]string{"DATABASE_URL": "postgres://127.0.0.1:1/none"}, io.Discard)
	status := make(chan int, 1)
	go func() {
		res, err := http.Get(p.base + "/")
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		_ = res.Body.Close()
		status <- res.StatusCode
	}()
	<-entered
	p.stop()
	for p.accepts() { // until the listener is closed
	}
	select {
	case err := <-p.done:
		t.Fatalf("Serve returned %v while a request was in flight", err)
	default:
	}
	close(leave)
	if got := <-status; got != http.StatusTeapot {
		t.Errorf("status of the request in flight: got %d, want %d", got, http.StatusTeapot)
	}
	must(t, <-p.done)
}

func TestWrongSettingsAreSaidPlainly(t *testing.T) {
	const dsn = "postgres://127.0.0.1/x"
	tests := []struct {
		name     string
		settings map[string]string
		contains string
	}{
		{"nothing", nil, "DATABASE_URL"},
		{"another database", map[string]string{"DATABASE_URL": "mysql://u:secret@h/x"}, "postgres://"},
		{"port of the database", map[string]string{"DATABASE_URL": "postgres://u:secret@h:secret/x"}, "cannot be parsed"},
		{"address", map[string]string{"DATABASE_URL": dsn, "ADDRESS": "8080"}, "ADDRESS"},
		{"port", map[string]string{"DATABASE_URL": dsn, "ADDRESS": "127.0.0.1:http"}, "port"},
		{"level", map[string]string{"DATABASE_URL": dsn, "LOG_LEVEL": "loud"}, "loud"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := app.Serve(t.Context(), baseline(), app.Surroundings{
				Environment: envconfig.MapLookuper(test.settings), Out: io.Discard, Log: io.Discard,
			})
			if !errors.Is(err, app.ErrConfig) || !strings.Contains(err.Error(), test.contains) {
				t.Errorf("got %v, want a configuration error with %q", err, test.contains)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}
