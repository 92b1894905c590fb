package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Start begins an execution and returns its ARN without waiting for anything but OnStatus and
// OnEvent. An empty name is replaced by a new one, an empty input by {}. Repeating the call with
// the same name and input is safe while the execution runs: it returns the same ARN; otherwise it
// is ErrExecutionAlreadyExists. Further errors: ErrStateMachineDoesNotExist, ErrInvalidName,
// ErrInvalidExecutionInput, ErrShutDown. ctx covers the call, not the execution.
func (e *Engine) Start(ctx context.Context, machine, name string, input json.RawMessage) (string, error) {
	x, err := e.start(ctx, machine, name, input)
	if err != nil {
		return "", fmt.Errorf("start execution %q of %q: %w", name, machine, err)
	}
	return x.arn, nil
}

func (e *Engine) start(ctx context.Context, machine, name string, input json.RawMessage) (*execution, error) {
	e.prepare()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(input) == 0 {
		input = json.RawMessage("{}")
	}
	doc, err := read(input)
	if err != nil || len(doc.text) > maxPayload {
		return nil, ErrInvalidExecutionInput
	}
	if name == "" {
		name = e.NewID()
	}
	x, fresh, err := e.admit(machine, name, doc)
	if err != nil || !fresh {
		return x, err
	}
	x.announce()
	x.record(0, HistoryEvent{Type: "ExecutionStarted", ExecutionStarted: &ExecutionStartedDetails{
		Input: doc.text, RoleArn: roleArn,
	}})
	x.begin()
	return x, nil
}

// admit registers the execution, or finds the one that an earlier call registered.
func (e *Engine) admit(machine, name string, input document) (x *execution, fresh bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m, ok := e.machines[machine]
	switch {
	case e.closed:
		return nil, false, ErrShutDown
	case !ok:
		return nil, false, ErrStateMachineDoesNotExist
	case !isName(name):
		return nil, false, ErrInvalidName
	}
	arn := arnPrefix + "execution:" + machine + ":" + name
	if earlier := e.executions[arn]; earlier != nil {
		if earlier.input.text == input.text && earlier.snapshot().Status == StatusRunning {
			return earlier, false, nil
		}
		return nil, false, ErrExecutionAlreadyExists
	}
	x = &execution{
		engine: e, machine: m, machineName: machine, name: name, arn: arn, input: input,
		started: e.Clock.Now().Truncate(time.Millisecond), done: make(chan struct{}), status: StatusRunning,
	}
	x.ctx, x.cancel = context.WithCancelCause(e.root)
	e.executions[arn] = x
	e.order[machine] = append(e.order[machine], x)
	e.work.Add(1) // before the lock is let go, so that Shutdown waits for it
	return x, true, nil
}

// begin runs the execution in a goroutine of its own, which Shutdown waits for.
func (x *execution) begin() {
	if limit := x.machine.timeout; limit > 0 {
		x.engine.work.Go(func() {
			if x.engine.Clock.Wait(x.ctx, limit) == nil {
				x.cancel(errTimedOut)
			}
		})
	}
	go func() {
		defer x.engine.work.Done()
		f := &frame{execution: x}
		output, err := f.run(x.ctx, &x.machine.root, x.input)
		x.finish(f.previous, output, err)
	}()
}

const errTimedOut = Error("the time is over")
