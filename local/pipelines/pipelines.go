// Package pipelines is CodePipeline on one machine, as much of it as pilotage meets: executions
// with their commits, and actions that invoke a function and wait for the answers to its jobs.
package pipelines

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/pipelines"
)

// Service is the service of one account. Set its fields before the first call. It is safe for
// concurrent use.
type Service struct {
	Clock clock.Clock
	// NewID makes ids of jobs; they must not repeat.
	NewID func() string
	// AskAgainAfter is how long an action waits after an answer that goes on; zero is half a minute,
	// which is what is seen on AWS, where nothing is promised.
	AskAgainAfter time.Duration
	// Invoke runs a function. An error makes it run again, as Lambda does.
	Invoke func(ctx context.Context, function string, payload json.RawMessage) error

	mu         sync.Mutex
	executions map[[2]string][]string
	jobs       map[string]*job
}

// Action is an action that invokes a function.
type Action struct {
	// Origin says where it is.
	Origin pipelines.Origin
	// Function and Parameters are of its configuration.
	Function   string
	Parameters string
	// Revisions are those of its input artefacts; an empty one is unknown.
	Revisions []string
}

// Outcome is how an action ended.
type Outcome struct {
	// Failure is the zero Failure when it succeeded.
	Failure pipelines.Failure
	// Deployment is the last one that an answer named.
	Deployment string
	// Answers are the texts of all answers, in order.
	Answers []string
}

// Succeeded reports whether the action did.
func (o Outcome) Succeeded() bool { return o.Failure == pipelines.Failure{} }

// The times of an action that invokes Lambda (CodePipeline User Guide, "Quotas").
const (
	jobTimeout    = 20 * time.Minute
	actionTimeout = 24 * time.Hour
	askAgainAfter = 30 * time.Second // the default of AskAgainAfter
)

// Register makes an execution of a pipeline known, with the commits of its sources.
func (s *Service) Register(pipeline, execution string, commits ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.executions == nil {
		s.executions = map[[2]string][]string{}
	}
	s.executions[[2]string{pipeline, execution}] = commits
}

// Commits implements intake.Pipelines.
func (s *Service) Commits(_ context.Context, pipeline, execution string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	commits, known := s.executions[[2]string{pipeline, execution}]
	if !known {
		return nil, fault.New(fault.Invalid, "read execution %q of pipeline %q: there is none", execution, pipeline)
	}
	return slices.Clone(commits), nil
}

// Run runs an action to its end: it asks, and asks again for as long as the answer is that it goes
// on. It returns ctx's error when that ends first.
func (s *Service) Run(ctx context.Context, action Action) (Outcome, error) {
	var outcome Outcome
	var invocations sync.WaitGroup
	defer invocations.Wait()
	token := ""
	for begun := s.Clock.Now(); s.Clock.Now().Sub(begun) < actionTimeout; {
		asked := s.ask(action.Origin)
		payload, err := action.event(asked.id, token)
		if err != nil {
			return outcome, err
		}
		invocations.Go(func() { s.invoke(ctx, action.Function, payload) })
		given, err := s.wait(ctx, asked)
		if err != nil {
			return outcome, err
		}
		outcome.Failure, outcome.Answers = given.failure, append(outcome.Answers, given.text)
		if given.deployment != "" {
			outcome.Deployment = given.deployment
		}
		if given.token == "" {
			return outcome, nil
		}
		token = given.token
		if err := s.Clock.Wait(ctx, cmp.Or(s.AskAgainAfter, askAgainAfter)); err != nil {
			return outcome, err
		}
	}
	outcome.Failure = pipelines.Failure{Kind: pipelines.JobFailed, Message: fmt.Sprintf("the action timed out after %s", actionTimeout)}
	return outcome, nil
}

// invoke runs the function asynchronously as Lambda does: after an error twice more, a minute and
// two minutes later.
func (s *Service) invoke(ctx context.Context, function string, payload json.RawMessage) {
	for _, before := range []time.Duration{0, time.Minute, 2 * time.Minute} {
		if s.Clock.Wait(ctx, before) != nil || s.Invoke(ctx, function, payload) == nil {
			return
		}
	}
}

// event is what the function gets. It does not say which pipeline it comes from.
func (a Action) event(job, token string) (json.RawMessage, error) {
	var event events.CodePipelineJobEvent
	event.CodePipelineJob.ID, event.CodePipelineJob.AccountID = job, "000000000000"
	data := &event.CodePipelineJob.Data
	data.ActionConfiguration.Configuration = events.CodePipelineConfiguration{FunctionName: a.Function, UserParameters: a.Parameters}
	data.ContinuationToken = token
	for _, revision := range a.Revisions {
		artefact := events.CodePipelineInputArtifact{Name: "SourceArtifact"}
		if revision != "" {
			artefact.Revision = &revision
		}
		data.InputArtifacts = append(data.InputArtifacts, artefact)
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("encode job %s: %w", job, err)
	}
	return payload, nil
}
