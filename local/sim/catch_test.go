package sim_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/statemachine"
)

// catch is one name in one catcher of one state of a shipped definition.
type catch struct{ machine, state, name, next string }

// catches reads every one of them from the definitions themselves.
func catches(t *testing.T) []catch {
	t.Helper()
	var found []catch
	for machine, text := range map[string][]byte{"deploy": statemachine.Deploy(), "rollback": statemachine.Rollback()} {
		var definition struct {
			States map[string]struct {
				Catch []struct {
					ErrorEquals []string
					Next        string
				}
			}
		}
		if err := json.Unmarshal(text, &definition); err != nil {
			t.Fatal(err)
		}
		for name, state := range definition.States {
			for _, catcher := range state.Catch {
				for _, equals := range catcher.ErrorEquals {
					found = append(found, catch{machine, name, equals, catcher.Next})
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b catch) int {
		if c := slices.Compare([]string{a.machine, a.state, a.name}, []string{b.machine, b.state, b.name}); c != 0 {
			return c
		}
		return 0
	})
	return found
}

// errors are what is injected for a name: all that has no class of its own comes as Internal
// or as a function that died.
func (c catch) errors() []string {
	if c.name == "States.ALL" {
		return []string{"Pilotage.Internal", sim.Crash}
	}
	return []string{c.name}
}

// drive is one failure that one catch has to deal with.
type drive struct {
	catch
	err    string
	moment sim.Moment
}

func (d drive) String() string {
	return fmt.Sprintf("%s/%s/%s as %s %s", d.machine, d.state, d.name, d.err, d.moment)
}

// TestEveryCatch drives every Catch of both definitions: the state fails before and after its
// effect, the catcher's Next follows, and the world is sound, and as it was unless the release
// was promoted.
func TestEveryCatch(t *testing.T) {
	all := catches(t)
	if got, want := len(all), 83; got != want {
		t.Errorf("the definitions have %d catchers, want %d: add scenarios for the new ones", got, want)
	}
	driven := map[catch]bool{}
	for _, c := range all {
		if c.name == "Pilotage.LeaseLost" && c.next != "LeaseLost" && c.state != "Retire" {
			t.Errorf("%s/%s goes on to %s after its lease was lost", c.machine, c.state, c.next)
		}
	}
	for _, c := range all {
		for _, name := range c.errors() {
			for _, moment := range []sim.Moment{sim.Before, sim.After} {
				d := drive{c, name, moment}
				t.Run(d.String(), func(t *testing.T) {
					t.Parallel()
					d.run(t)
				})
				driven[c] = true
			}
		}
	}
	if len(driven) != len(all) {
		t.Errorf("%d of %d catchers were driven", len(driven), len(all))
	}
}

func (d drive) run(t *testing.T) {
	options := sim.Options{Configure: d.configure, Behaviours: slowStart(), SnapshotFor: 3 * time.Second, Unpublished: d.unpublished()}
	bubble(t, options, func(t *testing.T, w world) {
		if d.state == "Rollback" {
			// No function runs in this state: its child fails instead.
			w.FailAt(sim.Fault{Machine: "rollback", At: "Plan", Moment: d.moment, Error: d.err})
		} else {
			w.FailAt(sim.Fault{Machine: d.machine, At: d.state, Attempt: 1, Moment: d.moment, Error: d.err})
		}
		id := d.scenario(t, w)
		run, err := w.Finish(t.Context(), id)
		w.must(err)
		if w.Struck() == 0 {
			t.Fatalf("the fault never struck; the path was %v", run.Path)
		}
		if got := run.Next(d.state); got != d.next {
			t.Errorf("%s was followed by %s, want %s; the path was %v", d.state, got, d.next, run.Path)
		}
		d.judge(t, w, run)
	})
}
