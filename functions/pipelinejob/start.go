package pipelinejob

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/pipelines"
)

var errNoCommit = errors.New("it is not known which commit is meant")

// start starts the deployment that a job asks for, and returns its id.
func (f Function) start(ctx context.Context, job events.CodePipelineJob) (string, error) {
	asked, err := parse(job.Data.ActionConfiguration.Configuration.UserParameters)
	if err != nil {
		return "", err
	}
	to, err := f.find(ctx, asked)
	if err != nil {
		return "", err
	}
	// Where it comes from is worth a line in the record, and no reason not to deploy.
	origin, originErr := f.Jobs.Origin(ctx, job.ID)
	commit, err := f.commit(ctx, job.Data, asked, origin)
	if errors.Is(err, errNoCommit) && originErr != nil {
		err = fault.New(fault.Of(originErr), "%w (%w)", err, originErr)
	}
	if err != nil {
		return "", err
	}
	request, err := admission.OfCommit(ctx, f.Ledger, to, deploy.Request{
		Kind: deploy.KindDeploy, Scope: to.Scope, RequestedBy: "codepipeline", Reason: cmp.Or(asked.Reason, because(origin)),
		Source: deploy.Source{
			Kind: deploy.FromCodePipeline, Repository: to.Repository, Commit: commit,
			Pipeline: origin.Pipeline, Execution: origin.Execution, Job: job.ID,
		},
	}, commit)
	if err != nil {
		return "", err
	}
	// A stage that is tried again has another job, and is another wish.
	admitted, err := f.Door.Admit(ctx, admission.Order{Key: "codepipeline job " + job.ID, Request: request})
	return admitted.Deployment, err
}

func because(origin pipelines.Origin) string {
	if origin.Pipeline == "" {
		return "an action of CodePipeline"
	}
	return "action " + origin.Action + " in stage " + origin.Stage + " of pipeline " + origin.Pipeline
}

// find is the scope that is meant. The service may be left out where one has that environment.
func (f Function) find(ctx context.Context, asked parameters) (deploy.Configured, error) {
	all, err := f.Services.All(ctx)
	if err != nil {
		return deploy.Configured{}, err
	}
	found, err := admission.Only(all, asked.Service, asked.Environment)
	if err != nil {
		return deploy.Configured{}, fault.New(fault.Invalid, "UserParameters name environment %q: %w", asked.Environment, err)
	}
	return found, nil
}

// commit is what the parameters name, or else what the action's input is of, or else what the
// execution is about.
func (f Function) commit(ctx context.Context, data events.CodePipelineData, asked parameters, origin pipelines.Origin) (string, error) {
	if asked.Commit != "" {
		return asked.Commit, nil
	}
	var commits []string
	for _, artefact := range data.InputArtifacts {
		if artefact.Revision == nil {
			continue
		}
		if revision := strings.ToLower(*artefact.Revision); deploy.IsCommit(revision) && !slices.Contains(commits, revision) {
			commits = append(commits, revision)
		}
	}
	if len(commits) == 0 && origin.Execution != "" {
		var err error
		if commits, err = f.Pipelines.Commits(ctx, origin.Pipeline, origin.Execution); err != nil {
			return "", err
		}
	}
	if len(commits) == 1 {
		return commits[0], nil
	}
	found := "neither the action's input nor its execution has one"
	if len(commits) > 1 {
		found = "there are " + strings.Join(commits, " and ")
	}
	return "", fault.New(fault.Invalid, "%w: %s; add \"commit\": \"#{SourceVariables.CommitId}\" to UserParameters, with the namespace of your source action", errNoCommit, found)
}
