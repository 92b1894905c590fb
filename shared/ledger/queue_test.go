package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// line is a queue under test.
type line struct {
	*testing.T
	*ledger.Ledger
}

func queue(t *testing.T, f func(q line)) {
	t.Helper()
	empty(t, func(_ context.Context, t *testing.T, l *ledger.Ledger) { f(line{t, l}) })
}

func (q line) arrives(id string, arrival ledger.Arrival) ledger.Place {
	q.Helper()
	place, err := q.Enqueue(q.Context(), scope(), id, arrival)
	if err != nil {
		q.Fatal(err)
	}
	return place
}

// asks says whose turn it is before a deployment's own.
func (q line) asks(id, want string) {
	q.Helper()
	place, err := q.Turn(q.Context(), scope(), id)
	if err != nil || place.Next != want {
		q.Errorf("%s asks: got %+v and error %v, want the turn of %q", id, place, err, want)
	}
}

func (q line) leaves(id string) ledger.Place {
	q.Helper()
	place, err := q.Dequeue(q.Context(), scope(), id)
	if err != nil {
		q.Fatal(err)
	}
	return place
}

func TestTurnsAreInTheOrderOfArrival(t *testing.T) {
	queue(t, func(q line) {
		for i, id := range []string{"d1", "d2", "d3"} {
			if place := q.arrives(id, ledger.Line); !slices.Equal(place.Ahead, []string{"d1", "d2"}[:i]) {
				t.Errorf("%s: got %v ahead", id, place.Ahead)
			}
		}
		q.asks("d3", "") // nobody before it wants the lock yet
		q.asks("d2", "")
		q.asks("d3", "d2")
		q.asks("d1", "")
		q.asks("d2", "d1")
		q.asks("d3", "d1")
		q.leaves("d1")
		q.asks("d3", "d2")
		q.leaves("d2")
		q.asks("d3", "")
	})
}

// TestWhoAskedAWhileAgoIsPassedOver: an execution that was stopped does not ask any more.
func TestWhoAskedAWhileAgoIsPassedOver(t *testing.T) {
	const fresh = deploy.LongestWait + 4*time.Minute
	for name, test := range map[string]struct {
		after time.Duration
		want  string
	}{
		"just now":               {0, "d1"},
		"as long ago as one may": {fresh, "d1"},
		"longer ago":             {fresh + time.Nanosecond, ""},
	} {
		t.Run(name, func(t *testing.T) {
			queue(t, func(q line) {
				q.arrives("d1", ledger.Line)
				q.arrives("d2", ledger.Line)
				q.asks("d1", "")
				time.Sleep(test.after)
				q.asks("d2", test.want)
			})
		})
	}
	queue(t, func(q line) {
		for _, id := range []string{"d1", "d2", "d3"} {
			q.arrives(id, ledger.Line)
			q.asks(id, map[string]string{"d1": "", "d2": "d1", "d3": "d1"}[id])
		}
		time.Sleep(fresh / 2)
		q.asks("d2", "d1")
		time.Sleep(fresh/2 + time.Second)
		q.asks("d3", "d2") // d1 is dead, d2 is not
	})
}

func TestWhoComesToTheLockWithoutAPlaceGetsTheLastOne(t *testing.T) {
	queue(t, func(q line) {
		q.arrives("d1", ledger.Line)
		q.asks("d1", "")
		q.asks("d0", "d1")
		q.leaves("d1")
		q.asks("d0", "")
	})
}

func TestArrivingAgainKeepsThePlace(t *testing.T) {
	for _, arrival := range []ledger.Arrival{ledger.Line, ledger.Supersede} {
		t.Run(string(arrival), func(t *testing.T) {
			queue(t, func(q line) {
				q.arrives("d1", arrival)
				first := q.arrives("d2", arrival)
				q.arrives("d3", ledger.Line)
				again := q.arrives("d2", arrival)
				if !slices.Equal(first.Ahead, again.Ahead) || !slices.Equal(first.Superseded, again.Superseded) || again.SupersededBy != "" {
					t.Errorf("got %+v the first time and %+v the second", first, again)
				}
				if place := q.leaves("d3"); place.SupersededBy != "" {
					t.Errorf("d3 came later and was superseded by %s", place.SupersededBy)
				}
			})
		})
	}
}

func TestSupersede(t *testing.T) {
	queue(t, func(q line) {
		q.arrives("d1", ledger.Supersede)
		q.arrives("d2", ledger.Line)
		if place := q.arrives("d3", ledger.Supersede); !slices.Equal(place.Superseded, []string{"d1", "d2"}) || len(place.Ahead) > 0 {
			t.Errorf("got %+v, want d1 and d2 superseded and nobody ahead", place)
		}
		if place := q.arrives("d4", ledger.Supersede); !slices.Equal(place.Superseded, []string{"d3"}) {
			t.Errorf("got %+v, want d3 superseded: d1 and d2 were before", place)
		}
		for id, by := range map[string]string{"d1": "d3", "d2": "d3", "d3": "d4"} {
			if place, err := q.Turn(q.Context(), scope(), id); err != nil || place.SupersededBy != by {
				t.Errorf("%s: got %+v and error %v, want it superseded by %s", id, place, err, by)
			}
		}
		q.asks("d4", "") // those that were superseded hold up nobody, though they asked
	})
}

// enters says that a deployment has the lock.
func (q line) enters(id string) ledger.Place {
	q.Helper()
	place, err := q.Enter(q.Context(), scope(), id)
	if err != nil {
		q.Fatal(err)
	}
	return place
}

func (q line) rejoins(id string) ledger.Place {
	q.Helper()
	place, err := q.Rejoin(q.Context(), scope(), id)
	if err != nil {
		q.Fatal(err)
	}
	return place
}

func TestWhoIsAtWorkHoldsUpNobodyAndIsNoOnesToSupersede(t *testing.T) {
	queue(t, func(q line) {
		q.arrives("d1", ledger.Line)
		q.asks("d1", "")
		q.enters("d1")
		if place := q.arrives("d2", ledger.Supersede); len(place.Ahead)+len(place.Superseded) > 0 {
			t.Errorf("got %+v, want nobody ahead or superseded", place)
		}
		q.asks("d2", "")
	})
}

// TestWhoComesBackHasItsOldPlace: a plan that changed under the lock is voted on once more.
func TestWhoComesBackHasItsOldPlace(t *testing.T) {
	queue(t, func(q line) {
		q.arrives("d1", ledger.Line)
		q.asks("d1", "")
		q.enters("d1")
		q.arrives("d2", ledger.Line)
		if place := q.rejoins("d1"); place.Lost() != nil {
			t.Errorf("got %+v, want it not superseded", place)
		}
		q.asks("d2", "") // d1 does not want the lock yet
		q.asks("d1", "")
		q.asks("d2", "d1")
		if place := q.arrives("d3", ledger.Supersede); !slices.Equal(place.Superseded, []string{"d1", "d2"}) {
			t.Errorf("got %+v, want d1 and d2 superseded", place)
		}
	})
	queue(t, func(q line) {
		q.arrives("d1", ledger.Supersede)
		q.enters("d1")
		q.arrives("d2", ledger.Supersede)
		if err := q.rejoins("d1").Lost(); !fault.Is(err, fault.Locked) || err.Error() != "superseded by deployment d2, which is newer" {
			t.Errorf("got %v, want it superseded by d2 while it was at work", err)
		}
	})
}

func TestWhoHasNoPlaceGetsNoneByLeaving(t *testing.T) {
	queue(t, func(q line) {
		q.enters("r1")
		q.rejoins("r1")
		q.leaves("r1")
		if place := q.arrives("d1", ledger.Supersede); len(place.Ahead)+len(place.Superseded) > 0 {
			t.Errorf("got %+v, want an empty queue", place)
		}
	})
}

// TestSupersededAtTheLastMoment: who gets the lock learns of what happened up to then.
func TestSupersededAtTheLastMoment(t *testing.T) {
	queue(t, func(q line) {
		q.arrives("d1", ledger.Supersede)
		q.asks("d1", "")
		q.arrives("d2", ledger.Supersede)
		if place := q.enters("d1"); place.SupersededBy != "d2" {
			t.Errorf("got %+v, want it superseded by d2", place)
		}
		q.leaves("d1")
		if place := q.leaves("d1"); place.SupersededBy != "" || len(place.Ahead) > 0 {
			t.Errorf("leaving twice: got %+v, want nothing", place)
		}
		if place := q.arrives("d3", ledger.Supersede); !slices.Equal(place.Superseded, []string{"d2"}) {
			t.Errorf("got %+v, want d2 superseded and not d1, which has left", place)
		}
	})
}

func TestScopesHaveQueuesOfTheirOwn(t *testing.T) {
	queue(t, func(q line) {
		q.arrives("d1", ledger.Line)
		q.asks("d1", "")
		other := scope()
		other.Environment = "other"
		if place, err := q.Enqueue(q.Context(), other, "d2", ledger.Supersede); err != nil || len(place.Superseded)+len(place.Ahead) > 0 {
			t.Errorf("got %+v and error %v, want an empty queue", place, err)
		}
		if place := q.leaves("d1"); place.SupersededBy != "" {
			t.Errorf("d1 was superseded by %s of elsewhere", place.SupersededBy)
		}
	})
}

func TestPlacesThatNobodyGaveUpAreForgotten(t *testing.T) {
	queue(t, func(q line) {
		q.arrives("d1", ledger.Line)
		time.Sleep(16 * 24 * time.Hour)
		if place := q.arrives("d2", ledger.Line); !slices.Equal(place.Ahead, []string{"d1"}) {
			t.Errorf("got %v ahead, want d1", place.Ahead)
		}
		time.Sleep(time.Second)
		if place := q.arrives("d3", ledger.Line); !slices.Equal(place.Ahead, []string{"d2"}) {
			t.Errorf("got %v ahead, want d2 only", place.Ahead)
		}
	})
}

func TestManyArriveAtOnce(t *testing.T) {
	queue(t, func(q line) {
		var work sync.WaitGroup
		for i := range 15 {
			work.Go(func() { q.arrives(fmt.Sprint("d", i), ledger.Supersede) })
		}
		work.Wait()
		left := 0
		for i := range 15 {
			if q.leaves(fmt.Sprint("d", i)).SupersededBy == "" {
				left++
			}
		}
		if left != 1 {
			t.Errorf("%d were not superseded, want the newest only", left)
		}
	})
}
