package sim_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/record"
)

// machines are the shipped definitions, parsed once for all tests.
var machines = sync.OnceValues(sim.Shipped) //nolint:gochecknoglobals // immutable

// world is one test's world and its state at the start.
type world struct {
	*sim.World
	t     *testing.T
	start sim.State
}

// bubble runs f in virtual time, in a world where release 1.0.0 is live in blue.
func bubble(t *testing.T, options sim.Options, f func(t *testing.T, w world)) {
	t.Helper()
	empty(t, options, func(t *testing.T, w world) {
		w.must(w.GoLive(t.Context(), "1.0.0", deploy.Blue))
		w.start = w.state()
		f(t, w)
	})
}

// empty runs f in virtual time, in a world where nothing was ever deployed.
func empty(t *testing.T, options sim.Options, f func(t *testing.T, w world)) {
	t.Helper()
	parsed, err := machines()
	if err != nil {
		t.Fatal(err)
	}
	options.Machines = parsed
	synctest.Test(t, func(t *testing.T) {
		made, err := sim.New(options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := made.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		w := world{World: made, t: t}
		w.start = w.state()
		f(t, w)
	})
}

func (w world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w world) state() sim.State {
	w.t.Helper()
	state, err := w.State(w.t.Context())
	w.must(err)
	return state
}

func (w world) run(id string, request any) sim.Run {
	w.t.Helper()
	run, err := w.Run(w.t.Context(), id, request)
	w.must(err)
	return run
}

// ends checks how the deployment ended and that every invariant holds.
func (w world) ends(id string, want deploy.Outcome) {
	w.t.Helper()
	entry, err := w.Ledger.Locate(w.t.Context(), id)
	if err != nil {
		w.t.Error(err)
	}
	if entry.Outcome != want {
		w.t.Errorf("%s ended %q in %s (%s), want %q", id, entry.Outcome, entry.Error.Stage, entry.Error.Cause, want)
	}
	if want == deploy.RolledBack && entry.Kind == deploy.KindDeploy && entry.UndoneBy == "" {
		w.t.Errorf("%s does not say what took it back", id)
	}
	w.sound()
	if want == deploy.Refused || want == deploy.RolledBack {
		w.unchanged()
	}
}

func (w world) sound() {
	w.t.Helper()
	for _, violation := range w.Invariants(w.t.Context(), w.start) {
		w.t.Error(violation)
	}
}

// unchanged checks that the world is what it was at the start.
func (w world) unchanged() {
	w.t.Helper()
	if got := w.state(); got != w.start {
		w.t.Errorf("the world is\n%+v, and was\n%+v", got, w.start)
	}
}

func path(states string) []string { return strings.Fields(states) }

// message is the text of a Fail state's cause without Lambda's JSON around it.
func message(cause string) string {
	stage, rest, _ := strings.Cut(cause, ": ")
	return stage + ": " + record.Message(rest)
}
