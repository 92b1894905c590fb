// Package clock is how time comes in from outside. Everything that reads or waits for time
// takes a Clock, so that a test decides what time it is.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and waits for it to pass. Implementations are safe for concurrent use.
type Clock interface {
	// Now is the present moment, in UTC.
	Now() time.Time
	// Wait returns nil once d has passed, or ctx's error as soon as ctx ends. A d of zero or
	// less returns at once.
	Wait(ctx context.Context, d time.Duration) error
}

// System is the machine's own clock. Inside a testing/synctest bubble it is virtual, because
// package time is.
type System struct{}

// Now is the machine's time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Wait waits for d on a timer of package time.
func (System) Wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
