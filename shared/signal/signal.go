// Package signal is the port to what is measured of a service while it serves: requests and
// errors by slot. CloudWatch implements it on AWS, the router's own counters on one machine.
package signal

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Point is what was counted in one span of time.
type Point struct {
	Start  time.Time
	Length time.Duration
	Blue   deploy.Counted
	Green  deploy.Counted
	// Missing says that the source has nothing to say of this span. Zero requests are not
	// missing.
	Missing bool
}

// Of is what was counted for one slot.
func (p Point) Of(slot deploy.Slot) deploy.Counted {
	if slot == deploy.Blue {
		return p.Blue
	}
	return p.Green
}

// Source counts requests and errors by slot.
type Source interface {
	// Counts returns the points from from until to, in order, as far as they are complete. By is the
	// value of deploy.Analysis.Source that the plan has: who counts, where there is a choice.
	// A source that cannot be asked is an error, never an empty answer.
	Counts(ctx context.Context, scope deploy.Scope, by string, from, to time.Time) ([]Point, error)
}
