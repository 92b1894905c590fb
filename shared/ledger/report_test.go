package ledger_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

func TestReportIsOnesAtATime(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		claim := func(by string, want bool) {
			t.Helper()
			got, claimed, err := l.ClaimReport(ctx, "d1", by, time.Minute)
			if err != nil || claimed != want || claimed != (got.By == by) {
				t.Errorf("%s: got %+v, %v and error %v, want %v", by, got, claimed, err, want)
			}
		}
		claim("a", true)
		claim("a", true)
		claim("b", false)
		time.Sleep(time.Minute - time.Nanosecond)
		claim("b", false)
		time.Sleep(time.Nanosecond)
		claim("b", true)
		err := l.AmendReport(ctx, "d1", "a", func(r *ledger.Report) { r.State = "in_progress" })
		if !fault.Is(err, fault.Transient) {
			t.Errorf("a's claim is over: got error %v, want one of class Transient", err)
		}
		err = l.AmendReport(ctx, "d1", "b", func(r *ledger.Report) { r.State, r.Until = "success", time.Time{} })
		if err != nil {
			t.Error(err)
		}
		claim("c", true)
		if got, err := l.Report(ctx, "d1"); err != nil || got.State != "success" || got.By != "c" {
			t.Errorf("got %+v and error %v, want what b said", got, err)
		}
		if got, err := l.Report(ctx, "d2"); err != nil || got != (ledger.Report{}) {
			t.Errorf("got %+v and error %v, want nothing", got, err)
		}
	})
}

func TestReportIsClaimedOnceByMany(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		var group sync.WaitGroup
		var mu sync.Mutex
		claims := 0
		for i := range 20 {
			group.Go(func() {
				_, claimed, err := l.ClaimReport(ctx, "d1", string(rune('a'+i)), time.Minute)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if claimed {
					claims++
				}
			})
		}
		group.Wait()
		if claims != 1 {
			t.Errorf("got %d claims, want one", claims)
		}
	})
}
