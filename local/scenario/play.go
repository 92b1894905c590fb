package scenario

import (
	"context"
	"fmt"
	"sync"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/report"
)

// play makes the world, lets everything happen and looks at what came of it.
func (s *run) play(ctx context.Context) (report.Scenario, error) {
	for _, name := range s.file.environments() {
		s.view.Note(fmt.Sprintf("%s starts with %s %s", name, s.settings.Service, s.file.Start[name]))
		if err := s.world.Seed(ctx, name, s.file.Start[name]); err != nil {
			return report.Scenario{}, err
		}
	}
	if err := s.before(ctx); err != nil {
		return report.Scenario{}, err
	}
	schema, err := s.schema(ctx)
	if err != nil {
		return report.Scenario{}, err
	}
	stopUsers, err := s.startUsers(ctx)
	if err != nil {
		return report.Scenario{}, err
	}
	if err := s.begin(ctx); err != nil {
		stopUsers()
		return report.Scenario{}, err
	}
	err = s.happen(ctx)
	stopUsers()
	if err != nil {
		return report.Scenario{}, err
	}
	return s.judge(ctx, schema)
}

// before does what has to be there before users come, each to its end.
func (s *run) before(ctx context.Context) error {
	for i, action := range s.file.Before {
		if err := s.act(ctx, action); err != nil {
			return fmt.Errorf("before[%d]: %w", i, err)
		}
		if err := s.quiet(ctx); err != nil {
			return fmt.Errorf("before[%d]: %w", i, err)
		}
		for _, execution := range s.world.Engine.List(ctx, "") {
			if execution.Status != asl.StatusSucceeded {
				return fmt.Errorf("before[%d]: execution %s ended as %s: %s %s", i, execution.Name, execution.Status, execution.Error, execution.Cause)
			}
		}
	}
	return nil
}

// begin draws the line between set-up and scenario. The weights at that moment are the first of
// its weights.
func (s *run) begin(ctx context.Context) error {
	routing, err := s.world.Ports.Balancer.Routing(ctx, s.scope())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = s.runner.Clock.Now()
	s.weights = []report.WeightAt{{At: s.began, Blue: int(routing.Weights.Blue), Green: int(routing.Weights.Green)}}
	return nil
}

// happen does what the scenario says and returns when everything has come to rest.
func (s *run) happen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var people sync.WaitGroup
	defer people.Wait()
	defer cancel()
	if err := s.act(ctx, s.file.When); err != nil {
		return err
	}
	for _, wanted := range s.file.Approve {
		people.Go(func() { s.note(s.approve(ctx, wanted)) })
	}
	for i, later := range s.file.Then {
		people.Go(func() { s.note(s.later(ctx, i, later)) })
	}
	return s.quiet(ctx)
}

// later waits for its state and acts.
func (s *run) later(ctx context.Context, i int, later Later) error {
	for {
		s.mu.Lock()
		reached, times := s.reached, s.entered[later.After]
		s.mu.Unlock()
		if times >= max(1, later.Times) {
			break
		}
		select {
		case <-reached:
		case <-ctx.Done():
			return fmt.Errorf("then[%d]: state %s was entered %d times, not %d", i, later.After, times, max(1, later.Times))
		}
	}
	if err := s.act(ctx, later.Action); err != nil {
		return fmt.Errorf("then[%d]: %w", i, err)
	}
	return nil
}

func (s *run) note(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, err)
}

// quiet returns when at least one execution was started and none is left running, and nothing is
// on its way over the bus that could start another.
func (s *run) quiet(ctx context.Context) error {
	for {
		if err := s.world.Bus.Drain(ctx); err != nil {
			return fmt.Errorf("wait for the event bus: %w", err)
		}
		running := ""
		for _, execution := range s.world.Engine.List(ctx, "") {
			if execution.Status == asl.StatusRunning {
				running = execution.Arn
			}
		}
		if running == "" {
			return nil
		}
		if _, err := s.world.Engine.Wait(ctx, running); err != nil {
			return fmt.Errorf("wait for execution %s: %w", running, err)
		}
	}
}
