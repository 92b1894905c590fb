// Package pipelinejob is what an action of CodePipeline calls that waits for a deployment: it
// starts the deployment, and each time CodePipeline asks again it says how far that is.
package pipelinejob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/pipelines"
	"github.com/pilotage/pilotage/shared/record"
)

// Door starts what is asked for, once.
type Door interface {
	Admit(ctx context.Context, order admission.Order) (admission.Admitted, error)
}

// Services knows what is deployed where.
type Services interface {
	All(ctx context.Context) ([]deploy.Configured, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	Locate(ctx context.Context, id string) (ledger.Deployment, error)
	Deployments(ctx context.Context, scope deploy.Scope, limit int) ([]ledger.Deployment, error)
	Once(ctx context.Context, kind, key, value string) (ledger.Mark, error)
	Finish(ctx context.Context, kind, key string) error
}

// Pipelines knows what executions of CodePipeline were about.
type Pipelines interface {
	Commits(ctx context.Context, pipeline, execution string) ([]string, error)
}

// Function answers jobs.
type Function struct {
	Door      Door
	Services  Services
	Ledger    Ledger
	Pipelines Pipelines
	Jobs      pipelines.Jobs
	Clock     clock.Clock
}

// Result is the answer that a job got.
type Result struct {
	Deployment string `json:"deployment,omitempty"`
	Answer     Answer `json:"answer"`
	// Reason is what the people who look at the pipeline read.
	Reason string `json:"reason"`
}

// Answer is the kind of an answer.
type Answer string

// The answers. Each job gets one of the first three.
const (
	Continued Answer = "continued"
	Succeeded Answer = "succeeded"
	Failed    Answer = "failed"
	// Unheard: the job had its answer before, or waits no more.
	Unheard Answer = "unheard"
)

const (
	// answerMark is the kind of the marks of jobs that have their answer.
	answerMark = "pipeline-job"
	// begunWithin is how long a deployment may take to leave its first trace in the ledger: its
	// first state, with all its retries, takes less.
	begunWithin = 10 * time.Minute
)

// Handle answers a job. The first job of an action starts the deployment; the others carry its id
// as the continuation token. The same job again, at the same time as well, starts nothing new
// and is answered once. What is wrong with the action is an answer too; everything else is an error,
// so that Lambda invokes again. A job without an answer fails after 20 minutes.
func (f Function) Handle(ctx context.Context, event events.CodePipelineJobEvent) (Result, error) {
	job := event.CodePipelineJob
	if job.ID == "" {
		return Result{}, fault.New(fault.Invalid, "the event is no job of CodePipeline: it has no id")
	}
	mark, err := f.Ledger.Once(ctx, answerMark, job.ID, "")
	if err != nil {
		return Result{}, err
	}
	if mark.Done {
		return Result{Answer: Unheard, Reason: "the job has its answer"}, nil
	}
	id := job.Data.ContinuationToken
	if id == "" {
		if id, err = f.start(ctx, job); err != nil {
			return f.refuse(ctx, job.ID, err)
		}
	}
	return f.report(ctx, job.ID, id)
}

// refuse answers that nothing was started, and why. An error that says nothing of the kind may come
// from a call that did start it: then it is for Lambda to try again.
func (f Function) refuse(ctx context.Context, job string, cause error) (Result, error) {
	kind := pipelines.ConfigurationError
	switch {
	case errors.Is(cause, errNoCommit) && fault.Is(cause, fault.Invalid):
		kind = pipelines.RevisionUnavailable
	case fault.Is(cause, fault.Denied):
		kind = pipelines.JobFailed
	case !fault.Is(cause, fault.Invalid):
		return Result{}, cause
	}
	return f.answer(ctx, job, Result{Answer: Failed, Reason: "nothing was deployed: " + cause.Error()}, kind)
}

// report answers how far a deployment is.
func (f Function) report(ctx context.Context, job, id string) (Result, error) {
	entry, err := f.Ledger.Locate(ctx, id)
	if fault.Is(err, fault.Invalid) {
		return f.absent(ctx, job, id)
	}
	if err != nil {
		return Result{}, err
	}
	return f.answer(ctx, job, judge(entry), pipelines.JobFailed)
}

// absent answers for a deployment of which the ledger has nothing: it has just been started, or
// its execution was stopped before it began.
func (f Function) absent(ctx context.Context, job, id string) (Result, error) {
	started, valid := admission.StartedAt(id)
	if !valid {
		return f.answer(ctx, job, Result{Answer: Failed, Reason: fmt.Sprintf("the continuation token %.80q is not that of a deployment", id)}, pipelines.ConfigurationError)
	}
	if f.Clock.Now().Sub(started) < begunWithin {
		return f.answer(ctx, job, Result{Deployment: id, Answer: Continued, Reason: "the deployment was started"}, "")
	}
	return f.answer(ctx, job, Result{
		Deployment: id, Answer: Failed,
		Reason: fmt.Sprintf("the deployment left no trace: its execution %s was stopped before it began; look at it in the Step Functions console", id),
	}, pipelines.JobFailed)
}

// judge is the answer that the entry of a deployment gives.
func judge(entry ledger.Deployment) Result {
	result := Result{Deployment: entry.ID, Answer: Failed}
	where := "the record is " + cmp.Or(entry.RecordKey, "in the history of execution "+entry.ID)
	switch {
	case entry.Open() && entry.Plan.Digest == "":
		result.Answer, result.Reason = Continued, "it is being planned, or waits for people or for its turn"
	case entry.Open():
		result.Answer, result.Reason = Continued, fmt.Sprintf("%s is being deployed to %s", version(entry), entry.Scope.Environment)
	case entry.Outcome == deploy.Succeeded && entry.UndoneBy != "":
		result.Reason = fmt.Sprintf("%s was live in %s and was taken back by %s; %s", version(entry), entry.Scope.Environment, entry.UndoneBy, where)
	case entry.Outcome == deploy.Succeeded:
		result.Answer, result.Reason = Succeeded, fmt.Sprintf("%s is live in %s; %s", version(entry), entry.Scope.Environment, where)
	default:
		result.Reason = fmt.Sprintf("%s: %s in %s: %s; %s", entry.Outcome,
			cmp.Or(entry.Error.Error, string(fault.Internal)), cmp.Or(entry.Error.Stage, "execution"), cmp.Or(record.Message(entry.Error.Cause), "no cause is known"), where)
	}
	return result
}

func version(entry ledger.Deployment) string {
	return cmp.Or(entry.Plan.Release.Version, entry.Request.Release, "the release of "+entry.Request.Promotes)
}

// answer gives a job its answer, and remembers that it has one. Between the two a crash makes the
// next attempt find nobody who waits.
func (f Function) answer(ctx context.Context, job string, result Result, kind pipelines.Kind) (Result, error) {
	var err error
	switch result.Answer {
	case Continued:
		err = f.Jobs.Continue(ctx, job, result.Deployment, pipelines.State{Deployment: result.Deployment, Summary: result.Reason})
	case Succeeded:
		err = f.Jobs.Succeed(ctx, job, pipelines.State{Deployment: result.Deployment, Summary: result.Reason})
	default:
		err = f.Jobs.Fail(ctx, job, pipelines.Failure{Kind: kind, Message: result.Reason, Deployment: result.Deployment})
	}
	if errors.Is(err, pipelines.ErrNotWaiting) {
		result.Answer, err = Unheard, nil
	}
	if err != nil {
		return Result{}, err
	}
	return result, f.Ledger.Finish(ctx, answerMark, job)
}
