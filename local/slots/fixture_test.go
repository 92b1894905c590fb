package slots_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/local/slots"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
)

func scope() deploy.Scope {
	return deploy.Scope{Service: "shoes", Environment: "staging", Region: "local"}
}

// leases knows one lease that is good.
type leases struct{}

func good() deploy.Lease { return deploy.Lease{Owner: "d1", Token: 2} }

func (leases) Check(_ context.Context, _ deploy.Scope, lease deploy.Lease) error {
	if lease != good() {
		return fault.New(fault.LeaseLost, "the lock was taken")
	}
	return nil
}

// artefacts are programs by their name: links to this test, which does what it is called.
type artefacts struct{ dir string }

func (a artefacts) Artefact(_ context.Context, _, digest string) (string, error) {
	path := filepath.Join(a.dir, digest)
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if digest == "" {
		return "", fault.New(fault.Invalid, "no release %q", digest)
	}
	if err := os.Symlink(self, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return path, nil
}

// open makes a fleet with a router, all traffic to blue.
func open(dir string, c clock.Clock) (*slots.Fleet, *router.Router, error) {
	lb := router.New(router.Config{Address: "127.0.0.1:0", CloseWithin: time.Second})
	for _, slot := range deploy.Slots() {
		err := lb.CreateTargetGroup(router.TargetGroup{
			Name: string(slot), DeregistrationDelay: 10 * time.Second,
			HealthCheck: router.HealthCheck{Path: "/health", Interval: 100 * time.Millisecond, HealthyThreshold: 2, UnhealthyThreshold: 2},
		})
		if err != nil {
			return nil, nil, err
		}
	}
	all := router.Forward(router.WeightedGroup{Group: "blue", Weight: 1})
	if err := lb.ModifyRule(router.DefaultRule, router.Change{Action: all}); err != nil {
		return nil, nil, err
	}
	if err := lb.Start(context.Background()); err != nil {
		return nil, nil, err
	}
	place := slots.Place{Router: lb, Environment: func() ([]string, error) { return []string{"SETTING=from the place", "GORACE=atexit_sleep_ms=0"}, nil }}
	return &slots.Fleet{
		Places: map[deploy.Scope]slots.Place{scope(): place}, Leases: leases{}, Artefacts: artefacts{dir}, Clock: c,
	}, lb, nil
}

// fixture is a fleet under test. Whatever a test does, it must leave no process.
type fixture struct {
	*testing.T
	*slots.Fleet
	lb *router.Router
	// dir has the programs that it runs.
	dir string
}

func start(t *testing.T, c clock.Clock) fixture {
	t.Helper()
	dir := t.TempDir()
	f, lb, err := open(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		if err := lb.Close(); err != nil {
			t.Error(err)
		}
	})
	return fixture{t, f, lb, dir}
}

// run puts a program into the blue slot.
func (f fixture) run(program string, count int) {
	f.Helper()
	workload := deploy.Workload{Digest: program, Version: program, Count: count}
	if _, err := f.Fleet.Run(f.Context(), good(), scope(), fleet.Order{Slot: deploy.Blue, Workload: workload, Deployment: "d1"}); err != nil {
		f.Fatal(err)
	}
}

func (f fixture) describe() deploy.SlotState {
	f.Helper()
	state, err := f.Describe(f.Context(), scope(), deploy.Blue)
	if err != nil {
		f.Fatal(err)
	}
	return state
}

// ready waits until the blue slot is.
func (f fixture) ready() {
	f.Helper()
	f.until("the slot is ready", func() bool { return f.describe().Ready() })
}

// until polls: there is nothing to wait on in processes that are somebody else's children.
func (f fixture) until(what string, holds func() bool) {
	f.Helper()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			f.Fatalf("not after 20 s: %s", what)
		}
	}
}

// get makes a request and returns the process that answered, and its answer.
func (f fixture) get(url string) (pid int, body string) {
	f.Helper()
	response, err := http.Get(url)
	if err != nil {
		f.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.Fatal(err)
	}
	pid, _ = strconv.Atoi(response.Header.Get("X-Pid"))
	if pid == 0 {
		f.Fatalf("GET %s: %s and no process", url, response.Status)
	}
	return pid, string(text)
}

// hold makes a request through the router that is answered once the service at url is told to
// free it, waits until it is under way, and returns where its answer will be.
func (f fixture) hold(url string) <-chan string {
	f.Helper()
	answer := make(chan string, 1)
	go func() {
		response, err := http.Get(f.lb.URL() + "/hold")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		answer <- fmt.Sprint(response.StatusCode, " ", string(text), " ", err)
	}()
	f.until("a request is held", func() bool {
		response, err := http.Get(url + "/health")
		if err != nil {
			f.Fatal(err)
		}
		response.Body.Close()
		return response.Header.Get("X-Held") == "1"
	})
	return answer
}

// free lets the service at url answer what it holds. It may end before it has said so.
func (f fixture) free(url string) {
	if response, err := http.Get(url + "/free"); err == nil {
		response.Body.Close()
	}
}

// running are the processes of programs of this fixture.
func (f fixture) running() []string {
	f.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(entries) == 0 {
		f.Fatalf("no processes are seen: %v", err)
	}
	return slices.DeleteFunc(entries, func(path string) bool {
		// Of a process that has ended there is nothing to read.
		line, _ := os.ReadFile(path)
		return !strings.HasPrefix(string(line), f.dir)
	})
}

// pids are the processes of the blue slot, by their targets.
func (f fixture) pids() map[string]int {
	f.Helper()
	pids := map[string]int{}
	for _, url := range f.lb.Targets("blue") {
		pids[url], _ = f.get(url + "/health")
	}
	return pids
}

// alive reports whether a process runs; one that has ended and waits to be fetched does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), ") ")
	return !strings.HasPrefix(rest, "Z")
}
