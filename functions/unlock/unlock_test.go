package unlock_test

import (
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/functions/unlock"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

func scope() deploy.Scope {
	return deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}
}

// working is a deployment d1 that has the lock.
func working(t *testing.T, f func(l *ledger.Ledger, doc deploy.Document, s unlock.Stage)) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		if _, err := l.Enqueue(t.Context(), scope(), "d1", ledger.Line); err != nil {
			t.Fatal(err)
		}
		lease, _, err := l.Acquire(t.Context(), ledger.Claim{Scope: scope(), Owner: "d1", Execution: "arn:d1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Enter(t.Context(), scope(), "d1"); err != nil {
			t.Fatal(err)
		}
		doc := deploy.Document{ID: "d1", Execution: "arn:d1", Request: deploy.Request{Scope: scope()}}
		doc.Results.Lock.Lease = lease
		f(l, doc, unlock.Stage{Locks: l})
	})
}

func TestGivesTheLockBackAndThePlace(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*deploy.Document)
		ahead  int
	}{
		"at the end":                             {func(d *deploy.Document) { d.Stage = "Unlock" }, 0},
		"when it was refused":                    {func(d *deploy.Document) { d.Stage = "UnlockRefused" }, 0},
		"without knowing that it had it":         {func(d *deploy.Document) { d.Results.Lock = deploy.LockResult{} }, 0},
		"for a while: it goes back to its place": {func(d *deploy.Document) { d.Stage = "YieldLock" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			working(t, func(l *ledger.Ledger, doc deploy.Document, s unlock.Stage) {
				test.change(&doc)
				for range 2 {
					if _, err := s.Handle(t.Context(), doc); err != nil {
						t.Error(err)
					}
				}
				if lock, err := l.Lock(t.Context(), scope()); err != nil || lock.Owner != "" {
					t.Errorf("got %+v and error %v, want a free lock", lock, err)
				}
				if place, err := l.Turn(t.Context(), scope(), "d2"); err != nil || len(place.Ahead) != test.ahead {
					t.Errorf("got %+v and error %v, want %d ahead of the next", place, err, test.ahead)
				}
			})
		})
	}
}

func TestAnothersLockStays(t *testing.T) {
	working(t, func(l *ledger.Ledger, doc deploy.Document, s unlock.Stage) {
		if _, _, err := l.Acquire(t.Context(), ledger.Claim{Scope: scope(), Owner: "r1", Execution: "arn:r1", Force: ledger.TakeIt}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Handle(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
		if lock, err := l.Lock(t.Context(), scope()); err != nil || lock.Owner != "r1" {
			t.Errorf("got %+v and error %v, want it to be r1's", lock, err)
		}
	})
}

func TestWhoWasSupersededAtWorkIsRefusedWhenItGivesTheLockBack(t *testing.T) {
	working(t, func(l *ledger.Ledger, doc deploy.Document, s unlock.Stage) {
		if _, err := l.Enqueue(t.Context(), scope(), "d2", ledger.Supersede); err != nil {
			t.Fatal(err)
		}
		doc.Stage = "YieldLock"
		if _, err := s.Handle(t.Context(), doc); !fault.Is(err, fault.Locked) || err.Error() != "superseded by deployment d2, which is newer" {
			t.Errorf("got %v, want it superseded", err)
		}
		if lock, err := l.Lock(t.Context(), scope()); err != nil || lock.Owner != "" {
			t.Errorf("got %+v and error %v, want a free lock", lock, err)
		}
	})
}
