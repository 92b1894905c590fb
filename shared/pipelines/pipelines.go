// Package pipelines is the port to CodePipeline: what its executions are about, and the jobs by
// which its actions wait for a deployment.
package pipelines

import (
	"context"
	"errors"
)

// Jobs answers the jobs of actions that wait. A job is one question of an action, and has one
// answer: an answer that goes on makes CodePipeline ask again later, in another job.
//
// CodePipeline gives an action of Lambda 20 minutes for each job, and 24 hours for all of them
// (CodePipeline User Guide, "Quotas"): a deployment is waited for in many jobs, none of which may
// be left open until it ends.
type Jobs interface {
	// Origin says which action of which execution a job belongs to.
	Origin(ctx context.Context, job string) (Origin, error)
	// Continue answers that it goes on. token comes back with the next job.
	Continue(ctx context.Context, job, token string, state State) error
	// Succeed answers that the action has succeeded, Fail that it has failed.
	Succeed(ctx context.Context, job string, state State) error
	Fail(ctx context.Context, job string, failure Failure) error
}

// ErrNotWaiting is returned for a job that has its answer, whose time is over, or that never was.
var ErrNotWaiting = errors.New("nobody waits for an answer to the job")

// Origin is where a job comes from. Actions that were never in a pipeline have none.
type Origin struct {
	Pipeline string
	Stage    string
	Action   string
	// Execution is the id of the pipeline's execution.
	Execution string
}

// State is how far a deployment is.
type State struct {
	// Deployment is its id.
	Deployment string
	// Summary is for people; what is too long is cut.
	Summary string
}

// Failure is why an action failed.
type Failure struct {
	Kind Kind
	// Message is for people; what is too long is cut.
	Message string
	// Deployment is the id of the one that failed; empty when none was begun.
	Deployment string
}

// Kind is CodePipeline's kind of a failure.
type Kind string

// The kinds that are used, under CodePipeline's names.
const (
	// JobFailed: it was tried, and did not work.
	JobFailed Kind = "JobFailed"
	// ConfigurationError: the action, or pilotage.yaml, asks for what cannot be.
	ConfigurationError Kind = "ConfigurationError"
	// RevisionUnavailable: it is not known which commit is meant.
	RevisionUnavailable Kind = "RevisionUnavailable"
)
