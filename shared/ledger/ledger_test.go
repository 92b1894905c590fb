package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

func scope() deploy.Scope {
	return deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}
}

func empty(t *testing.T, f func(ctx context.Context, t *testing.T, l *ledger.Ledger)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t.Context(), t, &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}})
	})
}

func acquire(ctx context.Context, t *testing.T, l *ledger.Ledger, owner string, force ledger.Force) deploy.Lease {
	t.Helper()
	lease, _, err := l.Acquire(ctx, ledger.Claim{Scope: scope(), Owner: owner, Execution: "arn:" + owner, Force: force})
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

func TestLockHasOneHolder(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		owner string
		force ledger.Force
		want  int64
	}{
		"another finds it taken":              {0, "d2", ledger.Polite, 0},
		"another, right before the lease end": {ledger.DefaultLease - time.Nanosecond, "d2", ledger.Polite, 0},
		"another, once the lease is over":     {ledger.DefaultLease, "d2", ledger.Polite, 2},
		"another takes it by force":           {0, "d2", ledger.TakeIt, 2},
		"its owner takes it anew":             {0, "d1", ledger.Polite, 2},
	} {
		t.Run(name, func(t *testing.T) {
			empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
				first := acquire(ctx, t, l, "d1", ledger.Polite)
				time.Sleep(test.after)
				second := acquire(ctx, t, l, test.owner, test.force)
				if first.Token != 1 || second.Token != test.want || second.Held() != (test.want > 0) {
					t.Errorf("got leases %+v and %+v, want tokens 1 and %d", first, second, test.want)
				}
				fenced := l.Check(ctx, scope(), first)
				if _, err := l.Renew(ctx, scope(), first); fault.Is(err, fault.LeaseLost) != second.Held() || fault.Is(fenced, fault.LeaseLost) != second.Held() {
					t.Errorf("the first lease: renewed with %v, checked with %v; lost: %v", err, fenced, second.Held())
				}
			})
		})
	}
}

func TestRenewingKeepsTheLock(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		lease := acquire(ctx, t, l, "d1", ledger.Polite)
		for range 10 {
			time.Sleep(4 * time.Minute)
			if _, err := l.Renew(ctx, scope(), lease); err != nil {
				t.Fatal(err)
			}
		}
		if other := acquire(ctx, t, l, "d2", ledger.Polite); other.Held() {
			t.Errorf("got %+v, want none", other)
		}
	})
}

func TestOneOfManyGetsTheLock(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		leases := make([]deploy.Lease, 20)
		var work sync.WaitGroup
		for i := range leases {
			work.Go(func() { leases[i] = acquire(ctx, t, l, fmt.Sprint("d", i), ledger.Polite) })
		}
		work.Wait()
		held := 0
		for _, lease := range leases {
			if lease.Held() {
				held++
			}
		}
		if held != 1 {
			t.Errorf("%d hold the lock, want 1", held)
		}
	})
}

func TestReleaseGivesBackOnesOwnLockOnly(t *testing.T) {
	for name, test := range map[string]struct {
		release func(ctx context.Context, l *ledger.Ledger, lost, held deploy.Lease) error
		want    string
	}{
		"its lease": {func(ctx context.Context, l *ledger.Ledger, _, held deploy.Lease) error {
			return l.Release(ctx, scope(), held)
		}, ""},
		"a lost lease": {func(ctx context.Context, l *ledger.Ledger, lost, _ deploy.Lease) error {
			return l.Release(ctx, scope(), lost)
		}, "d2"},
		"no lease": {func(ctx context.Context, l *ledger.Ledger, _, _ deploy.Lease) error {
			return l.Release(ctx, scope(), deploy.Lease{})
		}, "d2"},
		"its execution": {func(ctx context.Context, l *ledger.Ledger, _, _ deploy.Lease) error {
			return l.ReleaseExecution(ctx, scope(), "arn:d2")
		}, ""},
		"another execution": {func(ctx context.Context, l *ledger.Ledger, _, _ deploy.Lease) error {
			return l.ReleaseExecution(ctx, scope(), "arn:d1")
		}, "d2"},
		"an execution unnamed": {func(ctx context.Context, l *ledger.Ledger, _, _ deploy.Lease) error {
			return l.ReleaseExecution(ctx, scope(), "")
		}, "d2"},
	} {
		t.Run(name, func(t *testing.T) {
			empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
				lost := acquire(ctx, t, l, "d1", ledger.Polite)
				held := acquire(ctx, t, l, "d2", ledger.TakeIt)
				for range 2 {
					if err := test.release(ctx, l, lost, held); err != nil {
						t.Fatal(err)
					}
				}
				lock, err := l.Lock(ctx, scope())
				if err != nil || lock.Owner != test.want || lock.Token != 2 {
					t.Errorf("got %+v and error %v, want owner %q and token 2", lock, err, test.want)
				}
			})
		})
	}
}

func TestHaltReachesTheHolderOnce(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		lease := acquire(ctx, t, l, "d1", ledger.Polite)
		for _, by := range []string{"ada", "grace"} {
			if err := l.RequestHalt(ctx, scope(), "d1", ledger.Halt{By: by}); err != nil {
				t.Fatal(err)
			}
		}
		if lock, err := l.Renew(ctx, scope(), lease); err != nil || lock.Halt.By != "ada" {
			t.Errorf("got %+v and error %v, want a halt by ada", lock, err)
		}
		acquire(ctx, t, l, "d2", ledger.TakeIt)
		if err := l.RequestHalt(ctx, scope(), "d1", ledger.Halt{By: "ada"}); err != nil {
			t.Fatal(err)
		}
		if lock, err := l.Lock(ctx, scope()); err != nil || lock.Halt.By != "" {
			t.Errorf("got %+v and error %v, want no halt for the next holder", lock, err)
		}
	})
}

func TestUndoTakesLiveBack(t *testing.T) {
	for name, test := range map[string]struct {
		live []string
		undo string
		want string
	}{
		"the newest":     {[]string{"d1", "d2", "d3"}, "d3", "d2"},
		"an older one":   {[]string{"d1", "d2", "d3"}, "d2", "d1"},
		"the first":      {[]string{"d1"}, "d1", ""},
		"one of nowhere": {[]string{"d1", "d2"}, "dx", "d2"},
		"when none is":   {nil, "d1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
				for _, id := range test.live {
					for range 2 {
						if err := l.SetLive(ctx, scope(), ledger.Live{Deployment: id}); err != nil {
							t.Fatal(err)
						}
					}
				}
				for range 2 {
					if err := l.Undo(ctx, scope(), test.undo); err != nil {
						t.Fatal(err)
					}
				}
				if live, err := l.Live(ctx, scope()); err != nil || live.Deployment != test.want {
					t.Errorf("got %+v and error %v, want %q", live, err, test.want)
				}
			})
		})
	}
}

func TestLiveRemembersTheLastTen(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		for i := range 15 {
			if err := l.SetLive(ctx, scope(), ledger.Live{Deployment: fmt.Sprint("d", i)}); err != nil {
				t.Fatal(err)
			}
		}
		live, err := l.Live(ctx, scope())
		if err != nil || len(live.Before) != 10 || live.Before[0].Deployment != "d13" || live.Before[0].Before != nil {
			t.Errorf("got %+v and error %v, want d14 with d13 to d4 before it", live, err)
		}
	})
}

func TestDirtyHoldIsNotReplacedByAnOrdinaryOne(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		for _, hold := range []ledger.Hold{{By: "pilotage", Dirty: true}, {By: "ada"}} {
			if err := l.SetHold(ctx, scope(), hold); err != nil {
				t.Fatal(err)
			}
		}
		if hold, err := l.Hold(ctx, scope()); err != nil || hold.By != "pilotage" {
			t.Errorf("got %+v and error %v, want the dirty one", hold, err)
		}
	})
}

func TestOnceIsOnce(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		values := make([]string, 20)
		var work sync.WaitGroup
		for i := range values {
			work.Go(func() {
				mark, err := l.Once(ctx, "event", "push-1", fmt.Sprint("d", i))
				if err != nil {
					t.Error(err)
				}
				values[i] = mark.Value
			})
		}
		work.Wait()
		for _, value := range values {
			if value != values[0] || value == "" {
				t.Fatalf("got %v, want one value", values)
			}
		}
	})
}

func TestEntries(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		for _, id := range []string{"d1", "d2"} {
			for _, reason := range []string{"first", "again"} {
				entry := ledger.Deployment{ID: id, Scope: scope(), Request: deploy.Request{Reason: reason}}
				if err := l.Begin(ctx, entry); err != nil {
					t.Fatal(err)
				}
			}
		}
		entry, err := l.Locate(ctx, "d1")
		if err != nil || entry.Request.Reason != "first" {
			t.Errorf("got %+v and error %v, want what began it", entry, err)
		}
		elsewhere := scope()
		elsewhere.Environment = "staging"
		if err := l.Begin(ctx, ledger.Deployment{ID: "d1", Scope: elsewhere}); !fault.Is(err, fault.Invalid) {
			t.Errorf("the id was used twice: got %v, want Invalid", err)
		}
		if _, err := l.Locate(ctx, "dx"); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v, want Invalid", err)
		}
		list, err := l.Deployments(ctx, scope(), 1)
		if err != nil || len(list) != 1 || list[0].ID != "d2" {
			t.Errorf("got %+v and error %v, want the newest", list, err)
		}
	})
}

func TestAttemptsAreTheOpenRollbacksOfOneDeployment(t *testing.T) {
	empty(t, func(ctx context.Context, t *testing.T, l *ledger.Ledger) {
		planned := ledger.Deployment{ID: "r1", Kind: deploy.KindRollback, Scope: scope()}
		planned.Plan.Undoes = "d1"
		asked := ledger.Deployment{ID: "r2", Kind: deploy.KindRollback, Scope: scope()}
		asked.Request.Rollback.Deployment = "d1"
		closed := planned
		closed.ID, closed.Outcome = "r3", deploy.Refused
		other := planned
		other.ID, other.Plan.Undoes = "r4", "d0"
		for _, entry := range []ledger.Deployment{planned, asked, closed, other, {ID: "d1", Kind: deploy.KindDeploy, Scope: scope()}} {
			if err := l.Begin(ctx, entry); err != nil {
				t.Fatal(err)
			}
		}
		err := l.AmendAttempts(ctx, scope(), "d1", func(entry *ledger.Deployment) { entry.Outcome = deploy.RolledBack })
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]deploy.Outcome{"r1": deploy.RolledBack, "r2": deploy.RolledBack, "r3": deploy.Refused, "r4": "", "d1": ""} {
			if entry, err := l.Locate(ctx, id); err != nil || entry.Outcome != want {
				t.Errorf("%s: got %q and error %v, want %q", id, entry.Outcome, err, want)
			}
		}
	})
}

func TestVerifiedIsWhatCameToAGoodEnd(t *testing.T) {
	for name, test := range map[string]struct {
		entry ledger.Deployment
		want  bool
	}{
		"promoted and succeeded":    {ledger.Deployment{Promoted: true, Outcome: deploy.Succeeded}, true},
		"promoted, not ended":       {ledger.Deployment{Promoted: true}, false},
		"promoted, then dirty":      {ledger.Deployment{Promoted: true, Outcome: deploy.FailedDirty}, false},
		"promoted, then taken back": {ledger.Deployment{Promoted: true, Outcome: deploy.Succeeded, UndoneBy: "r1"}, false},
		"never promoted":            {ledger.Deployment{Outcome: deploy.Succeeded}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.entry.Verified(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
