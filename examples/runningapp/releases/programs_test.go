package releases_test

import (
	"bytes"
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// TestPrograms builds every release as its manifest says and watches it as a pipeline would.
func TestPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds seven programs")
	}
	dir := build(t)
	smokeTests := configuration(t).Environments["production"].SmokeTests
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.5.0"} {
		t.Run(version+" gets ready and passes the smoke tests", func(t *testing.T) {
			p := run(t, filepath.Join(dir, version), database(t, version))
			if got := p.line(); !strings.Contains(got, " "+version+" ready on ") {
				t.Fatalf("second line: got %q, want that %s is ready", got, version)
			}
			for _, test := range smokeTests {
				p.smoke(t, version, test)
			}
			if got, want := p.failures(t, 20), map[string]int{"1.2.0": 10}[version]; got != want {
				t.Errorf("failures of 20 requests of users: got %d, want %d", got, want)
			}
			begin := time.Now()
			_ = p.failures(t, 10)
			if took := time.Since(begin); version == "1.5.0" && took < 10*40*time.Millisecond {
				t.Errorf("10 requests of users took %s, want 40 ms each at least", took)
			}
			p.stop(t)
		})
	}
	t.Run("1.4.0 is alive and never ready", func(t *testing.T) {
		p := run(t, filepath.Join(dir, "1.4.0"), database(t, "1.4.0"))
		for range 5 {
			res, body := p.ask(t, "GET", "/health/readiness", "")
			if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "personal bests") {
				t.Errorf("readiness: got %s %s, want 503 with the reason", res.Status, body)
			}
		}
		if res, _ := p.ask(t, "GET", "/health/liveness", ""); res.StatusCode != http.StatusOK {
			t.Errorf("liveness: got %s, want 200", res.Status)
		}
		p.stop(t)
	})
	t.Run("1.6.0 exits with 1", func(t *testing.T) {
		exits(t, exec.CommandContext(t.Context(), filepath.Join(dir, "1.6.0")), database(t, "1.6.0"), 1, "shoes.json")
	})
	t.Run("a wrong setting exits with 2", func(t *testing.T) {
		exits(t, exec.CommandContext(t.Context(), filepath.Join(dir, "1.0.0")), "nonsense", 2, "DATABASE_URL")
	})
}

// smoke makes one of the configuration's smoke tests, as the pipeline does.
func (p program) smoke(t *testing.T, version string, test deploy.SmokeTest) {
	t.Helper()
	res, body := p.ask(t, test.Method, test.Path, test.Body, "X-Pilotage-Slot", "green", "X-Pilotage-Probe", "d-1")
	if res.StatusCode != test.Status || !strings.Contains(body, test.Contains) {
		t.Errorf("smoke test %q: got %s %s, want %d with %q", test.Name, res.Status, body, test.Status, test.Contains)
	}
	if got := res.Header.Get("X-Release"); got != version {
		t.Errorf("smoke test %q: answered by %q, want %s", test.Name, got, version)
	}
}

// failures counts the answers from 500 up among requests of users.
func (p program) failures(t *testing.T, requests int) int {
	t.Helper()
	failed := 0
	for range requests {
		if res, _ := p.ask(t, "GET", "/runs", ""); res.StatusCode >= http.StatusInternalServerError {
			failed++
		}
	}
	return failed
}

func exits(t *testing.T, command *exec.Cmd, dsn string, code int, message string) {
	t.Helper()
	var stderr bytes.Buffer
	command.Env, command.Stderr = []string{"ADDRESS=127.0.0.1:0", "DATABASE_URL=" + dsn}, &stderr
	err := command.Run()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != code || !strings.Contains(stderr.String(), message) {
		t.Errorf("got %v and %q, want exit code %d and %q", err, &stderr, code, message)
	}
}
