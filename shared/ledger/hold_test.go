package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

func TestAddHoldKeepsTheFirst(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		seen := make([]ledger.Hold, 20)
		var work sync.WaitGroup
		for i := range seen {
			work.Go(func() {
				var err error
				if seen[i], err = l.AddHold(ctx, scope(), ledger.Hold{By: fmt.Sprint("person ", i)}); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		held, err := l.Hold(ctx, scope())
		if err != nil || !held.Active() {
			t.Errorf("got %+v and error %v, want a hold", held, err)
		}
		for i, hold := range seen {
			if hold != held {
				t.Errorf("person %d was told of %+v, and %+v is there", i, hold, held)
			}
		}
	})
}

func TestLiftHoldTakesTheOneThatWasSeen(t *testing.T) {
	one := ledger.Hold{By: "ada", Reason: "x", At: time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)}
	with := func(change func(*ledger.Hold)) ledger.Hold {
		other := one
		change(&other)
		return other
	}
	for name, test := range map[string]struct {
		there ledger.Hold
		class fault.Class
		left  bool
	}{
		"it":                          {one, "", false},
		"it, written in another zone": {with(func(h *ledger.Hold) { h.At = h.At.In(time.FixedZone("", 3600)) }), "", false},
		"none":                        {ledger.Hold{}, "", false},
		"a later one":                 {with(func(h *ledger.Hold) { h.At = h.At.Add(time.Nanosecond) }), fault.Rejected, true},
		"a dirty one":                 {with(func(h *ledger.Hold) { h.Dirty = true }), fault.Rejected, true},
		"another's":                   {with(func(h *ledger.Hold) { h.By = "bob" }), fault.Rejected, true},
	} {
		t.Run(name, func(t *testing.T) {
			empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
				if err := l.SetHold(ctx, scope(), test.there); err != nil {
					t.Fatal(err)
				}
				err := l.LiftHold(ctx, scope(), one)
				if (err != nil) != (test.class != "") || err != nil && !fault.Is(err, test.class) {
					t.Errorf("got %v, want class %q", err, test.class)
				}
				if held, err := l.Hold(ctx, scope()); err != nil || held.Active() != test.left {
					t.Errorf("got %+v and error %v, want one left: %v", held, err, test.left)
				}
			})
		})
	}
}

func TestMarkIsReadAndNotMade(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		for range 2 {
			if mark, err := l.Mark(ctx, "force", "d1"); err != nil || mark.Set() {
				t.Errorf("got %+v and error %v, want none", mark, err)
			}
		}
		if mark, err := l.Once(ctx, "force", "d1", "ada"); err != nil || mark.Value != "ada" {
			t.Errorf("got %+v and error %v; reading has made one", mark, err)
		}
		if mark, err := l.Mark(ctx, "force", "d1"); err != nil || !mark.Set() || mark.Value != "ada" {
			t.Errorf("got %+v and error %v, want ada's", mark, err)
		}
		if mark, err := l.Mark(ctx, "notice", "d1"); err != nil || mark.Set() {
			t.Errorf("another kind: got %+v and error %v, want none", mark, err)
		}
	})
}

func TestChainAndWhatItCovers(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		begun := time.Now()
		var live ledger.Live
		if len(live.Chain()) > 0 || !live.Covers(begun) {
			t.Error("nothing live has a chain, or does not say that nothing is")
		}
		for i := range 12 {
			if err := l.SetLive(ctx, scope(), ledger.Live{Deployment: fmt.Sprint("d", i), At: time.Now()}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			var err error
			if live, err = l.Live(ctx, scope()); err != nil {
				t.Fatal(err)
			}
			if full := i >= 10; live.Covers(begun) == full || !live.Covers(begun.Add(time.Hour*time.Duration(i)+1)) {
				t.Errorf("after d%d: covers the start: %v, the last one: %v", i, live.Covers(begun), live.Covers(begun.Add(time.Hour*time.Duration(i))))
			}
		}
		chain := live.Chain()
		for i, entry := range chain {
			if want := fmt.Sprint("d", 11-i); entry.Deployment != want || entry.Before != nil {
				t.Errorf("%d: got %+v, want %s alone", i, entry, want)
			}
		}
		if len(chain) != 11 || len(live.Before) != 10 {
			t.Errorf("got %d entries and %d before, want 11 and 10", len(chain), len(live.Before))
		}
		if !live.Covers(begun.Add(time.Hour + 1)) {
			t.Error("what was promoted after the oldest must be among them")
		}
	})
}
