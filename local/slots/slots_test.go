package slots_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
)

func TestRunStartsRegistersAndGetsHealthy(t *testing.T) {
	f := start(t, clock.System{})
	if got := f.describe(); got.Count != 0 || got.Running != 0 || got.Reasons != nil {
		t.Errorf("a slot that was never used: got %+v, want the zero state", got)
	}
	f.run("good", 2)
	f.ready()
	got := f.describe()
	want := deploy.SlotState{Workload: deploy.Workload{Digest: "good", Version: "good", Count: 2, Definition: "shoes-blue:d1"}, Running: 2, Healthy: 2}
	if got.Workload != want.Workload || got.Running != 2 || got.Healthy != 2 || got.Reasons != nil {
		t.Errorf("got %+v, want %+v", got, want)
	}
	response, err := http.Get(f.lb.URL())
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if setting := response.Header.Get("X-Setting"); setting != "from the place" {
		t.Errorf("the process has setting %q", setting)
	}
	before := f.pids()
	f.run("good", 2)
	if after := f.pids(); !maps.Equal(before, after) {
		t.Errorf("running the same again: got processes %v, want the same as before, %v", after, before)
	}
}

func TestTaskThatEndsIsStartedAgainWithTheReason(t *testing.T) {
	f := start(t, clock.System{})
	f.run("good", 1)
	f.ready()
	gone, _ := f.get(f.lb.URL() + "/health")
	// The process ends in the middle of its answer.
	if response, err := http.Get(f.lb.URL() + "/crash"); err == nil {
		response.Body.Close()
	}
	f.until("the crash is noted", func() bool { return len(f.describe().Reasons) > 0 })
	if got, want := f.describe().Reasons[0], "task ended (exit status 7), its last line: out of shoes"; got != want {
		t.Errorf("got reason %q, want %q", got, want)
	}
	f.ready()
	if pid, _ := f.get(f.lb.URL() + "/health"); pid == gone {
		t.Error("the process that crashed still answers")
	}
}

// impatient is a clock whose waits are over at once, up to a number of them.
type impatient struct {
	clock.System
	mu    sync.Mutex
	waits []time.Duration
}

const mostWaits = 8

func (c *impatient) Wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waits) == mostWaits {
		return context.Canceled
	}
	c.waits = append(c.waits, d)
	return ctx.Err()
}

func (c *impatient) all() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.waits)
}

func TestTaskThatEndsAtOnceIsThrottledAndSaysWhy(t *testing.T) {
	for program, want := range map[string]string{
		"exits":  "task ended (exit status 3), its last line: read the list of shoes: shoes.json: no such file",
		"silent": "task ended (exited with status 0) without a word",
	} {
		t.Run(program, func(t *testing.T) {
			c := &impatient{}
			f := start(t, c)
			f.run(program, 1)
			ended := func() []string {
				// While it runs it may say something as well.
				return slices.DeleteFunc(f.describe().Reasons, func(r string) bool { return strings.HasPrefix(r, "task says") })
			}
			f.until("it was tried often", func() bool { return len(ended()) == mostWaits+1 })
			for _, reason := range ended() {
				if reason != want {
					t.Errorf("got reason %q, want %q", reason, want)
				}
			}
			if got := c.all(); !slices.Equal(got, []time.Duration{
				time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, 32 * time.Second, 32 * time.Second,
			}) {
				t.Errorf("got waits %v, want them to double up to 32 s", got)
			}
		})
	}
}

func TestUnhealthyTaskSaysItsLastLine(t *testing.T) {
	f := start(t, clock.System{})
	f.run("unready", 1)
	want := []string{"task says: waiting for shoes"}
	f.until("it has said something", func() bool { return slices.Equal(f.describe().Reasons, want) })
	if got := f.describe(); got.Running != 1 || got.Healthy != 0 {
		t.Errorf("got %+v, want one running and none healthy", got)
	}
}

func TestReplacedReleaseEndsItsRequests(t *testing.T) {
	f := start(t, clock.System{})
	f.run("good", 1)
	f.ready()
	old := f.lb.Targets("blue")[0]
	gone, _ := f.get(old + "/health")
	held := f.hold(old)
	f.run("better", 1)
	f.ready()
	if !alive(gone) {
		t.Fatal("the replaced process has ended with a request in flight")
	}
	if pid, _ := f.get(f.lb.URL() + "/health"); pid == gone {
		t.Error("the replaced process gets new requests")
	}
	f.free(old)
	if got, want := <-held, "200 held to the end <nil>"; got != want {
		t.Errorf("the request in flight: got %q, want %q", got, want)
	}
	f.until("the replaced process has ended", func() bool { return !alive(gone) })
	if state := f.describe(); state.Running != 1 || state.Digest != "better" {
		t.Errorf("got %+v, want one task of better", state)
	}
}

func TestScale(t *testing.T) {
	f := start(t, clock.System{})
	f.run("good", 1)
	f.ready()
	first := f.pids()
	scale := func(count int) {
		t.Helper()
		if err := f.Scale(t.Context(), good(), scope(), deploy.Blue, count); err != nil {
			t.Fatal(err)
		}
	}
	scale(3)
	f.ready()
	if state := f.describe(); state.Running != 3 {
		t.Errorf("got %+v, want three running", state)
	}
	three := f.pids()
	scale(1)
	scale(1)
	if got := f.pids(); !maps.Equal(got, first) {
		t.Errorf("got processes %v, want the oldest one, %v", got, first)
	}
	held := f.hold(f.lb.Targets("blue")[0])
	scale(0)
	state := f.describe()
	if state.Running != 0 || state.Count != 0 || state.Digest != "good" {
		t.Errorf("got %+v, want none running of good", state)
	}
	for url := range first {
		f.free(url)
	}
	if got, want := <-held, "200 held to the end <nil>"; got != want {
		t.Errorf("the request in flight: got %q, want %q", got, want)
	}
	for _, pid := range three {
		f.until("all have ended", func() bool { return !alive(pid) })
	}
	scale(1)
	f.ready()
}

func TestCloseLeavesNoProcess(t *testing.T) {
	for _, program := range []string{"good", "stubborn"} {
		t.Run(program, func(t *testing.T) {
			f := start(t, clock.System{})
			f.run(program, 2)
			f.ready()
			_, child := f.get(f.lb.URL() + "/child")
			pid, err := strconv.Atoi(child)
			if err != nil || !alive(pid) {
				t.Fatalf("the service has no child: %q", child)
			}
			// One of them leaves with a request in flight.
			target := f.lb.Targets("blue")[0]
			if err := f.Scale(t.Context(), good(), scope(), deploy.Blue, 1); err != nil {
				t.Fatal(err)
			}
			held := f.hold(target)
			if err := f.Scale(t.Context(), good(), scope(), deploy.Blue, 0); err != nil {
				t.Fatal(err)
			}
			f.run("better", 1)
			began := time.Now()
			f.Close()
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			if left := f.running(); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
			f.until("nor is the child", func() bool { return !alive(pid) })
			if got := <-held; strings.HasPrefix(got, "200") {
				t.Errorf("the request of a process that was ended got %q", got)
			}
			if targets := f.describe().Running; targets != 0 {
				t.Errorf("%d tasks are left", targets)
			}
			f.Close()
			_, err = f.Fleet.Run(t.Context(), good(), scope(), fleet.Order{Slot: deploy.Blue, Workload: deploy.Workload{Digest: "good", Count: 1}})
			if err == nil || err.Error() != "the slots are closed" {
				t.Errorf("run after close: got %v", err)
			}
		})
	}
}

func TestCloseDuringAStartLeavesNoProcess(t *testing.T) {
	f := start(t, clock.System{})
	asked, answer := make(chan struct{}), make(chan struct{})
	place := f.Places[scope()]
	place.Environment = func() ([]string, error) {
		asked <- struct{}{}
		<-answer
		return nil, nil
	}
	f.Places[scope()] = place
	order := fleet.Order{Slot: deploy.Blue, Workload: deploy.Workload{Digest: "good", Count: 2}}
	var both sync.WaitGroup
	both.Go(func() { _, _ = f.Fleet.Run(context.Background(), good(), scope(), order) })
	<-asked
	closed := make(chan struct{})
	both.Go(func() {
		f.Close()
		close(closed)
	})
	f.until("it is being closed", func() bool {
		_, err := f.Fleet.Run(t.Context(), good(), scope(), fleet.Order{Slot: deploy.Green, Workload: deploy.Workload{Digest: "good"}})
		return err != nil
	})
	select {
	case <-closed:
		t.Error("close did not wait for the task that was being started")
	default:
	}
	close(answer)
	<-closed
	if left := f.running(); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	both.Wait()
}

func TestTaskThatComesTooLateIsEnded(t *testing.T) {
	f := start(t, clock.System{})
	asked, answer := make(chan struct{}, 9), make(chan struct{})
	place := f.Places[scope()]
	environment := place.Environment
	place.Environment = func() ([]string, error) {
		asked <- struct{}{}
		<-answer
		return environment()
	}
	f.Places[scope()] = place
	var all sync.WaitGroup
	for _, program := range []string{"good", "better"} {
		order := fleet.Order{Slot: deploy.Blue, Workload: deploy.Workload{Digest: program, Version: program, Count: 1}}
		all.Go(func() {
			if _, err := f.Fleet.Run(context.Background(), good(), scope(), order); err != nil {
				t.Error(err)
			}
		})
		<-asked
	}
	close(answer)
	all.Wait()
	f.ready()
	if left := f.running(); len(left) != 1 {
		t.Errorf("got processes %v, want one", left)
	}
	if state := f.describe(); state.Digest != "better" || state.Running != 1 {
		t.Errorf("got %+v, want one task of better", state)
	}
}

func TestChangesAreRefused(t *testing.T) {
	f := start(t, clock.System{})
	unknown := deploy.Scope{Service: "shoes", Environment: "moon", Region: "local"}
	run := func(lease deploy.Lease, in deploy.Scope, digest string) error {
		_, err := f.Fleet.Run(t.Context(), lease, in, fleet.Order{Slot: deploy.Blue, Workload: deploy.Workload{Digest: digest, Count: 1}})
		return err
	}
	scale := func(lease deploy.Lease, in deploy.Scope, count int) error {
		return f.Scale(t.Context(), lease, in, deploy.Green, count)
	}
	old := deploy.Lease{Owner: "d0", Token: 1}
	for name, test := range map[string]struct {
		err  error
		want fault.Class
	}{
		"run under a lost lease":       {run(old, scope(), "good"), fault.LeaseLost},
		"scale under a lost lease":     {scale(old, scope(), 1), fault.LeaseLost},
		"run in an unknown scope":      {run(good(), unknown, "good"), fault.Invalid},
		"scale in an unknown scope":    {scale(good(), unknown, 1), fault.Invalid},
		"run without an artefact":      {run(good(), scope(), ""), fault.Invalid},
		"scale what never ran":         {scale(good(), scope(), 1), fault.Invalid},
		"scale to less than nothing":   {scale(good(), scope(), -1), fault.Invalid},
		"describe in an unknown scope": {func() error { _, err := f.Describe(t.Context(), unknown, deploy.Blue); return err }(), fault.Invalid},
	} {
		if !fault.Is(test.err, test.want) {
			t.Errorf("%s: got %v, want %s", name, test.err, test.want)
		}
	}
	if got := f.lb.Targets("green"); len(got) > 0 {
		t.Errorf("targets %v were registered", got)
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	f := start(t, clock.System{})
	f.Artefacts = missing{}
	_, err := f.Fleet.Run(t.Context(), good(), scope(), fleet.Order{Slot: deploy.Blue, Workload: deploy.Workload{Digest: "good", Version: "1.1.0", Count: 1}})
	want := "start a task of 1.1.0 in slot blue of shoes/staging@local: run /no/program: fork/exec /no/program: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

type missing struct{}

func (missing) Artefact(context.Context, string, string) (string, error) {
	return "/no/program", nil
}
