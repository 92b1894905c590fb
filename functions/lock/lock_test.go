package lock_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/lock"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

func document(id string, kind deploy.Kind) deploy.Document {
	doc := deploy.Document{ID: id, Execution: "arn:" + id, Stage: "Lock", Request: deploy.Request{Kind: kind, Scope: sim.Scope(), RequestedBy: "ada", Reason: "why"}}
	doc.Plan.Environment = sim.Environment(sim.Scope())
	return doc
}

func rollback(id string, mode deploy.Mode, of string) deploy.Document {
	doc := document(id, deploy.KindRollback)
	doc.Request.Rollback = deploy.RollbackRequest{Mode: mode, Deployment: of}
	if mode == deploy.Automatic {
		doc.Request.Source.Kind = deploy.FromPilotage
	}
	return doc
}

// held runs f while d0 has the lock and keeps it.
func held(t *testing.T, f func(t *testing.T, s lock.Stage, l *ledger.Ledger)) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}, LeaseFor: 24 * time.Hour}
		s := lock.Stage{Locks: l, Clock: clock.System{}}
		if first, err := s.Handle(t.Context(), document("d0", deploy.KindDeploy)); err != nil || !first.Ready {
			t.Fatalf("got %+v and error %v, want the lock", first, err)
		}
		f(t, s, l)
	})
}

// until asks again as the machine does, until the lock is there or refused.
func until(t *testing.T, s lock.Stage, doc deploy.Document) (deploy.LockResult, time.Duration, error) {
	begun := time.Now()
	for {
		result, err := s.Handle(t.Context(), doc)
		if err != nil || result.Ready {
			return result, time.Since(begun), err
		}
		if result.WaitSeconds < 1 {
			t.Fatalf("got %+v, want at least a second to wait", result)
		}
		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
		doc.Results.Lock = result
	}
}

func TestWaitsAsLongAsThePolicySays(t *testing.T) {
	for name, test := range map[string]struct {
		doc   deploy.Document
		after time.Duration
		want  string // empty: it gets the lock
	}{
		"a deployment queues for half an hour": {
			document("d1", deploy.KindDeploy), 30 * time.Minute,
			"deployment d0 still holds the lock of running-app/production@eu-central-1 after 30m0s",
		},
		"a standard rollback waits for its time": {
			rollback("r1", deploy.Standard, "d0"), 15 * time.Minute,
			"deployment d0 did not stop within 15m0s of being asked to; an emergency rollback takes the lock from it",
		},
		"an emergency rollback takes it after the grace": {rollback("r1", deploy.Emergency, "d0"), time.Minute, ""},
		"an automatic one inherits it at once":           {rollback("r1", deploy.Automatic, "d0"), 0, ""},
		"an automatic one of another waits":              {rollback("r1", deploy.Automatic, "dx"), 35 * time.Minute, "deployment d0 still holds the lock of running-app/production@eu-central-1 after 35m0s, and dx has to be taken back"},
	} {
		t.Run(name, func(t *testing.T) {
			held(t, func(t *testing.T, s lock.Stage, _ *ledger.Ledger) {
				result, took, err := until(t, s, test.doc)
				if took != test.after {
					t.Errorf("it took %s, want %s", took, test.after)
				}
				if test.want == "" {
					if err != nil || result.Lease.Token != 2 {
						t.Errorf("got %+v and error %v, want the second lease", result, err)
					}
					return
				}
				if !fault.Is(err, fault.Locked) || err.Error() != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
			})
		})
	}
}

func TestRefusesAtOnceWhereNobodyQueues(t *testing.T) {
	held(t, func(t *testing.T, s lock.Stage, _ *ledger.Ledger) {
		doc := document("d1", deploy.KindDeploy)
		doc.Plan.Environment.Queue.Policy = deploy.QueueReject
		_, err := s.Handle(t.Context(), doc)
		want := "deployment d0 holds the lock of running-app/production@eu-central-1, and the environment does not queue"
		if !fault.Is(err, fault.Locked) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

func TestOnlyRollbacksAskToHalt(t *testing.T) {
	for name, test := range map[string]struct {
		doc  deploy.Document
		want string
	}{
		"a deployment does not":           {document("d1", deploy.KindDeploy), ""},
		"a person's rollback does":        {rollback("r1", deploy.Standard, ""), "ada"},
		"an automatic one of another not": {rollback("r1", deploy.Automatic, "dx"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			held(t, func(t *testing.T, s lock.Stage, l *ledger.Ledger) {
				if _, err := s.Handle(t.Context(), test.doc); err != nil {
					t.Fatal(err)
				}
				if seen, err := l.Lock(t.Context(), sim.Scope()); err != nil || seen.Halt.By != test.want {
					t.Errorf("got halt %+v and error %v, want one by %q", seen.Halt, err, test.want)
				}
			})
		})
	}
}

func TestWhatRetiresLeavesTheSlotToANewerDeployment(t *testing.T) {
	held(t, func(t *testing.T, s lock.Stage, _ *ledger.Ledger) {
		doc := document("d1", deploy.KindDeploy)
		doc.Plan.Environment.Queue.Policy = deploy.QueueReject
		doc.Results.Promote.Slot = deploy.Green
		result, err := s.Handle(t.Context(), doc)
		if err != nil || result.Ready || result.Holder != "d0" {
			t.Errorf("got %+v and error %v, want no lock and no error", result, err)
		}
	})
}

func TestDeadlineFollowsFromTheKind(t *testing.T) {
	for name, test := range map[string]struct {
		doc  deploy.Document
		want time.Duration
	}{
		"a deployment": {document("d0", deploy.KindDeploy), time.Hour},
		"a rollback":   {rollback("r1", deploy.Automatic, "d0"), 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			held(t, func(t *testing.T, s lock.Stage, _ *ledger.Ledger) {
				result, err := s.Handle(t.Context(), test.doc)
				if got := result.Deadline.Sub(result.At); err != nil || got != test.want {
					t.Errorf("got %s and error %v, want %s", got, err, test.want)
				}
			})
		})
	}
}

func TestLongQueuesTakeFewRounds(t *testing.T) {
	held(t, func(t *testing.T, s lock.Stage, l *ledger.Ledger) {
		l.LeaseFor = 48 * time.Hour
		if _, err := s.Handle(t.Context(), document("d0", deploy.KindDeploy)); err != nil {
			t.Fatal(err)
		}
		doc, rounds := document("d1", deploy.KindDeploy), 0
		doc.Plan.Environment.Queue.WaitSeconds, doc.Plan.Environment.Health.PollSeconds = 86400, 1
		for begun := time.Now(); time.Since(begun) < 24*time.Hour; rounds++ {
			result, err := s.Handle(t.Context(), doc)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
			doc.Results.Lock = result
		}
		if rounds > 420 {
			t.Errorf("got %d rounds in a day, want at most 420", rounds)
		}
	})
}

// TestTurn: who came first gets the lock first, once it wants it.
func TestTurn(t *testing.T) {
	held(t, func(t *testing.T, s lock.Stage, l *ledger.Ledger) {
		for _, id := range []string{"d1", "d2"} {
			if _, err := l.Enqueue(t.Context(), sim.Scope(), id, ledger.Line); err != nil {
				t.Fatal(err)
			}
		}
		waits := func(id, holder string) {
			t.Helper()
			result, err := s.Handle(t.Context(), document(id, deploy.KindDeploy))
			if err != nil || result.Ready || result.Holder != holder {
				t.Errorf("%s: got %+v and error %v, want it to wait for %s", id, result, err, holder)
			}
		}
		gets := func(id string) deploy.LockResult {
			t.Helper()
			result, err := s.Handle(t.Context(), document(id, deploy.KindDeploy))
			if err != nil || !result.Ready || result.Lease.Owner != id {
				t.Fatalf("%s: got %+v and error %v, want the lock", id, result, err)
			}
			return result
		}
		waits("d2", "d0")
		waits("d1", "d0")
		waits("d2", "d1") // d1 came before and wants it now
		lease, _, err := l.Acquire(t.Context(), ledger.Claim{Scope: sim.Scope(), Owner: "d0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Release(t.Context(), sim.Scope(), lease); err != nil {
			t.Fatal(err)
		}
		waits("d2", "d1") // the lock is free, and still not d2's
		first := gets("d1")
		waits("d2", "d1")
		if err := l.Release(t.Context(), sim.Scope(), first.Lease); err != nil {
			t.Fatal(err)
		}
		gets("d2")
	})
}

func TestRollbacksAndWhatRetiresDoNotQueue(t *testing.T) {
	for name, doc := range map[string]deploy.Document{
		"an automatic rollback": rollback("r1", deploy.Automatic, "d0"),
		"a person's":            rollback("r1", deploy.Standard, ""),
		"what retires": func() deploy.Document {
			doc := document("d9", deploy.KindDeploy)
			doc.Results.Promote.Slot = deploy.Green
			return doc
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
				if _, err := l.Turn(t.Context(), sim.Scope(), "d1"); err != nil {
					t.Fatal(err)
				}
				result, err := lock.Stage{Locks: l, Clock: clock.System{}}.Handle(t.Context(), doc)
				if err != nil || !result.Ready {
					t.Errorf("got %+v and error %v, want the lock though d1 waits", result, err)
				}
				if place, err := l.Turn(t.Context(), sim.Scope(), "d2"); err != nil || len(place.Ahead) != 1 {
					t.Errorf("got %+v and error %v, want d1 ahead only", place, err)
				}
			})
		})
	}
}

func TestSupersededIsRefusedWithAPointer(t *testing.T) {
	held(t, func(t *testing.T, s lock.Stage, l *ledger.Ledger) {
		if _, err := s.Handle(t.Context(), document("d1", deploy.KindDeploy)); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Enqueue(t.Context(), sim.Scope(), "d2", ledger.Supersede); err != nil {
			t.Fatal(err)
		}
		_, err := s.Handle(t.Context(), document("d1", deploy.KindDeploy))
		if want := "superseded by deployment d2, which is newer"; !fault.Is(err, fault.Locked) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

// late supersedes a deployment in the moment between its turn and the lock.
type late struct {
	*ledger.Ledger
	by string
}

func (l late) Acquire(ctx context.Context, claim ledger.Claim) (deploy.Lease, ledger.Lock, error) {
	if _, err := l.Enqueue(ctx, claim.Scope, l.by, ledger.Supersede); err != nil {
		return deploy.Lease{}, ledger.Lock{}, err
	}
	return l.Ledger.Acquire(ctx, claim)
}

func TestSupersededAtTheLastMomentGivesTheLockBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		s := lock.Stage{Locks: late{l, "d2"}, Clock: clock.System{}}
		if _, err := s.Handle(t.Context(), document("d1", deploy.KindDeploy)); !fault.Is(err, fault.Locked) {
			t.Errorf("got %v, want it superseded", err)
		}
		if seen, err := l.Lock(t.Context(), sim.Scope()); err != nil || seen.Owner != "" {
			t.Errorf("got %+v and error %v, want a free lock", seen, err)
		}
		s.Locks = l
		if result, err := s.Handle(t.Context(), document("d2", deploy.KindDeploy)); err != nil || !result.Ready {
			t.Errorf("got %+v and error %v, want d2 to get the lock", result, err)
		}
	})
}
