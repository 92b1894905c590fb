package differential

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/clock"
)

// Script answers invocations with what was recorded: the first call of a state with the first
// answer that the state had then, and so on. It is safe for concurrent use by many plans.
type Script struct {
	// Service is told about decisions and stops.
	Service Service
	// Clock waits before a decision is sent.
	Clock clock.Clock

	mu    sync.Mutex
	parts map[Key]*part
}

// Service is what a script needs of Step Functions.
type Service interface {
	// Decide answers a task token.
	Decide(ctx context.Context, token string, decision Decision) error
	// Stop ends an execution.
	Stop(ctx context.Context, key Key, name, cause string) error
}

// part is the answers for one execution, and what it has asked so far.
type part struct {
	recorded Execution
	used     map[string]int
	calls    []Call
	problems []string
	all      chan struct{} // closed once as many calls were made as were recorded
}

// Unscripted is the error of a call that was not made when the answers were recorded.
const Unscripted = "Lab.Unscripted"

// Learn adds the answers of a trace.
func (s *Script) Learn(trace Trace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == nil {
		s.parts = map[Key]*part{}
	}
	for _, execution := range trace {
		made := &part{recorded: execution, used: map[string]int{}, all: make(chan struct{})}
		if len(execution.Calls) == 0 {
			close(made.all)
		}
		s.parts[execution.Key] = made
	}
}

// Over is closed when an execution that was learned has made as many calls as when it was
// recorded. Not much is left of it then.
func (s *Script) Over(key Key) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parts[key].all
}

// Heard is what an execution has asked since its answers were learned, and what went wrong with
// answering.
func (s *Script) Heard(key Key) (calls []Call, problems []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.parts[key]; p != nil {
		return p.calls, p.problems
	}
	return nil, nil
}

// Answer is a lab.Function.
func (s *Script) Answer(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error) {
	from := originOf(payload)
	key := keyOf(from.Execution)
	call, last, err := s.next(key, Call{Function: function, Stage: from.Stage, Payload: payload})
	if err != nil {
		return nil, err
	}
	switch {
	case last.stops && from.TaskToken != "":
		go s.later(ctx, key, func() error { return s.Service.Stop(ctx, key, last.name, last.cause) })
	case last.stops:
		s.report(key, s.Service.Stop(ctx, key, last.name, last.cause))
	case call.Decision != nil:
		go s.later(ctx, key, func() error { return s.Service.Decide(ctx, from.TaskToken, *call.Decision) })
	}
	return play(ctx, call.Reply)
}

// stop is how an execution was stopped, if it was.
type stop struct {
	stops       bool
	name, cause string
}

// next writes a call down and finds the one that was recorded for it.
func (s *Script) next(key Key, asked Call) (Call, stop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.parts[key]
	if p == nil {
		return Call{}, stop{}, &lab.Error{Type: Unscripted, Message: "there was no execution " + key.String()}
	}
	p.calls = append(p.calls, asked)
	if len(p.calls) == len(p.recorded.Calls) {
		close(p.all)
	}
	skip := p.used[asked.Stage]
	p.used[asked.Stage]++
	for i, call := range p.recorded.Calls {
		if call.Stage != asked.Stage {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		final := i == len(p.recorded.Calls)-1 && p.recorded.Status == string(asl.StatusAborted)
		return call, stop{final, p.recorded.Error, p.recorded.Cause}, nil
	}
	problem := fmt.Sprintf("call %d of %s was never made before", p.used[asked.Stage], asked.Stage)
	p.problems = append(p.problems, problem)
	return Call{}, stop{}, &lab.Error{Type: Unscripted, Message: problem}
}

// play answers as the function did.
func play(ctx context.Context, reply Reply) (json.RawMessage, error) {
	switch {
	case reply.Silent:
		<-ctx.Done()
		return nil, ctx.Err()
	case reply.Dead:
		return nil, fmt.Errorf("%s", reply.Failure.Cause)
	case reply.Failure != nil:
		var told struct{ ErrorMessage string }
		if err := json.Unmarshal([]byte(reply.Failure.Cause), &told); err != nil {
			return nil, fmt.Errorf("read the recorded cause: %w", err)
		}
		return nil, &lab.Error{Type: reply.Failure.Name, Message: told.ErrorMessage}
	}
	return reply.Answer, nil
}

// decideAfter lets the function's answer come before what people do.
const decideAfter = 100 * time.Millisecond

func (s *Script) later(ctx context.Context, key Key, act func() error) {
	err := s.Clock.Wait(ctx, decideAfter)
	if err == nil {
		err = act()
	}
	s.report(key, err)
}

func (s *Script) report(key Key, err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.parts[key]; p != nil {
		p.problems = append(p.problems, err.Error())
	}
}
