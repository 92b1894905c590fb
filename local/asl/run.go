package asl

import (
	"context"
	"maps"
	"time"
)

// frame is one line of control through a scope: the execution itself, or one branch of a Parallel
// or Map state. One goroutine uses it.
type frame struct {
	execution *execution
	vars      map[string]any // never changed in place: branches share it
	item      any            // $states.context.Map, nil outside of Map states
	previous  int64          // the event that led to the next one; 0 for the first, as recorded on AWS
}

// visit is one stay in a state, its retries included.
type visit struct {
	frame   *frame
	state   *state
	input   document
	entered time.Time
	event   int64 // the id of the …StateEntered event
	retries int64
	token   string // of the present attempt, "" when the resource has none
}

// leave is how a visit ended well.
type leave struct {
	next     string // "" when the scope ends
	output   document
	assigned assigned
}

// run goes from state to state until the scope ends. Errors are a *Failure or errInterrupted.
func (f *frame) run(ctx context.Context, s *scope, input document) (document, error) {
	name := s.start
	for {
		if ctx.Err() != nil {
			return document{}, errInterrupted
		}
		v := &visit{frame: f, state: s.states[name], input: input, entered: f.execution.engine.Clock.Now()}
		v.event = f.record(HistoryEvent{
			Type: v.state.kind + "StateEntered", StateEntered: &StateEnteredDetails{Name: name, Input: input.text},
		})
		end, err := v.stay(ctx)
		if err != nil {
			return document{}, err
		}
		f.vars = end.assigned.vars
		f.record(HistoryEvent{Type: v.state.kind + "StateExited", StateExited: &StateExitedDetails{
			Name: name, Output: end.output.text, AssignedVariables: end.assigned.texts,
		}})
		if end.next == "" {
			return end.output, nil
		}
		name, input = end.next, end.output
	}
}

// record writes an event that follows the frame's last one.
func (f *frame) record(event HistoryEvent) int64 {
	f.previous = f.execution.record(f.previous, event)
	return f.previous
}

// stay tries the state until it succeeds, a catcher takes its failure, or nothing does.
func (v *visit) stay(ctx context.Context) (leave, error) {
	counts := make([]int64, len(v.state.retry))
	for {
		end, err := v.once(ctx)
		if err == nil {
			return end, nil
		}
		failure, err := v.failure(ctx, err)
		if err != nil {
			return leave{}, err
		}
		again, err := v.again(ctx, failure, counts)
		if err != nil {
			return leave{}, err
		}
		if !again {
			return v.caught(ctx, failure)
		}
	}
}

// failure makes of err what rules match, and writes down an expression that failed. An
// interruption comes back as the error.
func (v *visit) failure(ctx context.Context, err error) (*Failure, error) {
	if ctx.Err() != nil {
		v.aborted()
		return nil, errInterrupted
	}
	switch e := err.(type) { //nolint:errorlint // once never wraps
	case *Failure:
		return e, nil
	case *evaluationError:
		v.frame.record(HistoryEvent{Type: "EvaluationFailed", EvaluationFailed: &EvaluationFailedDetails{
			Error: errorQuery, Cause: e.cause, Location: e.field, State: v.state.name,
		}})
		return &Failure{Name: errorQuery, Cause: v.executing() + e.cause}, nil
	}
	return &Failure{Name: errorRuntime, Cause: v.executing() + err.Error()}, nil
}

// aborted writes down that a state which was under way will not end.
func (v *visit) aborted() {
	switch v.state.kind {
	case kindTask, kindWait, kindParallel, kindMap:
		v.frame.record(HistoryEvent{Type: v.state.kind + "StateAborted"})
	}
}

// again waits for the first retrier that matches and has retries left. A retrier that matches and
// has none left ends the search: the failure goes to the catchers.
func (v *visit) again(ctx context.Context, failure *Failure, counts []int64) (bool, error) {
	for i, r := range v.state.retry {
		if !failure.matches(r.errors) {
			continue
		}
		if counts[i] >= r.attempts {
			return false, nil
		}
		engine := v.frame.execution.engine
		if engine.Clock.Wait(ctx, r.delay(counts[i], engine.Rand)) != nil {
			v.aborted()
			return false, errInterrupted
		}
		counts[i]++
		v.retries++
		return true, nil
	}
	return false, nil
}

// caught goes where the first matching catcher leads; without one the failure ends the scope.
func (v *visit) caught(ctx context.Context, failure *Failure) (leave, error) {
	for _, c := range v.state.catch {
		if !failure.matches(c.errors) {
			continue
		}
		vars := v.bind(pair{"errorOutput", failure.output()})
		end, err := v.leave(ctx, vars, leaving{c.next, c.assign, c.output, failure.output()})
		if err != nil {
			failure, err = v.failure(ctx, err)
			if err != nil {
				return leave{}, err
			}
			return leave{}, failure
		}
		return end, nil
	}
	return leave{}, failure
}

// leaving is what decides how a state is left.
type leaving struct {
	next     string
	assign   []assignment
	output   template
	fallback any // the output when no template gives it
}

// leave evaluates Assign and Output, both against the variables as they are on entry.
func (v *visit) leave(ctx context.Context, vars map[string]any, l leaving) (leave, error) {
	set, err := v.evalAssign(ctx, l.assign, vars)
	if err != nil {
		return leave{}, err
	}
	var output document
	if l.output == nil {
		output, err = write(l.fallback)
	} else {
		output, err = evalDocument(ctx, l.output, vars)
	}
	if err != nil {
		return leave{}, err
	}
	if len(output.text) > maxPayload {
		return leave{}, tooLarge("state '" + v.state.name + "'")
	}
	return leave{next: l.next, output: output, assigned: set}, nil
}

// branch is a frame for an inner scope that starts after the event with that id.
func (f *frame) branch(item any) *frame {
	return &frame{execution: f.execution, vars: maps.Clone(f.vars), item: item, previous: f.previous}
}
