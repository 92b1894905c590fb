package lifthold_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

const scope = `"scope": {"service": "running-app", "environment": "production", "region": "eu-central-1"}`

func held(t *testing.T) *sim.World {
	t.Helper()
	w, err := sim.New(sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hold := ledger.Hold{By: "pilotage", Reason: "d1 failed in Restore", Deployment: "d1", At: time.Now(), Dirty: true}
	if err := w.Ledger.SetHold(t.Context(), sim.Scope(), hold); err != nil {
		t.Fatal(err)
	}
	return w
}

func lift(t *testing.T, w *sim.World, payload string) error {
	t.Helper()
	_, err := functions.Table(w.World)["LiftHold"](t.Context(), []byte(payload))
	return err
}

func TestLiftsTheHoldAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := held(t)
		payload := `{` + scope + `, "by": "ada@example.com", "reason": "OPS-9: the schema is mended"}`
		if err := lift(t, w, payload); err != nil {
			t.Fatal(err)
		}
		if hold, err := w.Ledger.Hold(t.Context(), sim.Scope()); err != nil || hold.Active() {
			t.Errorf("got hold %+v and error %v, want none", hold, err)
		}
		mails := w.Mails()
		if len(mails) != 1 || mails[0].To != sim.Team || !strings.Contains(mails[0].Body, "OPS-9: the schema is mended") || !strings.Contains(mails[0].Body, "ada@example.com") {
			t.Errorf("got mails %+v, want one to the team with who and why", mails)
		}
		kept := string(w.Document("records/eu-central-1/running-app/production/holds/20000101-000000.json"))
		for _, want := range []string{`"by": "ada@example.com"`, `"at": "2000-01-01T00:00:00Z"`, "OPS-9", "d1 failed in Restore"} {
			if !strings.Contains(kept, want) {
				t.Errorf("got document %q, want %q in it", kept, want)
			}
		}
		if err := lift(t, w, payload); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "has no hold") {
			t.Errorf("got %v the second time, want a refusal", err)
		}
	})
}

func TestRefusesToLiftWithoutPersonReasonOrScope(t *testing.T) {
	for payload, want := range map[string]string{
		`{` + scope + `, "reason": "done"}`:                                         `by is ""; the mail address of the person who lifts the hold is wanted`,
		`{` + scope + `, "by": "ada", "reason": "done"}`:                            `by is "ada"; the mail address of the person who lifts the hold is wanted`,
		`{` + scope + `, "by": "ada@example.com", "reason": " "}`:                   "reason has 1 characters; say in 1 to 500 why the hold is not needed any more",
		`{` + scope + `, "by": "ada@example.com", "reason": "done", "force": true}`: `read the request: unknown field "force"`,
		`{"by": "ada@example.com", "reason": "done"}`:                               "there is no environment /@; there are running-app/production@eu-central-1 and running-app/staging@eu-central-1",
	} {
		synctest.Test(t, func(t *testing.T) {
			w := held(t)
			if err := lift(t, w, payload); !fault.Is(err, fault.Invalid) || err.Error() != want {
				t.Errorf("%s: got %v, want %s", payload, err, want)
			}
			if hold, err := w.Ledger.Hold(t.Context(), sim.Scope()); err != nil || !hold.Active() || len(w.Mails()) > 0 {
				t.Errorf("%s: the hold is %+v (%v), and mails are %+v", payload, hold, err, w.Mails())
			}
		})
	}
}

// TestLiftThatFailsHalfWayIsFinishedByCallingAgain: at no point is the hold gone and nobody told.
func TestLiftThatFailsHalfWayIsFinishedByCallingAgain(t *testing.T) {
	for _, call := range []string{"Archive.Put", "Sender.Send", "Store.Put"} {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := held(t)
				w.FailAt(sim.Fault{At: call, Attempt: 1, Moment: sim.Before, Error: "Pilotage.Internal"})
				payload := `{` + scope + `, "by": "ada@example.com", "reason": "mended"}`
				if err := lift(t, w, payload); err == nil {
					t.Error("the fault did not strike")
				}
				if err := lift(t, w, payload); err != nil {
					t.Error(err)
				}
				if hold, err := w.Ledger.Hold(t.Context(), sim.Scope()); err != nil || hold.Active() || len(w.Mails()) != 1 {
					t.Errorf("the hold is %+v (%v), and mails are %+v", hold, err, w.Mails())
				}
			})
		})
	}
}
