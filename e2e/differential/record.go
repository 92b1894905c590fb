package differential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

// Record runs a plan through our interpreter, over a simulated world of its own, and writes
// down what it did. Run it inside a testing/synctest bubble, where an hour of baking takes no
// time. ErrNotPlayed says that a planned fault never struck: such a plan would compare nothing.
func Record(ctx context.Context, plan Plan, machines sim.Machines) (_ Trace, err error) {
	options := plan.Options
	options.Machines = machines
	world, err := sim.New(options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, world.Close(context.WithoutCancel(ctx))) }()
	if !plan.Empty {
		if err := world.GoLive(ctx, "1.0.0", deploy.Blue); err != nil {
			return nil, err
		}
	}
	for _, fault := range plan.Faults {
		world.FailAt(fault)
	}
	r := &recorder{plan: plan, world: world, invoke: world.Engine.Invoke, calls: map[Key][]*Call{}}
	world.Engine.Invoke = r.record
	if err := plan.Act(ctx, Stage{World: world, ID: plan.ID}); err != nil {
		return nil, fmt.Errorf("act it out: %w", err)
	}
	if got := world.Struck(); got < len(plan.Faults) {
		return nil, fmt.Errorf("%w: %d of %d faults struck", ErrNotPlayed, got, len(plan.Faults))
	}
	if plan.Hang != nil && !r.hung {
		return nil, fmt.Errorf("%w: no function hung", ErrNotPlayed)
	}
	return r.trace(ctx)
}

// ErrNotPlayed says that a plan does not go as it is written: a fault was planned where nothing
// comes by, or nobody was asked who was to vote.
var ErrNotPlayed = errors.New("the plan does not go as it is written")

// recorder stands between the engine and the functions.
type recorder struct {
	plan   Plan
	world  *sim.World
	invoke func(context.Context, string, json.RawMessage) (json.RawMessage, error)

	mu    sync.Mutex
	calls map[Key][]*Call
	hung  bool
}

func (r *recorder) record(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error) {
	from := originOf(payload)
	key := keyOf(from.Execution)
	call := &Call{Function: function, Stage: from.Stage, Payload: payload}
	if r.hangs(key, call) {
		return nil, r.hang(ctx)
	}
	reply, err := r.ask(ctx, function, payload)
	r.mu.Lock()
	defer r.mu.Unlock()
	call.Reply = reply
	return reply.Answer, err
}

// hangs writes a call down, and reports whether it is the one that gets no answer.
func (r *recorder) hangs(key Key, call *Call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[key] = append(r.calls[key], call)
	call.Reply.Silent = r.plan.Hang != nil && !r.hung && *r.plan.Hang == Spot{key.Machine, call.Stage}
	r.hung = r.hung || call.Reply.Silent
	return call.Reply.Silent
}

// patience is longer than any state waits for its function.
const patience = time.Hour

func (r *recorder) hang(ctx context.Context) error {
	if err := r.world.World.Clock.Wait(ctx, patience); err != nil {
		return err
	}
	return errors.New("the function hung")
}

// ask calls the function. The failure that it returns has Lambda's cause.
func (r *recorder) ask(ctx context.Context, function string, payload json.RawMessage) (Reply, error) {
	answer, err := r.invoke(ctx, function, payload)
	if err == nil {
		return Reply{Answer: answer}, nil
	}
	var failure *asl.Failure
	switch {
	case errors.As(err, &failure):
	case r.plan.Deaths == Untyped:
		return Reply{Dead: true, Failure: &asl.Failure{Cause: err.Error()}}, err
	default:
		failure = &asl.Failure{Name: "Lambda.Unknown", Cause: err.Error()}
	}
	if !json.Valid([]byte(failure.Cause)) {
		failure = asl.LambdaFailure(failure.Name, failure.Cause)
	}
	return Reply{Failure: failure}, failure
}

// trace puts the executions together, the oldest first.
func (r *recorder) trace(ctx context.Context) (Trace, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var trace Trace
	parents := map[Key]Key{}
	listed := r.world.Engine.List(ctx, "")
	for i := len(listed) - 1; i >= 0; i-- {
		history, err := r.world.Engine.History(ctx, listed[i].Arn)
		if err != nil {
			return nil, err
		}
		trace = append(trace, r.execution(listed[i], history))
		for _, event := range history {
			if submitted := event.TaskSubmitted; submitted != nil && submitted.ResourceType == statesResource {
				var child struct{ ExecutionArn string }
				if err := json.Unmarshal([]byte(submitted.Output), &child); err != nil {
					return nil, fmt.Errorf("read what %s started: %w", listed[i].Arn, err)
				}
				parents[keyOf(child.ExecutionArn)] = Key{listed[i].Machine, listed[i].Name}
			}
		}
	}
	for i := range trace {
		trace[i].Parent = parents[trace[i].Key]
	}
	return trace, nil
}

func (r *recorder) execution(from asl.Execution, history []asl.HistoryEvent) Execution {
	key := Key{from.Machine, from.Name}
	made := Execution{
		Key: key, Status: string(from.Status), Input: from.Input, Output: from.Output, Error: from.Error, Cause: from.Cause,
	}
	for _, event := range history {
		made.Events = append(made.Events, event.Type)
		if event.StateEntered != nil {
			made.Path = append(made.Path, event.StateEntered.Name)
		}
		if end, ok := taskEnd(event); ok {
			made.Tasks = append(made.Tasks, end)
		}
	}
	decide(r.calls[key], history)
	for _, call := range r.calls[key] {
		made.Calls = append(made.Calls, *call)
	}
	return made
}

// taskEnd is what an event tells of the end of a task, if that is to be compared.
func taskEnd(event asl.HistoryEvent) (TaskEnd, bool) {
	of := func(d asl.TaskDetails, err, text string) TaskEnd {
		return TaskEnd{event.Type, d.ResourceType + ":" + d.Resource, err, text}
	}
	switch {
	case event.TaskFailed != nil:
		return of(event.TaskFailed.TaskDetails, event.TaskFailed.Error, event.TaskFailed.Cause), true
	case event.TaskTimedOut != nil:
		return of(event.TaskTimedOut.TaskDetails, event.TaskTimedOut.Error, event.TaskTimedOut.Cause), true
	case event.TaskSucceeded != nil && event.TaskSucceeded.ResourceType == statesResource:
		return of(event.TaskSucceeded.TaskDetails, "", event.TaskSucceeded.Output), true
	}
	return TaskEnd{}, false
}

// decide finds in the history what was sent to each task token.
func decide(calls []*Call, history []asl.HistoryEvent) {
	const callback = "invoke.waitForTaskToken"
	var waiting []*Call
	for _, call := range calls {
		if originOf(call.Payload).TaskToken != "" && call.Reply.Answer != nil {
			waiting = append(waiting, call)
		}
	}
	submitted := false
	for _, event := range history {
		var decision *Decision
		switch {
		case event.TaskSubmitted != nil && event.TaskSubmitted.Resource == callback:
			submitted = true
			continue
		case event.TaskSucceeded != nil && event.TaskSucceeded.Resource == callback:
			decision = &Decision{Output: json.RawMessage(event.TaskSucceeded.Output)}
		case event.TaskFailed != nil && event.TaskFailed.Resource == callback:
			decision = &Decision{Error: event.TaskFailed.Error, Cause: event.TaskFailed.Cause}
		case event.TaskTimedOut != nil && event.TaskTimedOut.Resource == callback:
		default:
			continue
		}
		if submitted && len(waiting) > 0 {
			waiting[0].Decision, waiting = decision, waiting[1:]
		}
		submitted = false
	}
}
