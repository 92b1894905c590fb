package scenario

import (
	"context"
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/report"
	"github.com/pilotage/pilotage/shared/deploy"
)

// invariants checks what must hold at the end of every scenario, expected or not.
func (s *run) invariants(ctx context.Context, result report.Scenario) []string {
	var problems []string
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	scope := s.scope()
	routing, err := s.world.Ports.Balancer.Routing(ctx, scope)
	if err != nil {
		return []string{err.Error()}
	}
	active := routing.Weights.Heaviest()
	if routing.Weights.Of(active) != 100 {
		wrong("world: traffic is divided at the end (%s)", routing.Weights)
	}
	if routing.Maintenance {
		wrong("world: the maintenance page is still shown")
	}
	state, err := s.world.Ports.Fleet.Describe(ctx, scope, active)
	if err != nil {
		wrong("world: %v", err)
	}
	if !state.Ready() {
		wrong("world: slot %s has all traffic and %d of %d tasks healthy", active, state.Healthy, state.Count)
	}
	if want := s.file.Expect.Release; want != "" && state.Version != want {
		wrong("expect.release: %s was expected to be live, %s is", want, state.Version)
	}
	hold, err := s.world.Ports.Ledger.Hold(ctx, scope)
	if err != nil {
		wrong("world: %v", err)
	}
	if want := s.file.Expect.Hold; want != "" && hold.Active() != (want == "set") {
		seen := "none"
		if hold.Active() {
			seen = fmt.Sprintf("one (%s)", hold.Reason)
		}
		wrong("expect.hold: %s was expected, %s was seen", want, seen)
	}
	lock, err := s.world.Ports.Ledger.Lock(ctx, scope)
	if err != nil {
		wrong("world: %v", err)
	}
	if lock.Owner != "" && result.Outcome != string(deploy.FailedDirty) {
		wrong("world: the lock is still held by %s", lock.Owner)
	}
	return append(problems, s.executions(ctx)...)
}

// executions names what ended in a way that no outcome stands for.
func (s *run) executions(ctx context.Context) []string {
	var problems []string
	for _, execution := range s.world.Engine.List(ctx, "") {
		known := strings.HasPrefix(execution.Error, "Pilotage.")
		if execution.Status == asl.StatusFailed && !known {
			problems = append(problems, fmt.Sprintf("world: execution %s failed with %s: %s", execution.Name, execution.Error, execution.Cause))
		}
	}
	return problems
}
