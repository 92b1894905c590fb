package asl

import (
	"context"
	"fmt"
	"slices"
)

func (e *Engine) find(arn string) (*execution, error) {
	e.prepare()
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.executions[arn]; x != nil {
		return x, nil
	}
	return nil, fmt.Errorf("find execution %q: %w", arn, ErrExecutionDoesNotExist)
}

// Describe is what is known now about an execution; ErrExecutionDoesNotExist when there is none.
func (e *Engine) Describe(_ context.Context, arn string) (Execution, error) {
	x, err := e.find(arn)
	if err != nil {
		return Execution{}, err
	}
	return x.snapshot(), nil
}

// Wait blocks until the execution has ended and OnStatus has been told, or until ctx ends; then it
// returns ctx's error. ErrExecutionDoesNotExist when there is no such execution.
func (e *Engine) Wait(ctx context.Context, arn string) (Execution, error) {
	x, err := e.find(arn)
	if err != nil {
		return Execution{}, err
	}
	select {
	case <-x.done:
		return x.snapshot(), nil
	case <-ctx.Done():
		return Execution{}, fmt.Errorf("wait for execution %q: %w", arn, ctx.Err())
	}
}

// Stop ends a running execution as ABORTED, with an error name and cause of the caller's choice;
// both may be empty. It does not wait for the end. Stopping an execution that has ended, or is
// being stopped, does nothing. ErrExecutionDoesNotExist when there is none.
func (e *Engine) Stop(_ context.Context, arn, errName, cause string) error {
	x, err := e.find(arn)
	if err != nil {
		return err
	}
	x.cancel(&stopped{errName, cause})
	return nil
}

// List is every execution of a machine, the newest first; of all machines when machine is "".
func (e *Engine) List(_ context.Context, machine string) []Execution {
	e.prepare()
	e.mu.Lock()
	found := slices.Clone(e.order[machine])
	if machine == "" {
		for _, order := range e.order {
			found = append(found, order...)
		}
	}
	e.mu.Unlock()
	slices.SortStableFunc(found, func(a, b *execution) int { return a.started.Compare(b.started) })
	slices.Reverse(found)
	list := make([]Execution, len(found))
	for i, x := range found {
		list[i] = x.snapshot()
	}
	return list
}
