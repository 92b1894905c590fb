package watchdog_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/watchdog"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/decision"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// starter keeps what it was asked to start: the inputs by name, each once.
type starter struct {
	mu      sync.Mutex
	started map[string]map[string]bool
}

func (s *starter) Start(_ context.Context, machine, name string, input json.RawMessage) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started == nil {
		s.started = map[string]map[string]bool{}
	}
	if s.started[machine+" "+name] == nil {
		s.started[machine+" "+name] = map[string]bool{}
	}
	s.started[machine+" "+name][string(input)] = true
	return "arn:" + name, nil
}

func deployment(id string, outcome deploy.Outcome) ledger.Deployment {
	entry := unplanned(id)
	entry.Outcome, entry.Plan.Digest = outcome, "sha256:plan"
	return entry
}

// pager keeps the last call for people.
type pager struct{ last string }

func (p *pager) Page(_ context.Context, doc deploy.Document) ([]string, error) {
	p.last = doc.ID + " because of " + doc.Error.Cause
	return []string{"oncall"}, nil
}

// unplanned is a deployment that has no plan under the lock.
func unplanned(id string) ledger.Deployment {
	return ledger.Deployment{ID: id, Kind: deploy.KindDeploy, Scope: sim.Scope(), Execution: "arn:" + id}
}

func rollback(id string, mode deploy.Mode, attempt int, undoes string) ledger.Deployment {
	entry := ledger.Deployment{ID: id, Kind: deploy.KindRollback, Scope: sim.Scope(), Execution: "arn:" + id}
	entry.Request.Kind, entry.Request.Source.Kind = deploy.KindRollback, deploy.FromPilotage
	entry.Request.Rollback = deploy.RollbackRequest{Mode: mode, Deployment: "d1", Attempt: attempt}
	if undoes != "" {
		entry.Plan.Digest, entry.Plan.Undoes = "sha256:plan", undoes
	}
	return entry
}

func TestTakesOverOnceWhatNobodyFinishes(t *testing.T) {
	for name, test := range map[string]struct {
		status string
		entry  ledger.Deployment
		want   string
		paged  string
	}{
		"a deployment that was stopped":       {"ABORTED", deployment("d1", ""), "d1-watchdog-1", ""},
		"one that timed out":                  {"TIMED_OUT", deployment("d1", ""), "d1-watchdog-1", ""},
		"one that failed with an open record": {"FAILED", deployment("d1", ""), "d1-watchdog-1", ""},
		"one that changed nothing":            {"ABORTED", unplanned("d1"), "", ""},
		"one that failed and is closed":       {"FAILED", deployment("d1", deploy.Refused), "", ""},
		"one that succeeded":                  {"SUCCEEDED", deployment("d1", ""), "", ""},
		"one that runs":                       {"RUNNING", deployment("d1", ""), "", ""},
		"one without a record":                {"ABORTED", deployment("other", ""), "", ""},
		"its rollback, not yet planned":       {"ABORTED", rollback("d1", deploy.Automatic, 0, ""), "d1-watchdog-1", ""},
		"its rollback, at work":               {"ABORTED", rollback("d1", deploy.Automatic, 0, "d0"), "d0-watchdog-1", ""},
		"the second attempt":                  {"ABORTED", rollback("d1", deploy.Automatic, 1, "d0"), "d0-watchdog-2", ""},
		"the last attempt":                    {"ABORTED", rollback("d1", deploy.Automatic, 3, "d0"), "", "d1 because of the rollback of d0 was stopped 3 times and is not started again: the execution ended as ABORTED"},
		"a person's rollback, not yet begun":  {"ABORTED", rollback("d1", deploy.Standard, 0, ""), "", ""},
		"a person's rollback, at work":        {"ABORTED", rollback("d1", deploy.Standard, 0, "d0"), "d0-watchdog-1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
				if err := l.Begin(t.Context(), test.entry); err != nil {
					t.Fatal(err)
				}
				s := &starter{}
				p := &pager{}
				f := watchdog.Function{Starter: s, Ledger: l, Escalation: p, Desk: decision.Clerk{Votes: l, Clock: clock.System{}}, Clock: clock.System{}}
				var event struct {
					Detail watchdog.Change `json:"detail"`
				}
				event.Detail = watchdog.Change{Name: "d1", Status: test.status, ExecutionArn: "arn:d1"}
				for range 3 {
					result, err := f.Handle(t.Context(), event)
					if err != nil || result.Started != test.want || p.last != test.paged {
						t.Errorf("got %+v, error %v and page %q, want %q started and page %q", result, err, p.last, test.want, test.paged)
					}
					time.Sleep(time.Minute)
				}
				want := 0
				if test.want != "" {
					want = 1
				}
				if len(s.started) != want || want == 1 && len(s.started["rollback "+test.want]) != 1 {
					t.Errorf("got %v, want one start with one input", s.started)
				}
			})
		})
	}
}

func TestGivesBackTheLockOfWhatEnded(t *testing.T) {
	for name, test := range map[string]struct {
		outcome deploy.Outcome
		want    string
	}{"succeeded": {deploy.Succeeded, ""}, "refused": {deploy.Refused, ""}, "failed-dirty keeps it": {deploy.FailedDirty, "d1"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
				if _, _, err := l.Acquire(t.Context(), ledger.Claim{Scope: sim.Scope(), Owner: "d1", Execution: "arn:d1"}); err != nil {
					t.Fatal(err)
				}
				if err := l.Begin(t.Context(), deployment("d1", test.outcome)); err != nil {
					t.Fatal(err)
				}
				var event struct {
					Detail watchdog.Change `json:"detail"`
				}
				event.Detail = watchdog.Change{Name: "d1", Status: "ABORTED"}
				if _, err := (watchdog.Function{Starter: &starter{}, Ledger: l, Clock: clock.System{}}).Handle(t.Context(), event); err != nil {
					t.Fatal(err)
				}
				if lock, err := l.Lock(t.Context(), sim.Scope()); err != nil || lock.Owner != test.want {
					t.Errorf("got owner %q and error %v, want %q", lock.Owner, err, test.want)
				}
			})
		})
	}
}

func TestClosesWhatChangedNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		if _, _, err := l.Acquire(t.Context(), ledger.Claim{Scope: sim.Scope(), Owner: "d1", Execution: "arn:d1"}); err != nil {
			t.Fatal(err)
		}
		if err := l.Begin(t.Context(), unplanned("d1")); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Enqueue(t.Context(), sim.Scope(), "d1", ledger.Line); err != nil {
			t.Fatal(err)
		}
		err := l.PutVote(t.Context(), "d1#plan", func(v *approval.Vote) error {
			*v = approval.Vote{ID: "d1#plan", Deployment: "d1", PlanDigest: "plan", ExpiresAt: time.Now().Add(time.Hour)}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var event struct {
			Detail watchdog.Change `json:"detail"`
		}
		event.Detail = watchdog.Change{Name: "d1", Status: "ABORTED"}
		if _, err := (watchdog.Function{Starter: &starter{}, Ledger: l, Desk: decision.Clerk{Votes: l, Clock: clock.System{}}, Clock: clock.System{}}).Handle(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		entry, err := l.Locate(t.Context(), "d1")
		if err != nil || entry.Outcome != deploy.Refused || entry.Error.Error != string(fault.Halted) || entry.Error.Cause != "the execution ended as ABORTED" {
			t.Errorf("got %q, %+v and error %v, want it refused as halted", entry.Outcome, entry.Error, err)
		}
		if lock, err := l.Lock(t.Context(), sim.Scope()); err != nil || lock.Owner != "" {
			t.Errorf("got owner %q and error %v, want a free lock", lock.Owner, err)
		}
		if vote, err := l.Vote(t.Context(), "d1#plan"); err != nil || !strings.Contains(vote.Void, "stopped") {
			t.Errorf("got vote %+v and error %v, want it void", vote, err)
		}
		if place, err := l.Turn(t.Context(), sim.Scope(), "d2"); err != nil || len(place.Ahead) > 0 {
			t.Errorf("got %+v and error %v, want nobody ahead of the next", place, err)
		}
		if hold, err := l.Hold(t.Context(), sim.Scope()); err != nil || hold.Active() {
			t.Errorf("got %+v and error %v, want no hold", hold, err)
		}
	})
}
