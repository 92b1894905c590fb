package differential

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

// Stage is what a plan's Act has at hand: the world, and the name of the plan's execution.
type Stage struct {
	*sim.World
	ID string
}

// settleFor is longer than anything takes that does not wait on purpose.
const settleFor = time.Second

// settle waits until everything waits: for people, for a bake, for another execution.
func (s Stage) settle(ctx context.Context) error { return s.World.World.Clock.Wait(ctx, settleFor) }

// finish waits until nothing runs any more.
func (s Stage) finish(ctx context.Context) error {
	_, err := s.Finish(ctx, s.ID)
	return err
}

// request starts a request and waits until all is over.
func request(release string) func(context.Context, Stage) error {
	return raw(sim.Deployment(release))
}

// raw starts the deploy machine, or a request's own, with any input.
func raw(input any) func(context.Context, Stage) error {
	return func(ctx context.Context, s Stage) error {
		if err := s.Start(ctx, s.ID, input); err != nil {
			return err
		}
		return s.finish(ctx)
	}
}

// decided starts a deployment and votes on it, once for each decision. Before each vote the
// configuration is changed as many times as changes says, which makes the ballots void.
func decided(changes int, votes ...vote) func(context.Context, Stage) error {
	return func(ctx context.Context, s Stage) error {
		if err := s.Start(ctx, s.ID, sim.Deployment("1.1.0")); err != nil {
			return err
		}
		return s.ballots(ctx, changes, votes)
	}
}

// vote is one person's decision.
type vote struct{ by, decision string }

func (s Stage) ballots(ctx context.Context, changes int, votes []vote) error {
	for i, v := range votes {
		if err := s.settle(ctx); err != nil {
			return err
		}
		if path, _ := s.Ballot(v.by); path == "" {
			return fmt.Errorf("%w: nobody asked %s", ErrNotPlayed, v.by)
		}
		if i < changes {
			s.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds++ })
		}
		status, err := s.Vote(ctx, v.by, v.decision)
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("%w: vote %d of %s got status %d", ErrNotPlayed, i+1, v.by, status)
		}
	}
	return s.finish(ctx)
}

// takingBack deploys and then asks for the rollback of that.
type takingBack struct {
	request deploy.Request
	// change edits the configuration in between; changes and votes are as in decided.
	change  func(*deploy.Environment)
	changes int
	votes   []vote
}

func (b takingBack) play(ctx context.Context, s Stage) error {
	if _, err := s.Run(ctx, s.ID, sim.Deployment("1.1.0")); err != nil {
		return err
	}
	if b.change != nil {
		s.Configure(sim.Scope(), b.change)
	}
	b.request.Rollback.Deployment = s.ID
	if err := s.Start(ctx, s.ID+"-back", b.request); err != nil {
		return err
	}
	return s.ballots(ctx, b.changes, b.votes)
}

// interrupted starts a deployment and, while it bakes, something else.
func interrupted(after time.Duration, second deploy.Request) func(context.Context, Stage) error {
	return func(ctx context.Context, s Stage) error {
		if err := s.Start(ctx, s.ID, sim.Deployment("1.1.0")); err != nil {
			return err
		}
		if err := s.World.World.Clock.Wait(ctx, after); err != nil {
			return err
		}
		if err := s.Start(ctx, s.ID+"-second", second); err != nil {
			return err
		}
		return s.finish(ctx)
	}
}

// stopped starts a deployment and stops it once it waits for people.
func stopped(ctx context.Context, s Stage) error {
	if err := s.Start(ctx, s.ID, sim.Deployment("1.1.0")); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	execution, err := s.Result(ctx, s.ID)
	if err != nil {
		return err
	}
	if err := s.Engine.Stop(ctx, execution.Arn, "", "stopped by hand"); err != nil {
		return err
	}
	return s.finish(ctx)
}

// inTurn deploys two releases, one after the other.
func inTurn(ctx context.Context, s Stage) error {
	if _, err := s.Run(ctx, s.ID, sim.Deployment("1.1.0")); err != nil {
		return err
	}
	_, err := s.Run(ctx, s.ID+"-second", sim.Deployment("1.2.0"))
	return err
}
