package pipelines

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/pipelines"
)

// job is one question of an action.
type job struct {
	id     string
	origin pipelines.Origin
	// heard ends once the job has its answer.
	heard  context.Context
	hear   context.CancelFunc
	closed bool
	given  given
}

// given is the answer to a job. One with a token makes the action ask again.
type given struct {
	token      string
	text       string
	deployment string
	failure    pipelines.Failure
}

var _ pipelines.Jobs = &Service{}

func (s *Service) ask(origin pipelines.Origin) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs == nil {
		s.jobs = map[string]*job{}
	}
	made := &job{id: s.NewID(), origin: origin}
	made.heard, made.hear = context.WithCancel(context.Background())
	s.jobs[made.id] = made
	return made
}

// wait waits for the answer to a job for as long as CodePipeline does.
func (s *Service) wait(ctx context.Context, asked *job) (given, error) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(asked.heard, stop)()
	// Its error says that the answer is there, or that ctx has ended.
	_ = s.Clock.Wait(waiting, jobTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !asked.closed {
		asked.closed = true
		asked.hear()
		if err := ctx.Err(); err != nil {
			return given{}, fmt.Errorf("wait for the answer to job %s: %w", asked.id, err)
		}
		text := fmt.Sprintf("the function gave no answer within %s", jobTimeout)
		return given{text: text, failure: pipelines.Failure{Kind: pipelines.JobFailed, Message: text}}, nil
	}
	return asked.given, nil
}

// Origin implements pipelines.Jobs.
func (s *Service) Origin(_ context.Context, id string) (pipelines.Origin, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, found := s.jobs[id]
	if !found {
		return pipelines.Origin{}, fmt.Errorf("describe job %s: %w", id, pipelines.ErrNotWaiting)
	}
	return known.origin, nil
}

// Continue implements pipelines.Jobs.
func (s *Service) Continue(_ context.Context, id, token string, state pipelines.State) error {
	return s.answer(id, given{token: token, text: state.Summary, deployment: state.Deployment})
}

// Succeed implements pipelines.Jobs.
func (s *Service) Succeed(_ context.Context, id string, state pipelines.State) error {
	return s.answer(id, given{text: state.Summary, deployment: state.Deployment})
}

// Fail implements pipelines.Jobs.
func (s *Service) Fail(_ context.Context, id string, failure pipelines.Failure) error {
	return s.answer(id, given{text: failure.Message, deployment: failure.Deployment, failure: failure})
}

func (s *Service) answer(id string, answer given) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, found := s.jobs[id]
	if !found || known.closed {
		return fmt.Errorf("answer job %s: %w", id, pipelines.ErrNotWaiting)
	}
	known.closed, known.given = true, answer
	known.hear()
	return nil
}
