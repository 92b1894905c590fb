package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shipping ships 1.1.0 under traffic, and takes some ten seconds.
const shipping = `start: {staging: 1.0.0}
traffic:
  environment: staging
  ratePerSecond: 20
  requests: [{method: GET, path: /stats}]
when: {push: {branch: main, release: 1.1.0, by: anna}}
expect: {outcome: succeeded}
`

// moments are when somebody presses Ctrl-C, and how that moment is known.
func moments() map[string]func(running) {
	return map[string]func(running){
		"while releases are built": func(r running) {
			r.says("== 1/1 short")
			r.until("the build runs", 20*time.Second, func() bool { return len(r.processes()) > 0 })
		},
		"while PostgreSQL starts": func(r running) {
			r.until("there is a folder for the database", time.Minute, func() bool { return len(r.databases()) > 0 })
		},
		"while the world is put into its state": func(r running) { r.says("staging starts with running-app 1.0.0") },
		"while a release is started":            func(r running) { r.says("deploy    Release") },
		"while traffic is divided":              func(r running) { r.says("deploy    Observe") },
	}
}

// testEnd ends demonstrations in the middle.
func testEnd(t *testing.T, p program) {
	for name, reach := range moments() {
		t.Run(name, func(t *testing.T) {
			p := p
			if strings.Contains(name, "built") {
				// There is something to build only where nothing was built before.
				p.out = filepath.Join(t.TempDir(), "out")
			}
			testInterrupt(t, p, reach)
		})
	}
	t.Run("killed", func(t *testing.T) { testKill(t, p) })
}

func testInterrupt(t *testing.T, p program, reach func(running)) {
	if err := os.RemoveAll(filepath.Join(p.out, "worlds")); err != nil {
		t.Fatal(err)
	}
	r := p.start(t, p.scenario(t, shipping))
	reach(r)
	at := time.Now()
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.done:
	case <-time.After(20 * time.Second):
		t.Fatalf("it goes on; it has processes %v", r.processes())
	}
	took := time.Since(at)
	t.Logf("it took %s", took.Round(time.Millisecond))
	if took > 5*time.Second {
		t.Errorf("it took %s to end, want 5 s at most", took)
	}
	if left := r.processes(); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
	if left := r.databases(); len(left) > 0 {
		t.Errorf("databases are left: %q", left)
	}
	if got, want := r.stderr.String(), "pilotage: interrupted: everything was stopped and nothing is left behind\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if code := r.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("got exit code %d, want 1", code)
	}
}

func testKill(t *testing.T, p program) {
	r := p.start(t, p.scenario(t, shipping))
	r.says("deploy    Observe")
	if got := r.processes(); len(got) < 3 {
		t.Errorf("got processes %q, want two of the service and those of the database", got)
	}
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-r.done
	r.until("no process is left", 5*time.Second, func() bool { return len(r.processes()) == 0 })
	// The folder of the database is removed by the next one.
	next := p.start(t, p.scenario(t, shipping))
	next.says("staging starts with")
	for _, dir := range r.databases() {
		if filepath.Dir(dir) != filepath.Join(p.out, "worlds", "short") {
			t.Errorf("%s is left", dir)
		}
	}
	if err := next.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-next.done
	if left := append(next.processes(), next.databases()...); len(left) > 0 {
		t.Errorf("after SIGTERM %q are left", left)
	}
}
