package sim

import (
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// place is one scope: its routing and its slots.
type place struct {
	weights     deploy.Weights
	maintenance bool
	slots       map[deploy.Slot]*slot
	// moments are what users met, from when on; the newest is last.
	moments []moment
	calls   int
	// barren says that nothing was ever live here: going back to that empties the slot again.
	barren bool
}

// slot is what runs in one of them.
type slot struct {
	workload deploy.Workload
	// ready is when each task gets healthy; the zero time is never.
	ready []time.Time
}

// moment is a state of the routing from a time on.
type moment struct {
	at          time.Time
	weights     deploy.Weights
	maintenance bool
	versions    map[deploy.Slot]string
}

func newPlace(now time.Time) *place {
	weights := deploy.Split(deploy.Blue, 100)
	return &place{
		barren: true, weights: weights, slots: map[deploy.Slot]*slot{deploy.Blue: {}, deploy.Green: {}},
		moments: []moment{{at: now.Add(-24 * time.Hour), weights: weights}},
	}
}

func (w *World) place(scope deploy.Scope) (*place, error) {
	if found, ok := w.places[scope]; ok {
		return found, nil
	}
	return nil, fault.New(fault.Invalid, "there is no load balancer for %s", scope)
}

// Kill lets all tasks of a slot of Scope fail their health checks from now on.
func (w *World) Kill(name deploy.Slot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.places[Scope()].slots[name].ready)
}

// Meddle sets the weights of Scope by hand, past every lease.
func (w *World) Meddle(weights deploy.Weights) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.places[Scope()].weights = weights
	w.remember(w.places[Scope()])
}

// healthy counts the tasks that are healthy now.
func (s *slot) healthy(now time.Time) int {
	count := 0
	for _, ready := range s.ready {
		if !ready.IsZero() && !ready.After(now) {
			count++
		}
	}
	return count
}

// remember appends the state of now to the moments.
func (w *World) remember(p *place) {
	versions := map[deploy.Slot]string{}
	for name, s := range p.slots {
		versions[name] = s.workload.Version
	}
	p.moments = append(p.moments, moment{at: w.now(), weights: p.weights, maintenance: p.maintenance, versions: versions})
}

// followed is the moment that traffic has followed by a time.
func (w *World) followed(p *place, at time.Time) moment {
	at = at.Add(-w.options.Lag)
	for i := len(p.moments) - 1; i > 0; i-- {
		if !p.moments[i].at.After(at) {
			return p.moments[i]
		}
	}
	return p.moments[0]
}

// exposed is the slots without a healthy task that users' requests are sent to, now or once
// traffic has followed.
func (w *World) exposed(p *place) map[deploy.Slot]bool {
	found := map[deploy.Slot]bool{}
	now := w.now()
	data := w.followed(p, now)
	for _, name := range deploy.Slots() {
		asked := !p.maintenance && p.weights.Of(name) > 0
		sent := !data.maintenance && data.weights.Of(name) > 0
		if (asked || sent) && p.slots[name].healthy(now) == 0 {
			found[name] = true
		}
	}
	return found
}

func (w *World) now() time.Time { return w.World.Clock.Now() }
