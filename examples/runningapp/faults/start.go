package faults

import (
	"context"
	"errors"
	"log/slog"
)

// FailsToStart makes a release exit before it listens.
func FailsToStart(reason string) func(context.Context, *slog.Logger) error {
	return func(context.Context, *slog.Logger) error { return errors.New(reason) }
}
