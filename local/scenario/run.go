package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/load"
	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/local/report"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
)

// Runner runs scenarios, one at a time.
type Runner struct {
	// Dir is where worlds live; each scenario has a folder in it, which is emptied first.
	Dir string
	// Root is the folder in which releases are built, Programs where they are kept between
	// scenarios.
	Root     string
	Programs string
	Postgres postgres.Binaries
	Clock    clock.Clock
	View     report.View

	catalog *releases.Catalog
}

// timeout bounds one scenario, so that a demonstration always ends.
const timeout = 5 * time.Minute

// run is one scenario under way.
type run struct {
	runner   *Runner
	file     File
	settings config.File
	world    *world.World
	view     report.View
	users    *load.Generator

	mu sync.Mutex
	// began is when the scenario's set-up was over; zero before.
	began   time.Time
	path    []report.StateAt
	weights []report.WeightAt
	entered map[string]int
	// reached is closed and replaced at each state that is entered.
	reached chan struct{}
	// problems are what went wrong beside the expectations.
	problems []error
}

// Run runs one scenario and says how it went. An error means that it could not be run; that
// something unexpected was seen stands in the result.
func (r *Runner) Run(ctx context.Context, file File, settings config.File) (report.Scenario, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s := &run{runner: r, file: file, settings: settings, view: r.View, entered: map[string]int{}, reached: make(chan struct{})}
	if err := s.publish(ctx); err != nil {
		return report.Scenario{}, err
	}
	dir := filepath.Join(r.Dir, file.Name)
	if err := os.RemoveAll(dir); err != nil {
		return report.Scenario{}, fmt.Errorf("empty the folder of %s: %w", file.Name, err)
	}
	opened, err := world.Open(ctx, world.Options{
		Dir: dir, Settings: world.Settings{File: settings}, Catalog: r.catalog, Environments: file.environments(),
		Postgres: r.Postgres, Clock: r.Clock, Log: slog.New(slog.NewTextHandler(logFile(dir), nil)),
		Observe: s.observe, WeightsChanged: s.weightsChanged,
	})
	if err != nil {
		return report.Scenario{}, err
	}
	s.world = opened
	result, err := s.play(ctx)
	return result, errors.Join(err, opened.Close())
}

// logFile is where handlers log: beside the world, for whoever wants to look.
func logFile(dir string) io.Writer {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return io.Discard
	}
	file, err := os.Create(filepath.Join(dir, "pilotage.log"))
	if err != nil {
		return io.Discard
	}
	return file
}

// publish builds the releases that the scenario needs.
func (s *run) publish(ctx context.Context) error {
	r := s.runner
	if r.catalog == nil || r.catalog.Service != s.settings.Service {
		r.catalog = &releases.Catalog{Service: s.settings.Service, Dir: s.file.beside(s.file.Releases), Root: r.Root, Out: r.Programs}
	}
	for _, version := range s.file.versions() {
		if _, err := r.catalog.Publish(ctx, version); err != nil {
			return err
		}
	}
	return nil
}

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
	if s.file.Approve.By != "" {
		people.Go(func() { s.note(s.approve(ctx)) })
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
