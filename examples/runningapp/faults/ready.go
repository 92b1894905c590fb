package faults

import (
	"context"
	"errors"
)

// NeverReady is a condition that a release waits for and that never comes.
func NeverReady(reason string) func(context.Context) error {
	return func(context.Context) error { return errors.New(reason) }
}
