//go:build e2e

package differential_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pilotage/pilotage/e2e/differential"
	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/statemachine"
)

// timeScale makes a minute six seconds: short enough to wait for a hanging function, long
// enough for a busy machine not to time out.
const timeScale = 0.1

// Two emulations, each of which keeps one processor busy, and as many plans at a time in each:
// a child execution is asked after twice a second, which is time for others.
const (
	labs   = 2
	atOnce = 6
)

// side is one emulation with its script.
type side struct {
	differential.Emulated
	script *differential.Script
	lab    *lab.Lab
}

// TestDifferential runs every plan through both interpreters and fails on a difference that
// nothing explains. PLANS is a regular expression that chooses plans by name.
func TestDifferential(t *testing.T) {
	place, err := lab.Find(t.Context(), os.Getenv)
	if errors.Is(err, lab.ErrMissing) {
		t.Skipf("SKIPPED: the differential run needs an emulation of AWS: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	plans, traces := recorded(t)
	local := time.Since(began)
	began = time.Now()
	sides := make([]side, labs)
	for i := range sides {
		sides[i] = opened(t, place)
	}
	ready := time.Since(began)
	began = time.Now()
	report := replayed(t, sides, plans, traces)
	fmt.Print(report)
	fmt.Printf("recorded in %.1f s, emulations ready in %.1f s, replayed in %.1f s\n", local.Seconds(), ready.Seconds(), time.Since(began).Seconds())
	if report.Unexplained() > 0 {
		t.Errorf("%d differences are unexplained", report.Unexplained())
		for _, side := range sides {
			t.Logf("the emulation at %s printed:\n%s", side.lab.URL, side.lab.Log())
		}
	}
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
	values := map[string]string{statemachine.RollbackStateMachine: differential.Arn("rollback")}
	for name := range functions.Table(functions.World{}) {
		values[name+"Function"] = name
	}
	for machine, text := range map[string][]byte{"deploy": statemachine.Deploy(), "rollback": statemachine.Rollback()} {
		definition, err := statemachine.Render(text, values)
		if err != nil {
			t.Fatal(err)
		}
		if err := emulated.Create(t.Context(), machine, definition); err != nil {
			t.Fatal(err)
		}
	}
}

// replayed runs the chosen plans through the emulations.
func replayed(t *testing.T, sides []side, plans []differential.Plan, traces []differential.Trace) *differential.Report {
	t.Helper()
	chosen, err := regexp.Compile(os.Getenv("PLANS"))
	if err != nil {
		t.Fatal(err)
	}
	report := &differential.Report{}
	work := make(chan int)
	group, ctx := errgroup.WithContext(t.Context())
	for i := range labs * atOnce {
		group.Go(func() error {
			for number := range work {
				if err := sides[i%labs].replay(ctx, report, plans[number], traces[number]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(work)
		for i, plan := range plans {
			if !chosen.MatchString(plan.Name) {
				continue
			}
			select {
			case work <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return report
}

func (s side) replay(ctx context.Context, report *differential.Report, plan differential.Plan, trace differential.Trace) error {
	other, problems, err := s.Replay(ctx, s.script, trace)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	found := differential.Compare(plan, trace, other)
	if err != nil {
		found = []differential.Difference{{Plan: plan.Name, Execution: plan.ID, What: "replay", Emulated: err.Error()}}
	}
	for key, list := range problems {
		for _, problem := range list {
			found = append(found, differential.Difference{Plan: plan.Name, Execution: key.String(), What: "answering", Emulated: problem})
		}
	}
	report.Add(plan, found)
	return nil
}
