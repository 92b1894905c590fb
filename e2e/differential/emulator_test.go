//go:build e2e

package differential_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pilotage/pilotage/e2e/differential"
	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/statemachine"
)

// timeScale makes a minute twelve seconds: short enough to wait for a hanging function, long
// enough for a busy machine not to time out.
const timeScale = 0.2

// Two emulations, each of which keeps one processor busy, and as many plans at a time in each:
// they wait for one thing or another most of the time.
const (
	labs   = 2
	atOnce = 8
)

// progressEvery is how often the run says how far it is.
const progressEvery = 15 * time.Second

// TestDifferential runs plans through both interpreters and fails on a difference that nothing
// explains. PLANS chooses them: "all", or a regular expression for their names.
func TestDifferential(t *testing.T) {
	place, err := lab.Find(t.Context(), os.Getenv)
	if errors.Is(err, lab.ErrMissing) {
		fmt.Printf("SKIPPED: the differential run needs an emulation of AWS. %v\n", err)
		t.SkipNow()
	}
	if err != nil {
		t.Fatal(err)
	}
	choice, err := differential.Choose(collected(t), os.Getenv("PLANS"))
	if err != nil {
		t.Fatal(err)
	}
	report := &differential.Report{Choice: choice, Total: len(choice.Plans)}
	fmt.Printf("%d plans to compare; starting %d emulations\n", report.Total, labs)
	sides := make([]side, labs)
	for i := range sides {
		sides[i] = opened(t, place)
	}
	ended := watch(t, report)
	replayed(t, report, choice.Plans, sides, atOnce)
	if doubtful := report.Doubtful(); len(doubtful) > 0 {
		// In an emulation that knows none of them, and with little else to do.
		again := slices.DeleteFunc(slices.Clone(choice.Plans), func(r differential.Recorded) bool { return !slices.Contains(doubtful, r.Plan.ID) })
		sides = []side{opened(t, place)}
		replayed(t, report, again, sides, 2)
	}
	ended()
	fmt.Print(report)
	if !report.Sound() {
		t.Error("the interpreters differ, or were not compared")
		for _, side := range sides {
			t.Logf("the emulation at %s printed:\n%s", side.lab.URL, side.lab.Log())
		}
	}
}

// watch prints the progress from time to time, until the function that it returns is called.
func watch(t *testing.T, report *differential.Report) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	began, done := time.Now(), make(chan struct{})
	go func() {
		defer close(done)
		for (clock.System{}).Wait(ctx, progressEvery) == nil {
			fmt.Printf("  after %3.0f s: %s\n", time.Since(began).Seconds(), report.Progress())
		}
	}()
	return func() {
		cancel()
		<-done
		fmt.Printf("replayed in %.0f s\n", time.Since(began).Seconds())
	}
}

// side is one emulation with its script.
type side struct {
	differential.Emulated
	script *differential.Script
	lab    *lab.Lab
}

// opened is a new emulation that knows both machines. It is closed when the test ends.
func opened(t *testing.T, place lab.Place) side {
	t.Helper()
	script := &differential.Script{Clock: clock.System{}}
	running, err := lab.Start(t.Context(), lab.Options{Place: place, Function: script.Answer, TimeScale: timeScale})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	})
	made := side{differential.Emulated{Client: differential.Dial(running.URL), Clock: clock.System{}}, script, running}
	script.Service = made
	register(t, made.Emulated)
	return made
}

// register creates both state machines as they are shipped.
func register(t *testing.T, emulated differential.Emulated) {
	t.Helper()
	for machine, text := range map[string][]byte{"deploy": statemachine.Deploy(), "rollback": statemachine.Rollback()} {
		definition, err := statemachine.Render(text, substitutions(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := emulated.Create(t.Context(), machine, definition); err != nil {
			t.Fatal(err)
		}
	}
}

// substitutions are what a definition leaves open: functions by their names, and the rollback
// machine. What else there is belongs to integrations that the emulation has not.
func substitutions(definition []byte) map[string]string {
	values := map[string]string{}
	for _, open := range statemachine.Substitutions(definition) {
		values[open] = open
	}
	for name := range functions.Table(functions.World{}) {
		values[name+"Function"] = name
	}
	values[statemachine.RollbackStateMachine] = differential.Arn("rollback")
	return values
}

// replayed runs plans through the emulations, so many at a time in each.
func replayed(t *testing.T, report *differential.Report, plans []differential.Recorded, sides []side, atOnce int) {
	t.Helper()
	work := make(chan differential.Recorded)
	group, ctx := errgroup.WithContext(t.Context())
	for i := range len(sides) * atOnce {
		group.Go(func() error {
			for plan := range work {
				if err := sides[i%len(sides)].replay(ctx, report, plan); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(work)
		for _, plan := range plans {
			select {
			case work <- plan:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (s side) replay(ctx context.Context, report *differential.Report, recorded differential.Recorded) error {
	plan := recorded.Plan
	other, problems, err := s.Replay(ctx, s.script, recorded.Trace)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	found := differential.Compare(plan, recorded.Trace, other)
	if err != nil {
		found = []differential.Difference{{Plan: plan.Name, Execution: plan.ID, What: "replay", Emulated: err.Error()}}
	}
	for key, list := range problems {
		for _, problem := range list {
			found = append(found, differential.Difference{Plan: plan.Name, Execution: key.String(), What: "answering", Emulated: problem})
		}
	}
	report.Add(recorded, found)
	return nil
}
