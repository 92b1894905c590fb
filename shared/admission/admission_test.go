package admission_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// starter starts executions as Step Functions does: a name with the same input again is safe.
type starter struct {
	mu      sync.Mutex
	started map[string]string
	calls   int
	fails   int
}

func (s *starter) Start(_ context.Context, machine, name string, input json.RawMessage) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fails > 0 {
		s.fails--
		return "", errors.New("throttled")
	}
	key := machine + " " + name
	if before, known := s.started[key]; known && before != string(input) {
		return "", fmt.Errorf("%s runs with another input", key)
	}
	s.started[key] = string(input)
	return "arn:" + name, nil
}

// hall is a door with what is behind it.
type hall struct {
	*testing.T
	admission.Door
	starter *starter
	ledger  *ledger.Ledger
}

func open(t *testing.T, f func(h hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		s := &starter{started: map[string]string{}}
		door := admission.Door{Starter: s, Marks: l, Clock: clock.System{}, NewID: func() string { return fmt.Sprintf("id%d", made.Add(1)) }}
		f(hall{t, door, s, l})
	})
}

func order(key string) admission.Order {
	return admission.Order{Key: key, Request: deploy.Request{
		Kind: deploy.KindDeploy, Scope: deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}, Release: "1.1.0", RequestedBy: "ada@example.com", Reason: "OPS-1",
	}}
}

func (h hall) admit(o admission.Order) admission.Admitted {
	h.Helper()
	admitted, err := h.Admit(h.Context(), o)
	if err != nil {
		h.Fatal(err)
	}
	return admitted
}

func TestAnOrderStartsWhatItAsksFor(t *testing.T) {
	open(t, func(h hall) {
		admitted := h.admit(order("push-1"))
		if admitted.Deployment != "20000101-000000-id1" || admitted.Repeated {
			t.Errorf("got %+v", admitted)
		}
		var request deploy.Request
		if err := json.Unmarshal([]byte(h.starter.started["deploy 20000101-000000-id1"]), &request); err != nil {
			t.Fatal(err)
		}
		if request.SchemaVersion != 1 || !request.RequestedAt.Equal(time.Now()) || request.Source.Key != "push-1" || request.Release != "1.1.0" {
			t.Errorf("got %+v", request)
		}
		back := order("rollback-1")
		back.Request.Kind = deploy.KindRollback
		h.admit(back)
		if _, started := h.starter.started["rollback 20000101-000000-id2"]; !started {
			t.Errorf("got %v, want the rollback machine started", h.starter.started)
		}
	})
}

func TestTheSameOrderManyTimesAtOnceStartsOne(t *testing.T) {
	open(t, func(h hall) {
		ids := make([]admission.Admitted, 50)
		var work sync.WaitGroup
		for i := range ids {
			work.Go(func() { ids[i] = h.admit(order("push-1")) })
		}
		work.Wait()
		fresh := 0
		for _, admitted := range ids {
			if admitted.Deployment != ids[0].Deployment {
				t.Errorf("got %s and %s, want the same", admitted.Deployment, ids[0].Deployment)
			}
			if !admitted.Repeated {
				fresh++
			}
		}
		if len(h.starter.started) != 1 || fresh != 1 {
			t.Errorf("started %v, %d say that it was them; want one", h.starter.started, fresh)
		}
		time.Sleep(24 * time.Hour)
		again := order("push-1")
		again.Request.Reason = "another"
		if admitted := h.admit(again); admitted.Deployment != ids[0].Deployment || !admitted.Repeated || len(h.starter.started) != 1 {
			t.Errorf("a day later: got %+v and %v, want what was started first", admitted, h.starter.started)
		}
	})
}

func TestOtherOrdersStartOthers(t *testing.T) {
	open(t, func(h hall) {
		elsewhere := order("push-1")
		elsewhere.Request.Scope.Environment = "staging"
		ids := map[string]bool{}
		for _, o := range []admission.Order{order("push-1"), elsewhere, order("push-2")} {
			ids[h.admit(o).Deployment] = true
		}
		if len(ids) != 3 || len(h.starter.started) != 3 {
			t.Errorf("got %v and %v, want three", ids, h.starter.started)
		}
	})
}

func TestKeysAreBounded(t *testing.T) {
	for length, want := range map[int]bool{0: false, 1: true, 900: true, 901: false} {
		open(t, func(h hall) {
			_, err := h.Admit(t.Context(), order(strings.Repeat("k", length)))
			if (err == nil) != want || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("a key of %d: got %v, want it taken: %v", length, err, want)
			}
			if (len(h.starter.started) > 0) != want {
				t.Errorf("a key of %d: started %v", length, h.starter.started)
			}
		})
	}
}

// TestWhatFailedToStartIsStartedByTheSameOrder: under the id that it was given, and not twice.
func TestWhatFailedToStartIsStartedByTheSameOrder(t *testing.T) {
	open(t, func(h hall) {
		h.starter.fails = 1
		failed, err := h.Admit(t.Context(), order("push-1"))
		if err == nil || !strings.Contains(err.Error(), "throttled") {
			t.Errorf("got %v, want the starter's error", err)
		}
		time.Sleep(time.Minute)
		if admitted := h.admit(order("push-1")); admitted.Deployment != failed.Deployment || len(h.starter.started) != 1 {
			t.Errorf("got %+v and %v, want %s", admitted, h.starter.started, failed.Deployment)
		}
	})
}

// TestForceLeavesItsMarkOnlyWhenItWasLetThrough: whoever called the door has looked who it is.
func TestForceLeavesItsMarkOnlyWhenItWasLetThrough(t *testing.T) {
	for name, test := range map[string]struct {
		asks bool
		by   string
		want string
	}{
		"asked for by who may":           {true, "ada@example.com", "ada@example.com"},
		"asked for, and not let through": {true, "", ""},
		"let through, not asked for":     {false, "ada@example.com", ""},
		"neither":                        {false, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, func(h hall) {
				o := order("command-1")
				o.Request.Force, o.ForcedBy = test.asks, test.by
				admitted := h.admit(o)
				mark, err := h.ledger.Mark(t.Context(), admission.ForceMark, admitted.Deployment)
				if err != nil || mark.Value != test.want || mark.Set() != (test.want != "") {
					t.Errorf("got mark %+v and error %v, want %q", mark, err, test.want)
				}
			})
		})
	}
}

// TestForceCannotBeAddedToAnOrderThatWasGiven: the first one counts, whatever comes under its key.
func TestForceCannotBeAddedToAnOrderThatWasGiven(t *testing.T) {
	open(t, func(h hall) {
		admitted := h.admit(order("command-1"))
		forced := order("command-1")
		forced.Request.Force, forced.ForcedBy = true, "ada@example.com"
		h.admit(forced)
		if mark, err := h.ledger.Mark(t.Context(), admission.ForceMark, admitted.Deployment); err != nil || mark.Set() {
			t.Errorf("got mark %+v and error %v, want none", mark, err)
		}
		if input := h.starter.started["deploy "+admitted.Deployment]; strings.Contains(input, "force") {
			t.Errorf("started with %s", input)
		}
	})
}

// TestMarkIsThereBeforeItStarts: Validate looks for it at once.
func TestMarkIsThereBeforeItStarts(t *testing.T) {
	open(t, func(h hall) {
		h.starter.fails = 1
		o := order("command-1")
		o.Request.Force, o.ForcedBy = true, "ada@example.com"
		failed, err := h.Admit(t.Context(), o)
		if err == nil {
			t.Error("the failure did not strike")
		}
		if mark, err := h.ledger.Mark(t.Context(), admission.ForceMark, failed.Deployment); err != nil || !mark.Set() {
			t.Errorf("got mark %+v and error %v, want it set before the start", mark, err)
		}
	})
}

// TestWhoAskedIsKnownOfWhatCameThroughTheDoor: whoever starts an execution by hand writes the key of
// another into it, or another name, and is not believed.
func TestWhoAskedIsKnownOfWhatCameThroughTheDoor(t *testing.T) {
	open(t, func(h hall) {
		id := h.admit(order("key")).Deployment
		var request deploy.Request
		if err := json.Unmarshal([]byte(h.starter.started["deploy "+id]), &request); err != nil {
			h.Fatal(err)
		}
		foreign, renamed, elsewhere, keyless := request, request, request, request
		foreign.Source.Key, renamed.RequestedBy, elsewhere.Scope.Environment, keyless.Source.Key = "other", "edsger@example.com", "staging", ""
		for name, test := range map[string]struct {
			id      string
			request deploy.Request
			want    bool
		}{
			"as it was asked for": {id, request, true},
			"under another name":  {"by-hand", request, false},
			"for somebody else":   {id, renamed, false},
			"with another key":    {id, foreign, false},
			"without a key":       {id, keyless, false},
			"to somewhere else":   {id, elsewhere, false},
		} {
			if got, err := admission.Checked(h.Context(), h.ledger, test.id, test.request); got != test.want || err != nil {
				h.Errorf("%s: got %t and error %v", name, got, err)
			}
		}
	})
}
