package intake

import (
	"context"
	"errors"
	"strings"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// PipelineChange is the detail of CodePipeline's state-change events (CodePipeline User Guide,
// "Monitoring CodePipeline events").
type PipelineChange struct {
	Pipeline  string `json:"pipeline"`
	Execution string `json:"execution-id"`
	// Stage is empty for the pipeline as a whole.
	Stage string `json:"stage"`
	State string `json:"state"`
}

// pipeline deploys the commit of a pipeline that succeeded to every environment that waits for it.
func (f Function) pipeline(ctx context.Context, change PipelineChange) (Result, error) {
	if change.Pipeline == "" || change.Execution == "" || change.State == "" {
		return Result{}, fault.New(fault.Invalid, "the event of CodePipeline names no pipeline, execution or state")
	}
	if change.State != "SUCCEEDED" {
		return Result{Reason: "state " + change.State + " begins nothing"}, nil
	}
	waiting, err := f.waiting(ctx, change)
	if err != nil {
		return Result{}, err
	}
	if len(waiting) == 0 {
		return Result{Reason: "no environment waits for " + where(change)}, nil
	}
	commits, err := f.Pipelines.Commits(ctx, change.Pipeline, change.Execution)
	if err != nil {
		return Result{}, err
	}
	if len(commits) != 1 {
		return Result{}, fault.New(fault.Invalid, "execution %s of pipeline %s was about %d commits (%s); pilotage deploys one: give the pipeline one source", change.Execution, change.Pipeline, len(commits), strings.Join(commits, ", "))
	}
	var orders []admission.Order
	var without []string
	var failed error
	for _, one := range waiting {
		request := deploy.Request{
			Kind: deploy.KindDeploy, Scope: one.Scope, RequestedBy: "codepipeline", Reason: cut(where(change) + " succeeded"),
			Source: deploy.Source{Kind: deploy.FromCodePipeline, Repository: one.Repository, Commit: commits[0], Pipeline: change.Pipeline, Execution: change.Execution},
		}
		request, err := admission.OfCommit(ctx, f.Ledger, one, request, commits[0])
		switch {
		case fault.Is(err, fault.Denied):
			// That one environment takes nothing yet is no reason for the others to wait.
			without = append(without, err.Error())
			continue
		case err != nil:
			failed = errors.Join(failed, err)
			continue
		}
		orders = append(orders, admission.Order{Key: strings.Join([]string{"codepipeline", change.Pipeline, change.Execution, change.Stage}, " "), Request: request})
	}
	var result Result
	if len(orders) > 0 {
		result, err = f.admit(ctx, orders, "")
	}
	result.Reason = strings.Join(without, "; ")
	return result, errors.Join(failed, err)
}

func where(change PipelineChange) string {
	if change.Stage == "" {
		return "pipeline " + change.Pipeline
	}
	return "stage " + change.Stage + " of pipeline " + change.Pipeline
}

// waiting are the environments that a pipeline, or a stage of one, deploys to.
func (f Function) waiting(ctx context.Context, change PipelineChange) ([]deploy.Configured, error) {
	all, err := f.Services.All(ctx)
	if err != nil {
		return nil, err
	}
	var found []deploy.Configured
	for _, one := range all {
		for _, pipeline := range one.Environment.Pipelines {
			if pipeline.Name == change.Pipeline && pipeline.Stage == change.Stage {
				found = append(found, one)
			}
		}
	}
	return found, nil
}
