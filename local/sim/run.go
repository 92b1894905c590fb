package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Run is an execution that has ended.
type Run struct {
	asl.Execution
	// Path is the names of the states that it entered.
	Path []string
}

// Next is the state that was entered after the first visit of a state; empty when there is
// none.
func (r Run) Next(state string) string {
	i := slices.Index(r.Path, state)
	if i < 0 || i+1 >= len(r.Path) {
		return ""
	}
	return r.Path[i+1]
}

// GoLive puts a release into a slot with all the traffic, as an earlier, verified deployment
// "before" would have left it.
func (w *World) GoLive(ctx context.Context, version string, name deploy.Slot) error {
	w.mu.Lock()
	release, err := w.release(version)
	env, found := w.settings[Scope()], w.places[Scope()]
	w.mu.Unlock()
	if err != nil {
		return err
	}
	now := w.now()
	workload := deploy.Workload{Digest: release.Digest, Version: version, Definition: "task:before", Count: env.Capacity.Replicas}
	w.mu.Lock()
	running := found.slots[name]
	running.workload, running.ready = workload, slices.Repeat([]time.Time{now}, workload.Count)
	found.weights = deploy.Split(name, 100)
	found.moments, found.barren = found.moments[:0], false
	w.remember(found)
	found.moments[0].at = now.Add(-24 * time.Hour)
	applied := w.databases[env.Database.Instance]
	applied.applied = append(applied.applied, release.Migrations...)
	schema := applied.version()
	w.mu.Unlock()
	plan := deploy.Plan{Kind: deploy.KindDeploy, Scope: Scope(), Release: release.Ref(), Target: name, Workload: workload, Digest: "sha256:before", SchemaTo: schema}
	plan.Capsule.Weights = deploy.Split(name, 100)
	err = w.Ledger.Begin(ctx, ledger.Deployment{
		ID: "before", Kind: deploy.KindDeploy, Scope: Scope(), Plan: plan, StartedAt: now, EndedAt: now, Outcome: deploy.Succeeded, Promoted: true,
	})
	if err != nil {
		return err
	}
	return w.Ledger.SetLive(ctx, Scope(), ledger.Live{Deployment: "before", Release: release.Ref(), Slot: name, Workload: workload, SchemaVersion: schema, At: now})
}

// Deployment is a request of Requester to deploy a release to Scope.
func Deployment(release string) deploy.Request {
	return deploy.Request{
		SchemaVersion: deploy.SchemaVersion, Kind: deploy.KindDeploy, Scope: Scope(), Release: release,
		RequestedBy: Requester, Reason: "OPS-1", Source: deploy.Source{Kind: "cli"},
	}
}

// Rollback is a request of Requester to take back a deployment to Scope, the newest when id is
// empty.
func Rollback(mode deploy.Mode, id string) deploy.Request {
	return deploy.Request{
		SchemaVersion: deploy.SchemaVersion, Kind: deploy.KindRollback, Scope: Scope(), RequestedBy: Requester,
		Reason: "users complain", Source: deploy.Source{Kind: "cli"}, Rollback: deploy.RollbackRequest{Mode: mode, Deployment: id},
	}
}

// Start starts the machine that a request is for, or else the deploy machine, under the name id, and
// returns at once.
func (w *World) Start(ctx context.Context, id string, request any) error {
	input, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode the request of %s: %w", id, err)
	}
	machine := "deploy"
	var kind struct{ Kind deploy.Kind }
	if json.Unmarshal(input, &kind) == nil && kind.Kind == deploy.KindRollback {
		machine = string(kind.Kind)
	}
	_, err = w.Engine.Start(ctx, machine, id, input)
	return err
}

// Finish waits until nothing runs any more, what the watchdog started included, and returns
// the execution of that name.
func (w *World) Finish(ctx context.Context, id string) (Run, error) {
	for {
		w.work.Wait()
		running := ""
		for _, execution := range w.Engine.List(ctx, "") {
			if execution.Status == asl.StatusRunning {
				running = execution.Arn
			}
		}
		if running == "" {
			return w.Result(ctx, id)
		}
		if _, err := w.Engine.Wait(ctx, running); err != nil {
			return Run{}, err
		}
	}
}

// Run starts a request and waits until nothing runs any more.
func (w *World) Run(ctx context.Context, id string, request any) (Run, error) {
	if err := w.Start(ctx, id, request); err != nil {
		return Run{}, err
	}
	return w.Finish(ctx, id)
}

// Result is what there is to know of an execution now.
func (w *World) Result(ctx context.Context, id string) (Run, error) {
	for _, execution := range w.Engine.List(ctx, "") {
		if execution.Name != id {
			continue
		}
		history, err := w.Engine.History(ctx, execution.Arn)
		if err != nil {
			return Run{}, err
		}
		run := Run{Execution: execution}
		for _, event := range history {
			if event.StateEntered != nil {
				run.Path = append(run.Path, event.StateEntered.Name)
			}
		}
		return run, nil
	}
	return Run{}, fmt.Errorf("find execution %q: there is none", id)
}
