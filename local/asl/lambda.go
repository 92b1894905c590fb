package asl

import (
	"context"
	"encoding/json"
	"time"
)

// reply is what a function answered: the result of lambda:invoke, or a failure.
type reply struct {
	result document
	err    error
}

// invoke starts the function and returns at once; one reply will come.
func (v *visit) invoke(arguments document) <-chan reply {
	replies := make(chan reply, 1) // the function may outlive the state
	name, _ := get(arguments.value, "FunctionName").(string)
	if name == "" {
		replies <- reply{err: &Failure{Name: errorRuntime, Cause: "FunctionName must be a string."}}
		return replies
	}
	payload := json.RawMessage("{}")
	if value := get(arguments.value, "Payload"); value != nil {
		doc, err := write(value)
		if err != nil {
			replies <- reply{err: err}
			return replies
		}
		payload = json.RawMessage(doc.text)
	}
	engine := v.frame.execution.engine
	engine.work.Go(func() { replies <- engine.invoke(arnPart(name, "function"), payload) })
	return replies
}

func (e *Engine) invoke(name string, payload json.RawMessage) reply {
	if e.Invoke == nil {
		return reply{err: &Failure{Name: errorLambda, Cause: "Engine.Invoke is not set."}}
	}
	answer, err := e.Invoke(e.root, name, payload)
	if err != nil {
		return reply{err: lambdaFailure(err)}
	}
	if len(answer) == 0 {
		answer = json.RawMessage("null")
	}
	doc, err := read(answer)
	if err != nil {
		return reply{err: &Failure{Name: errorLambda, Cause: "The function's response is no JSON: " + err.Error()}}
	}
	result, err := write(object(
		pair{"ExecutedVersion", "$LATEST"}, pair{"Payload", doc.value}, pair{"StatusCode", whole(200)},
	))
	return reply{result, err}
}

// reply waits for a function that answers for itself.
func (v *visit) reply(ctx context.Context, replies <-chan reply) (document, error) {
	select {
	case r := <-replies:
		return r.result, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-replies: // it came at the same moment
		return r.result, r.err
	default:
		return document{}, context.Cause(ctx)
	}
}

// callback waits for a function, and then for whoever got its task token. An answer to the token
// that comes before the function returns counts once it has.
func (v *visit) callback(
	ctx context.Context, replies <-chan reply, p *pending, heartbeat time.Duration,
) (document, error) {
	silence := v.silence(ctx, heartbeat)
	defer func() { silence.stop(nil) }()
	var answers chan reply // nil, which is never ready, until the function has returned
	for {
		select {
		case r := <-replies:
			if r.err != nil {
				return document{}, r.err
			}
			v.frame.record(HistoryEvent{Type: "TaskSubmitted", TaskSubmitted: &TaskOutputDetails{
				v.state.task.details, r.result.text,
			}})
			answers, replies = p.answer, nil
		case r := <-answers:
			return r.result, r.err
		case <-p.beat:
			silence.stop(nil)
			silence = v.silence(ctx, heartbeat)
		case <-silence.over:
			return document{}, errNoHeartbeat
		case <-ctx.Done():
			return document{}, context.Cause(ctx)
		}
	}
}

const errNoHeartbeat = Error("no heartbeat came")

// silence is the time since the last heartbeat; over closes when it gets too long.
type silence struct {
	over chan struct{}
	stop context.CancelCauseFunc
}

// silence starts to count; a limit of 0 is never over.
func (v *visit) silence(ctx context.Context, limit time.Duration) silence {
	counting, stop := context.WithCancelCause(ctx)
	s := silence{make(chan struct{}), stop}
	if limit > 0 {
		engine := v.frame.execution.engine
		engine.work.Go(func() {
			if engine.Clock.Wait(counting, limit) == nil {
				close(s.over)
			}
		})
	}
	return s
}
