package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/decision"
)

// tokens is the engine's side of a decision.
type tokens struct{ w *World }

// SendTaskSuccess implements decision.Tokens.
func (t tokens) SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error {
	return t.send(ctx, "Tokens.SendTaskSuccess", func() error { return t.w.Engine.SendTaskSuccess(ctx, token, output) })
}

// SendTaskFailure implements decision.Tokens.
func (t tokens) SendTaskFailure(ctx context.Context, token, class, cause string) error {
	return t.send(ctx, "Tokens.SendTaskFailure", func() error { return t.w.Engine.SendTaskFailure(ctx, token, class, cause) })
}

func (t tokens) send(ctx context.Context, call string, run func() error) error {
	_, err := read(t.w, ctx, call, func() (struct{}, error) {
		err := run()
		if errors.Is(err, asl.ErrTaskTimedOut) || errors.Is(err, asl.ErrTaskDoesNotExist) {
			return struct{}{}, fmt.Errorf("send the decision: %w", decision.ErrNotWaiting)
		}
		return struct{}{}, err
	})
	return err
}

// executions starts machines.
type executions struct{ w *World }

// Start implements functions.Executions.
func (e executions) Start(ctx context.Context, machine, name string, input json.RawMessage) (string, error) {
	if err := e.w.faults.hit("", "Executions.Start", Before, ""); err != nil {
		return "", err
	}
	arn, err := e.w.Engine.Start(ctx, machine, name, input)
	if errors.Is(err, asl.ErrExecutionAlreadyExists) {
		arn = e.w.arn(machine, name)
		found, lookErr := e.w.Engine.Describe(ctx, arn)
		if lookErr == nil && string(found.Input) == string(input) {
			err = nil
		}
	}
	if err != nil {
		return "", fmt.Errorf("start %s %s: %w", machine, name, err)
	}
	return arn, e.w.faults.hit("", "Executions.Start", After, "")
}

func (w *World) arn(machine, name string) string {
	for _, execution := range w.Engine.List(context.Background(), machine) {
		if execution.Name == name {
			return execution.Arn
		}
	}
	return ""
}
