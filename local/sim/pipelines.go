package sim

import (
	"context"
	"encoding/json"

	"github.com/pilotage/pilotage/functions/intake"
	local "github.com/pilotage/pilotage/local/pipelines"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/pipelines"
)

// newPipelines is a CodePipeline that invokes the functions of this world.
func (w *World) newPipelines() *local.Service {
	return &local.Service{
		Clock: clock.System{}, NewID: func() string { return "job-" + w.newID() },
		Invoke: func(ctx context.Context, function string, payload json.RawMessage) error {
			_, err := w.invoke(ctx, function, payload)
			return err
		},
	}
}

// Act runs an action of CodePipeline, which Finish waits for. done waits too, and says how the
// action ended.
func (w *World) Act(action local.Action) (done func() local.Outcome) {
	var outcome local.Outcome
	// A channel and no sync.Once: virtual time stands still while somebody waits for a mutex.
	ended := make(chan struct{})
	w.work.Go(func() {
		defer close(ended)
		var err error
		if outcome, err = w.Pipelines.Run(context.Background(), action); err != nil {
			w.violate("action %+v: %v", action.Origin, err)
		}
	})
	return func() local.Outcome { <-ended; return outcome }
}

// executionsOf is intake's side of CodePipeline, and jobs the side of who waits.
type (
	executionsOf struct{ w *World }
	jobs         struct{ w *World }
)

var (
	_ intake.Pipelines = executionsOf{}
	_ pipelines.Jobs   = jobs{}
)

// Commits implements intake.Pipelines.
func (e executionsOf) Commits(ctx context.Context, pipeline, execution string) ([]string, error) {
	return read(e.w, ctx, "Pipelines.Commits", func() ([]string, error) { return e.w.Pipelines.Commits(ctx, pipeline, execution) })
}

// Origin implements pipelines.Jobs.
func (j jobs) Origin(ctx context.Context, job string) (pipelines.Origin, error) {
	return read(j.w, ctx, "Jobs.Origin", func() (pipelines.Origin, error) { return j.w.Pipelines.Origin(ctx, job) })
}

// Continue implements pipelines.Jobs.
func (j jobs) Continue(ctx context.Context, job, token string, state pipelines.State) error {
	return j.answer(ctx, "Jobs.Continue", func() error { return j.w.Pipelines.Continue(ctx, job, token, state) })
}

// Succeed implements pipelines.Jobs.
func (j jobs) Succeed(ctx context.Context, job string, state pipelines.State) error {
	return j.answer(ctx, "Jobs.Succeed", func() error { return j.w.Pipelines.Succeed(ctx, job, state) })
}

// Fail implements pipelines.Jobs.
func (j jobs) Fail(ctx context.Context, job string, failure pipelines.Failure) error {
	return j.answer(ctx, "Jobs.Fail", func() error { return j.w.Pipelines.Fail(ctx, job, failure) })
}

func (j jobs) answer(ctx context.Context, call string, answer func() error) error {
	_, err := read(j.w, ctx, call, func() (struct{}, error) { return struct{}{}, answer() })
	return err
}
