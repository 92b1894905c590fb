package scenario

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/load"
	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/local/report"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/config"
)

// Runner runs scenarios, one at a time.
type Runner struct {
	// Dir is where worlds live; each scenario has a folder in it, which is emptied first.
	Dir string
	// Root is the folder in which releases are built, Programs where they are kept between
	// scenarios.
	Root     string
	Programs string
	// Command is the pilotage that builds publish with; empty lets them run it from the checkout.
	Command  string
	Postgres postgres.Binaries
	Clock    clock.Clock
	View     report.View
	// Inspect may look at the world after a scenario, before it is closed; it may be nil.
	Inspect func(context.Context, *world.World) error

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
	// catalog has what is published in this scenario.
	catalog *releases.Catalog
	view    report.View
	users   *load.Generator

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
	dir := filepath.Join(r.Dir, file.Name)
	if err := s.publish(ctx, dir); err != nil {
		return report.Scenario{}, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return report.Scenario{}, fmt.Errorf("empty the folder of %s: %w", file.Name, err)
	}
	log, err := logFile(dir)
	if err != nil {
		return report.Scenario{}, err
	}
	opened, err := world.Open(ctx, world.Options{
		Dir: dir, Settings: world.Settings{File: settings}, Catalog: s.catalog, Environments: file.environments(), Build: s.build(),
		Postgres: r.Postgres, Clock: r.Clock, Log: slog.New(slog.NewTextHandler(log, nil)),
		Observe: s.observe, WeightsChanged: s.weightsChanged,
	})
	if err != nil {
		return report.Scenario{}, errors.Join(err, log.Close())
	}
	s.world = opened
	result, err := s.play(ctx)
	if err == nil && r.Inspect != nil {
		err = r.Inspect(ctx, opened)
	}
	if unstopped := opened.Close(); unstopped != nil {
		err = errors.Join(err, &CloseError{unstopped})
	}
	return result, errors.Join(err, log.Close())
}

// CloseError says what of a world could not be stopped or removed.
type CloseError struct{ Err error }

// Error is the cause's text.
func (e *CloseError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *CloseError) Unwrap() error { return e.Err }

// logFile is where handlers log: beside the world, for whoever wants to look.
func logFile(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the world's folder: %w", err)
	}
	file, err := os.Create(filepath.Join(dir, "pilotage.log"))
	if err != nil {
		return nil, fmt.Errorf("make the world's log: %w", err)
	}
	return file, nil
}

// publish builds the releases that the scenario needs, and has those published that it does not
// say otherwise of. What is built in the scenario goes into a folder of its world.
func (s *run) publish(ctx context.Context, place string) error {
	r := s.runner
	dir := s.file.beside(s.file.Releases)
	if r.catalog == nil || r.catalog.Service != s.settings.Service || r.catalog.Dir != dir {
		r.catalog = &releases.Catalog{Service: s.settings.Service, Dir: dir, Root: r.Root, Out: r.Programs}
	}
	var published []string
	for _, version := range s.file.versions() {
		if slices.Contains(s.file.Unpublished, version) {
			continue
		}
		if _, err := r.catalog.Publish(ctx, version); err != nil {
			return err
		}
		published = append(published, version)
	}
	shelf, err := filepath.Abs(filepath.Join(place, "catalog"))
	if err != nil {
		return fmt.Errorf("find the folder of published releases: %w", err)
	}
	s.catalog = r.catalog.Only(published, releases.Shelf{Dir: shelf})
	return nil
}

// build is the project that builds commits.
func (s *run) build() world.Build {
	variables := maps.Clone(s.file.Build.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	if s.runner.Command != "" {
		variables["PILOTAGE"] = s.runner.Command
	}
	return world.Build{Root: s.runner.Root, Buildspec: s.settings.Buildspec, Variables: variables}
}
