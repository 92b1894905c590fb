package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// queue is who waits in a scope, in the order of arrival. Waiting for people is waiting too, but
// holds up nobody.
type queue struct {
	Next    int64    `json:"next"`
	Tickets []ticket `json:"tickets"`
}

// ticket is one deployment's place.
type ticket struct {
	Number     int64  `json:"number"`
	Deployment string `json:"deployment"`
	// Since is when it arrived, Asked when it last asked for the lock; zero before it did.
	Since time.Time `json:"since"`
	Asked time.Time `json:"asked,omitzero"`
	// SupersededBy is the newer deployment that took its place; empty while nobody did.
	SupersededBy string `json:"supersededBy,omitempty"`
	// Working says that it has the lock. It waits for nobody then and nobody waits for it, but it may
	// have to come back: the plan may have changed, so that people are asked again.
	Working bool `json:"working,omitempty"`
}

// Arrival is what a deployment does with those that came before it.
type Arrival string

// The ways to arrive.
const (
	Line      Arrival = "line"
	Supersede Arrival = "supersede"
)

// Place is where a deployment stands.
type Place struct {
	// Ahead are those that came before and wait.
	Ahead []string
	// Superseded are those that wait and whose place it took, whenever it did.
	Superseded []string
	// SupersededBy is who took its own place; empty while nobody did.
	SupersededBy string
	// Next is the deployment whose turn it is before this one's; empty when it is this one's.
	Next string
}

// Lost is fault.Locked when a newer deployment took the place.
func (p Place) Lost() error {
	if p.SupersededBy == "" {
		return nil
	}
	return fault.New(fault.Locked, "superseded by deployment %s, which is newer", p.SupersededBy)
}

const (
	queueSort = "queue"
	// freshFor is how long a ticket counts after its deployment last asked for the lock: the
	// longest wait between two questions and some minutes for retries.
	freshFor = deploy.LongestWait + 4*time.Minute
	// staleFor is when a ticket is forgotten: nobody waits longer for people, and then for a lock.
	staleFor = 16 * 24 * time.Hour
)

// Enqueue gives a deployment a place in the queue of its scope, unless it has one. Repeating it
// returns the same.
func (l *Ledger) Enqueue(ctx context.Context, scope deploy.Scope, deployment string, arrival Arrival) (Place, error) {
	return l.queued(ctx, scope, deployment, func(q *queue, own *ticket) {
		for i := range q.Tickets {
			if older := &q.Tickets[i]; arrival == Supersede && older.Number < own.Number && older.SupersededBy == "" {
				older.SupersededBy = deployment
			}
		}
	})
}

// Turn says that a deployment wants the lock now, and whose turn it is. Who asked for the lock a
// while ago and no more has died and is passed over.
func (l *Ledger) Turn(ctx context.Context, scope deploy.Scope, deployment string) (Place, error) {
	return l.queued(ctx, scope, deployment, func(_ *queue, own *ticket) { own.Asked = l.Clock.Now() })
}

// Place reads where a deployment stands; the zero Place where it has none.
func (l *Ledger) Place(ctx context.Context, scope deploy.Scope, deployment string) (Place, error) {
	var q queue
	if _, err := l.read(ctx, partition(scope), queueSort, &q); err != nil {
		return Place{}, err
	}
	for _, t := range q.Tickets {
		if t.Deployment == deployment {
			return q.place(t, l.Clock.Now()), nil
		}
	}
	return Place{}, nil
}

// Enter says that a deployment has the lock, and returns its place until then. Who was superseded up
// to this moment learns of it here. A deployment without a place gets none. Repeating it is safe.
func (l *Ledger) Enter(ctx context.Context, scope deploy.Scope, deployment string) (Place, error) {
	return l.standing(ctx, scope, deployment, func(q *queue, i int) { q.Tickets[i].Working = true })
}

// Rejoin gives a deployment that gave the lock back its old place, and returns it. Who was superseded
// meanwhile learns of it here. A deployment without a place gets none. Repeating it is safe.
func (l *Ledger) Rejoin(ctx context.Context, scope deploy.Scope, deployment string) (Place, error) {
	return l.standing(ctx, scope, deployment, func(q *queue, i int) { q.Tickets[i].Working, q.Tickets[i].Asked = false, time.Time{} })
}

// Dequeue gives up a deployment's place, and returns what it was. Giving up none is safe.
func (l *Ledger) Dequeue(ctx context.Context, scope deploy.Scope, deployment string) (Place, error) {
	return l.standing(ctx, scope, deployment, func(q *queue, i int) { q.Tickets = slices.Delete(q.Tickets, i, i+1) })
}

// standing edits the ticket of a deployment, if it has one, and returns the place that it had.
func (l *Ledger) standing(ctx context.Context, scope deploy.Scope, deployment string, change func(q *queue, i int)) (Place, error) {
	var place Place
	err := update(ctx, l, partition(scope), queueSort, func(q *queue) error {
		i := slices.IndexFunc(q.Tickets, func(t ticket) bool { return t.Deployment == deployment })
		if i < 0 {
			return errUnchanged
		}
		place = q.place(q.Tickets[i], l.Clock.Now())
		change(q, i)
		return nil
	})
	return place, err
}

// queued edits the ticket of a deployment, a new one at the end where it has none.
func (l *Ledger) queued(ctx context.Context, scope deploy.Scope, deployment string, change func(q *queue, own *ticket)) (Place, error) {
	var place Place
	err := update(ctx, l, partition(scope), queueSort, func(q *queue) error {
		now := l.Clock.Now()
		q.Tickets = slices.DeleteFunc(q.Tickets, func(t ticket) bool { return now.Sub(t.Since) > staleFor })
		i := slices.IndexFunc(q.Tickets, func(t ticket) bool { return t.Deployment == deployment })
		if i < 0 {
			q.Next++
			q.Tickets = append(q.Tickets, ticket{Number: q.Next, Deployment: deployment, Since: now})
			i = len(q.Tickets) - 1
		}
		change(q, &q.Tickets[i])
		place = q.place(q.Tickets[i], now)
		return nil
	})
	return place, err
}

func (q queue) place(own ticket, now time.Time) Place {
	place := Place{SupersededBy: own.SupersededBy}
	for _, t := range q.Tickets {
		switch {
		case t.Working:
		case t.SupersededBy == own.Deployment:
			place.Superseded = append(place.Superseded, t.Deployment)
		case t.Number < own.Number && t.SupersededBy == "":
			place.Ahead = append(place.Ahead, t.Deployment)
			if place.Next == "" && !t.Asked.IsZero() && now.Sub(t.Asked) <= freshFor {
				place.Next = t.Deployment
			}
		}
	}
	return place
}
