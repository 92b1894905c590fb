// Package codepipeline knows executions of CodePipeline and answers its jobs: it implements
// intake.Pipelines and pipelines.Jobs.
package codepipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/pipelines"
)

// api is the calls that are made.
type api interface {
	GetPipelineExecution(context.Context, *codepipeline.GetPipelineExecutionInput, ...func(*codepipeline.Options)) (*codepipeline.GetPipelineExecutionOutput, error)
	GetJobDetails(context.Context, *codepipeline.GetJobDetailsInput, ...func(*codepipeline.Options)) (*codepipeline.GetJobDetailsOutput, error)
	PutJobSuccessResult(context.Context, *codepipeline.PutJobSuccessResultInput, ...func(*codepipeline.Options)) (*codepipeline.PutJobSuccessResultOutput, error)
	PutJobFailureResult(context.Context, *codepipeline.PutJobFailureResultInput, ...func(*codepipeline.Options)) (*codepipeline.PutJobFailureResultOutput, error)
}

// Service is CodePipeline in one account and region. It is safe for concurrent use.
type Service struct{ api api }

var _ pipelines.Jobs = Service{}

// New makes no call.
func New(cfg aws.Config) Service { return Service{api: codepipeline.NewFromConfig(cfg)} }

// Commits are the commits that an execution took from its sources, each once, in the order in
// which CodePipeline has them. Sources that have no commits, such as a bucket's objects, are left
// out. An execution or a pipeline that does not exist is fault.Invalid.
func (s Service) Commits(ctx context.Context, pipeline, execution string) ([]string, error) {
	call := awserr.Call{
		Doing:  fmt.Sprintf("read execution %q of pipeline %q", execution, pipeline),
		Action: "codepipeline:GetPipelineExecution", Setting: "pipelines in pilotage.yaml",
	}
	answer, err := s.api.GetPipelineExecution(ctx, &codepipeline.GetPipelineExecutionInput{
		PipelineName: aws.String(pipeline), PipelineExecutionId: aws.String(execution),
	})
	if err != nil {
		return nil, awserr.Wrap(err, call)
	}
	if answer.PipelineExecution == nil {
		return nil, fault.New(fault.Transient, "%s: the answer is empty", call.Doing)
	}
	var commits []string
	for _, revision := range answer.PipelineExecution.ArtifactRevisions {
		id := strings.ToLower(aws.ToString(revision.RevisionId))
		if deploy.IsCommit(id) && !slices.Contains(commits, id) {
			commits = append(commits, id)
		}
	}
	return commits, nil
}

// Origin says where a job comes from. The event that the function gets does not.
func (s Service) Origin(ctx context.Context, job string) (pipelines.Origin, error) {
	answer, err := s.api.GetJobDetails(ctx, &codepipeline.GetJobDetailsInput{JobId: aws.String(job)})
	if err != nil {
		return pipelines.Origin{}, wrap(err, job, "GetJobDetails")
	}
	if answer.JobDetails == nil || answer.JobDetails.Data == nil || answer.JobDetails.Data.PipelineContext == nil {
		return pipelines.Origin{}, nil
	}
	from := answer.JobDetails.Data.PipelineContext
	origin := pipelines.Origin{Pipeline: aws.ToString(from.PipelineName), Execution: aws.ToString(from.PipelineExecutionId)}
	if from.Stage != nil {
		origin.Stage = aws.ToString(from.Stage.Name)
	}
	if from.Action != nil {
		origin.Action = aws.ToString(from.Action.Name)
	}
	return origin, nil
}

// What CodePipeline takes, in bytes (API Reference, ExecutionDetails and FailureDetails).
const (
	maxSummary = 2048
	maxMessage = 5000
)

// deploymentVariable is the output variable by which later actions name the deployment:
// #{NAMESPACE.Deployment}.
const deploymentVariable = "Deployment"

// Continue answers a job: the action goes on, and token comes back with its next job.
func (s Service) Continue(ctx context.Context, job, token string, state pipelines.State) error {
	// CodePipeline refuses output variables beside a continuation token.
	_, err := s.api.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{
		JobId: aws.String(job), ContinuationToken: aws.String(token), ExecutionDetails: details(state),
	})
	return wrap(err, job, "PutJobSuccessResult")
}

// Succeed answers a job: the action has succeeded.
func (s Service) Succeed(ctx context.Context, job string, state pipelines.State) error {
	_, err := s.api.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{
		JobId: aws.String(job), ExecutionDetails: details(state), OutputVariables: map[string]string{deploymentVariable: state.Deployment},
	})
	return wrap(err, job, "PutJobSuccessResult")
}

// Fail answers a job: the action has failed.
func (s Service) Fail(ctx context.Context, job string, failure pipelines.Failure) error {
	_, err := s.api.PutJobFailureResult(ctx, &codepipeline.PutJobFailureResultInput{
		JobId: aws.String(job), FailureDetails: &types.FailureDetails{
			Type: types.FailureType(failure.Kind), Message: aws.String(cut(failure.Message, maxMessage)), ExternalExecutionId: optional(failure.Deployment),
		},
	})
	return wrap(err, job, "PutJobFailureResult")
}

func details(state pipelines.State) *types.ExecutionDetails {
	return &types.ExecutionDetails{ExternalExecutionId: optional(state.Deployment), Summary: optional(cut(state.Summary, maxSummary))}
}

// wrap knows the errors of a job that waits for nothing.
func wrap(err error, job, action string) error {
	if awserr.Is(err, "InvalidJobStateException", "JobNotFoundException") {
		return fmt.Errorf("answer job %q: %w: %w", job, pipelines.ErrNotWaiting, err)
	}
	return awserr.Wrap(err, awserr.Call{
		Doing: fmt.Sprintf("answer job %q (%s)", job, action), Action: "codepipeline:" + action, Setting: "the region of the pipeline",
	})
}

// optional leaves empty texts out: CodePipeline refuses them.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return aws.String(text)
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}
