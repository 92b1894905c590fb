package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// story is one scenario under way, and what came of it.
type story struct {
	*world
	name string
	// environment is the one that it is about.
	environment string
	started     time.Time

	outcome  string
	states   int
	requests int
	failed   int
	seconds  float64
	problems []string
}

// patience bounds a scenario.
const patience = 4 * time.Minute

// tell runs a scenario. What goes wrong in it is a problem of the story, and ends nothing else.
func (w *world) tell(ctx context.Context, name, environment string, run func(context.Context, *story) error) *story {
	s := &story{world: w, name: name, environment: environment, started: time.Now()}
	say("%s begins", name)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := run(ctx, s); err != nil {
		s.wrong("%v", err)
	}
	for _, p := range w.planes {
		if err := p.failure(); err != nil {
			s.wrong("%v", err)
		}
	}
	s.seconds = time.Since(s.started).Seconds()
	say("%s: %s after %.1f s", name, s.verdict(), s.seconds)
	for _, problem := range s.problems {
		say("%s: NOT AS WANTED: %s", name, problem)
	}
	return s
}

// wrong notes what is not as wanted.
func (s *story) wrong(format string, values ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, values...))
}

// equal notes a value that is not the wanted one.
func equal[T comparable](s *story, what string, got, want T) {
	if got != want {
		s.wrong("%s: got %v, want %v", what, got, want)
	}
}

func (s *story) verdict() string {
	if len(s.problems) == 0 {
		return "ok"
	}
	return "NOT OK"
}

func (s *story) scope() deploy.Scope { return s.world.scope(s.environment) }

func (s *story) plane() *plane { return s.planes[s.environment] }

// progress is what a wait of more than two seconds prints.
func (s *story) progress(format string, values ...any) {
	fmt.Printf("    %5.1f s  %s: %s\n", time.Since(s.began).Seconds(), s.name, fmt.Sprintf(format, values...))
}

// table is what became of the scenarios, for people.
func table(to io.Writer, stories []*story) error {
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(out, "scenario\toutcome\tstates\trequests\tfailed\tseconds\tok") // Flush tells
	for _, s := range stories {
		_, _ = fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%.1f\t%s\n", s.name, s.outcome, s.states, s.requests, s.failed, s.seconds, strings.ToLower(s.verdict()))
	}
	return out.Flush()
}

// together runs scenarios side by side, and returns them in their order.
func together(runs ...func() []*story) []*story {
	all := make([][]*story, len(runs))
	var group sync.WaitGroup
	for i, run := range runs {
		group.Go(func() { all[i] = run() })
	}
	group.Wait()
	return slices.Concat(all...)
}
