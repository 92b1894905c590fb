package sim

import (
	"context"
	"math"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/signal"
)

// signals counts what users asked for, by the second. The same second always has the same
// counts.
type signals struct{ w *World }

// Counts implements signal.Source: the same counts, whoever is asked for them.
func (s signals) Counts(ctx context.Context, scope deploy.Scope, _ string, from, to time.Time) ([]signal.Point, error) {
	return read(s.w, ctx, "Signals.Counts", func() ([]signal.Point, error) {
		found, err := s.w.place(scope)
		if err != nil {
			return nil, err
		}
		var points []signal.Point
		for at := from.Truncate(time.Second); !at.Add(time.Second).After(to); at = at.Add(time.Second) {
			points = append(points, s.w.count(found, at))
		}
		return points, nil
	})
}

// count is the point that begins at a second: each part of it between two moments counts for
// its length.
func (w *World) count(p *place, at time.Time) signal.Point {
	point := signal.Point{Start: at, Length: time.Second}
	requests, failed := map[deploy.Slot]float64{}, map[deploy.Slot]float64{}
	end := at.Add(time.Second)
	for begin := at; begin.Before(end); {
		current := w.followed(p, begin)
		until := w.next(p, begin, end)
		for _, name := range deploy.Slots() {
			if current.maintenance {
				continue
			}
			share := float64(current.weights.Of(name)) / 100 * until.Sub(begin).Seconds() * w.options.RequestsPerSecond
			requests[name] += share
			behaviour := w.options.Behaviours[current.versions[name]]
			if current.weights.Of(name) >= behaviour.ErrorsFrom {
				failed[name] += share * behaviour.ErrorRate
			}
		}
		begin = until
	}
	point.Blue = w.whole(at, 0, requests[deploy.Blue], failed[deploy.Blue])
	point.Green = w.whole(at, 1, requests[deploy.Green], failed[deploy.Green])
	return point
}

// next is when traffic changes after a time, or end when that comes first.
func (w *World) next(p *place, after, end time.Time) time.Time {
	for _, m := range p.moments {
		if at := m.at.Add(w.options.Lag); at.After(after) && at.Before(end) {
			return at
		}
	}
	return end
}

// whole rounds up or down by chance, so that rare errors are neither lost nor multiplied.
func (w *World) whole(at time.Time, side uint64, requests, failed float64) deploy.Counted {
	chance := unit(w.options.Seed ^ uint64(at.Unix())<<1 ^ side) //nolint:gosec // a hash
	counted := deploy.Counted{Requests: int64(math.Floor(requests + chance)), Errors: int64(math.Floor(failed + chance))}
	counted.Errors = min(counted.Errors, counted.Requests)
	return counted
}
