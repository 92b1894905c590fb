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

// atOnce is how many plans run through the emulation at a time. It has one core's worth of
// interpreter, and waits half a second for each child execution.
const atOnce = 8

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
	script := &differential.Script{Clock: clock.System{}}
	running, err := lab.Start(t.Context(), lab.Options{Place: place, Function: script.Answer, TimeScale: timeScale})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	}()
	emulated := differential.Emulated{Client: differential.Dial(running.URL), Clock: clock.System{}}
	script.Service = emulated
	register(t, emulated)
	began = time.Now()
	report := replayed(t, emulated, script, plans, traces)
	fmt.Print(report)
	fmt.Printf("recorded in %s, replayed in %s\n", local.Round(time.Second/10), time.Since(began).Round(time.Second/10))
	if report.Unexplained() > 0 {
		t.Errorf("%d differences are unexplained; the emulation printed:\n%s", report.Unexplained(), running.Log())
	}
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

// replayed runs the chosen plans through the emulation, some at a time.
func replayed(t *testing.T, emulated differential.Emulated, script *differential.Script, plans []differential.Plan, traces []differential.Trace) *differential.Report {
	t.Helper()
	chosen, err := regexp.Compile(os.Getenv("PLANS"))
	if err != nil {
		t.Fatal(err)
	}
	report := &differential.Report{}
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(atOnce)
	for i, plan := range plans {
		if chosen.MatchString(plan.Name) {
			group.Go(func() error { return replay(ctx, emulated, script, report, plan, traces[i]) })
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return report
}

func replay(ctx context.Context, emulated differential.Emulated, script *differential.Script, report *differential.Report, plan differential.Plan, trace differential.Trace) error {
	other, problems, err := emulated.Replay(ctx, script, trace)
	if err != nil {
		return fmt.Errorf("%s %s: %w", plan.ID, plan.Name, err)
	}
	found := differential.Compare(plan, trace, other)
	for key, list := range problems {
		for _, problem := range list {
			found = append(found, differential.Difference{Plan: plan.Name, Execution: key.String(), What: "answering", Emulated: problem})
		}
	}
	report.Add(plan, found)
	return nil
}
