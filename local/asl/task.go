package asl

import (
	"context"
	"strings"
	"time"
)

// task is a Task state's own fields.
type task struct {
	details   TaskDetails // the resource, as the history writes it
	timeout   template    // nil: none
	heartbeat template    // nil: none
}

// The resources, as the history names them.
const (
	resourceInvoke = "invoke"
	resourceToken  = "invoke.waitForTaskToken"
	resourceChild  = "startExecution.sync:2"
	resourceBuild  = "startBuild.sync"
)

func (p *parser) task(f *fields, s *state) {
	f.handlers(s)
	s.task.timeout, s.task.heartbeat = f.number("TimeoutSeconds", 1), f.number("HeartbeatSeconds", 1)
	long, hasTimeout := literalNumber(s.task.timeout)
	short, hasHeartbeat := literalNumber(s.task.heartbeat)
	if hasTimeout && hasHeartbeat && short >= long {
		p.refuse(join(f.path, "HeartbeatSeconds"), "must be less than TimeoutSeconds")
	}
	if resource, ok := f.required("Resource"); ok {
		text, _ := resource.value.(string)
		s.task.details, ok = taskDetails(text)
		if !ok {
			p.refuse(resource.path, "the resource %q is not supported", text)
		}
	}
	p.taskArguments(f, s)
}

func literalNumber(t template) (float64, bool) {
	literal, _ := t.(constant)
	value, ok := literal.value.(float64)
	return value, ok
}

func taskDetails(resource string) (TaskDetails, bool) {
	partition, rest, _ := strings.Cut(resource, ":states:::")
	if !strings.HasPrefix(partition, "arn:aws") || strings.Count(partition, ":") != 1 {
		return TaskDetails{}, false
	}
	kind, name, _ := strings.Cut(rest, ":")
	details := TaskDetails{ResourceType: kind, Resource: name}
	switch details {
	case TaskDetails{resourceInvoke, "lambda"}, TaskDetails{resourceToken, "lambda"}, TaskDetails{resourceChild, "states"},
		TaskDetails{resourceBuild, "codebuild"}:
		return details, true
	}
	return TaskDetails{}, false
}

// taskArguments checks the keys that the resource takes, when Arguments shows them.
func (p *parser) taskArguments(f *fields, s *state) {
	n, ok := f.required("Arguments")
	if !ok {
		return
	}
	s.arguments = p.template(n, "Arguments")
	if _, ok := n.value.([]member); !ok {
		if _, ok := s.arguments.(*expression); !ok {
			p.refuse(n.path, "must be an object or {%% an expression %%}")
		}
		return
	}
	arguments := p.fields(n)
	switch s.task.details.ResourceType {
	case "states":
		arguments.required("StateMachineArn")
		arguments.take("Input")
		arguments.take("Name")
	case "codebuild":
		arguments.required("ProjectName")
		for _, name := range buildFields() {
			arguments.take(name)
		}
	default:
		arguments.required("FunctionName")
		arguments.take("Payload")
	}
	arguments.done()
}

// perform makes one attempt at a task.
func (v *visit) perform(ctx context.Context) (document, error) {
	engine := v.frame.execution.engine
	var p *pending
	if v.state.task.details.Resource == resourceToken {
		p = engine.expect()
		v.token = p.token
		defer engine.expire(p)
	}
	arguments, err := evalDocument(ctx, v.state.arguments, v.bind())
	if err != nil {
		return document{}, err
	}
	if len(arguments.text) > maxPayload {
		return document{}, tooLarge("Arguments of state '" + v.state.name + "'")
	}
	timeout, heartbeat, err := v.limits(ctx)
	if err != nil {
		return document{}, err
	}
	v.frame.record(HistoryEvent{Type: "TaskScheduled", TaskScheduled: &TaskScheduledDetails{
		TaskDetails: v.state.task.details, Region: "local", Parameters: arguments.text,
		TimeoutInSeconds: timeout, HeartbeatInSeconds: heartbeat,
	}})
	details := v.state.task.details
	v.frame.record(HistoryEvent{Type: "TaskStarted", TaskStarted: &details})
	limited, cancel := engine.limit(ctx, time.Duration(timeout)*time.Second)
	defer cancel(nil)
	result, err := v.call(limited, arguments, p, time.Duration(heartbeat)*time.Second)
	return v.performed(ctx, result, err)
}

// limits evaluates TimeoutSeconds and HeartbeatSeconds, 0 when absent.
func (v *visit) limits(ctx context.Context) (timeout, heartbeat int64, err error) {
	if t := v.state.task.timeout; t != nil {
		if timeout, err = v.count(ctx, t, "TimeoutSeconds", 1); err != nil {
			return 0, 0, err
		}
	}
	if t := v.state.task.heartbeat; t != nil {
		if heartbeat, err = v.count(ctx, t, "HeartbeatSeconds", 1); err != nil {
			return 0, 0, err
		}
	}
	return timeout, heartbeat, nil
}

// call runs the resource. When ctx ends first the error is ctx's cause.
func (v *visit) call(ctx context.Context, arguments document, p *pending, heartbeat time.Duration) (document, error) {
	switch v.state.task.details.Resource {
	case resourceChild:
		return v.child(ctx, arguments)
	case resourceBuild:
		return v.build(ctx, arguments)
	}
	replies := v.invoke(arguments)
	if p == nil {
		return v.reply(ctx, replies)
	}
	return v.callback(ctx, replies, p, heartbeat)
}

// performed writes down how the attempt ended.
func (v *visit) performed(ctx context.Context, result document, err error) (document, error) {
	if ctx.Err() != nil {
		return document{}, errInterrupted
	}
	details := v.state.task.details
	if err == nil && len(result.text) > maxPayload {
		err = tooLarge("state/task '" + details.ResourceType + "'")
	}
	if err == nil {
		v.frame.record(HistoryEvent{Type: "TaskSucceeded", TaskSucceeded: &TaskOutputDetails{details, result.text}})
		return result, nil
	}
	failure, ok := err.(*Failure) //nolint:errorlint // call never wraps
	if !ok {
		failure = &Failure{Name: errorTimeout, heartbeat: err == errNoHeartbeat} //nolint:errorlint // a constant
	}
	event := &TaskFailureDetails{details, failure.Name, failure.Cause}
	if ok {
		v.frame.record(HistoryEvent{Type: "TaskFailed", TaskFailed: event})
	} else {
		v.frame.record(HistoryEvent{Type: "TaskTimedOut", TaskTimedOut: event})
	}
	return document{}, failure
}

// limit is a context that ends with errTimedOut after d; a d of 0 sets no limit.
func (e *Engine) limit(ctx context.Context, d time.Duration) (context.Context, context.CancelCauseFunc) {
	limited, cancel := context.WithCancelCause(ctx)
	if d > 0 {
		e.work.Go(func() {
			if e.Clock.Wait(limited, d) == nil {
				cancel(errTimedOut)
			}
		})
	}
	return limited, cancel
}
