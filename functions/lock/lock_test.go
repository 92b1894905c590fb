package lock_test

import (
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
