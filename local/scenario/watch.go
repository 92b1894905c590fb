package scenario

import (
	"context"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/report"
	"github.com/pilotage/pilotage/shared/deploy"
)

func (s *run) schema(ctx context.Context) (int64, error) {
	env, err := s.settings.Environment(s.environment())
	if err != nil {
		return 0, err
	}
	return s.world.Ports.Schema.Version(ctx, env.Database.Instance)
}

// environment is the one that is watched and compared.
func (s *run) environment() string {
	switch {
	case s.file.Expect.Environment != "":
		return s.file.Expect.Environment
	case s.file.Traffic.Environment != "":
		return s.file.Traffic.Environment
	}
	return s.file.environments()[0]
}

func (s *run) scope() deploy.Scope { return s.world.Scope(s.environment()) }

// observe keeps the path and wakes who waits for a state.
func (s *run) observe(event asl.Event) {
	if event.StateEntered == nil {
		return
	}
	s.mu.Lock()
	if s.began.IsZero() {
		s.mu.Unlock()
		return
	}
	state := report.StateAt{
		Seconds: event.Timestamp.Sub(s.began).Seconds(), At: event.Timestamp,
		Machine: event.MachineName, Execution: executionName(event.ExecutionArn), State: event.StateEntered.Name,
	}
	s.path = append(s.path, state)
	s.entered[state.State]++
	close(s.reached)
	s.reached = make(chan struct{})
	s.mu.Unlock()
	s.view.State(state)
}

func (s *run) weightsChanged(scope deploy.Scope, weights deploy.Weights) {
	s.mu.Lock()
	if s.began.IsZero() || s.world == nil || scope != s.scope() {
		s.mu.Unlock()
		return
	}
	now := s.runner.Clock.Now()
	change := report.WeightAt{Seconds: now.Sub(s.began).Seconds(), At: now, Blue: int(weights.Blue), Green: int(weights.Green)}
	s.weights = append(s.weights, change)
	s.mu.Unlock()
	s.view.Weights(change)
}
