package gate_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/gate"
	"github.com/pilotage/pilotage/shared/ledger"
)

func request() deploy.Request {
	return deploy.Request{Scope: deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}, Source: deploy.Source{Kind: deploy.FromGitHub}}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// closed checks that a gate refuses with a text, and that force passes it with another.
func closed(t *testing.T, said error, refusal, past string) {
	t.Helper()
	var found *gate.Closed
	if !fault.Is(said, fault.Denied) || said.Error() != refusal || !errors.As(said, &found) || found.Past != past {
		t.Errorf("got %v (%+v), want it closed: %s; past it: %s", said, found, refusal, past)
	}
}

func TestFreeze(t *testing.T) {
	weekend := deploy.Freeze{Name: "weekend", From: "2026-01-02T17:00:00+01:00", Until: "2026-01-05T06:00:00+01:00", Repeats: "FREQ=WEEKLY", Timezone: "Europe/Berlin"}
	thrice := weekend
	thrice.Repeats = "FREQ=WEEKLY;COUNT=3"
	year := deploy.Freeze{Name: "end of the year", From: "2026-01-17T00:00:00Z", Until: "2026-01-18T00:00:00Z"}
	for name, test := range map[string]struct {
		freezes       []deploy.Freeze
		now           string
		refusal, past string
	}{
		"none":    {nil, "2026-01-17T12:00:00Z", "", ""},
		"not now": {[]deploy.Freeze{weekend, year}, "2026-01-14T12:00:00Z", "", ""},
		"once": {
			[]deploy.Freeze{year},
			"2026-01-17T12:00:00Z",
			"prod is frozen until Sun 2026-01-18 00:00 UTC (end of the year); deploy after that", "freeze end of the year until Sun 2026-01-18 00:00 UTC",
		},
		"repeated": {
			[]deploy.Freeze{weekend},
			"2026-01-17T12:00:00Z",
			"prod is frozen until Mon 2026-01-19 06:00 CET (weekend, again from Fri 2026-01-23 17:00 CET by FREQ=WEEKLY); deploy after that", "freeze weekend until Mon 2026-01-19 06:00 CET",
		},
		"for the last time": {
			[]deploy.Freeze{thrice},
			"2026-01-17T12:00:00Z",
			"prod is frozen until Mon 2026-01-19 06:00 CET (weekend, for the last time by FREQ=WEEKLY;COUNT=3); deploy after that", "freeze weekend until Mon 2026-01-19 06:00 CET",
		},
		"two at once": {
			[]deploy.Freeze{year, thrice},
			"2026-01-17T12:00:00Z",
			"prod is frozen until Sun 2026-01-18 00:00 UTC (end of the year), and until Mon 2026-01-19 06:00 CET (weekend, for the last time by FREQ=WEEKLY;COUNT=3); deploy after that",
			"freeze end of the year until Sun 2026-01-18 00:00 UTC, freeze weekend until Mon 2026-01-19 06:00 CET",
		},
	} {
		t.Run(name, func(t *testing.T) {
			said := gate.Freeze(request(), deploy.Environment{Freezes: test.freezes}, at(t, test.now))
			if test.refusal == "" && said == nil {
				return
			}
			closed(t, said, test.refusal, test.past)
		})
	}
}

func TestFreezeThatCannotBeReadIsNoOpenGate(t *testing.T) {
	env := deploy.Environment{Freezes: []deploy.Freeze{{Name: "x", From: "soon", Until: "2026-01-18T00:00:00Z"}}}
	said := gate.Freeze(request(), env, at(t, "2026-01-17T12:00:00Z"))
	if want := `read freeze "x" of prod: from "soon" is not an RFC 3339 time`; !fault.Is(said, fault.Invalid) || said.Error() != want {
		t.Errorf("got %v, want %s", said, want)
	}
	pass := gate.Pass{Forced: true}
	if pass.Through(said) == nil {
		t.Error("force went past it")
	}
}

func TestHold(t *testing.T) {
	hold := ledger.Hold{By: "ada", Reason: "a fair", At: at(t, "2026-01-17T12:00:00Z")}
	const refusal = "app/prod@eu is on hold since 2026-01-17T12:00:00Z, by ada: a fair; lift the hold first"
	closed(t, gate.Hold(request(), hold), refusal, "hold by ada since 2026-01-17T12:00:00Z: a fair")
	person := request()
	person.Source.Kind = deploy.FromCLI
	if said := gate.Hold(person, hold); said != nil {
		t.Errorf("a person: got %v, want no refusal", said)
	}
	if said := gate.Hold(request(), ledger.Hold{}); said != nil {
		t.Errorf("no hold: got %v, want no refusal", said)
	}
	hold.Dirty = true
	pass := gate.Pass{Forced: true}
	if said := pass.Through(gate.Hold(person, hold)); !fault.Is(said, fault.Denied) || said.Error() != refusal || len(pass.Past) > 0 {
		t.Errorf("dirty: got %v, past %v, want a refusal that no force goes past", said, pass.Past)
	}
}

func TestPass(t *testing.T) {
	shut := &gate.Closed{Past: "a freeze", Err: fault.New(fault.Denied, "frozen")}
	for name, test := range map[string]struct {
		forced bool
		said   error
		let    bool
		past   []string
	}{
		"nothing in the way":         {false, nil, true, nil},
		"nothing to be forced":       {true, nil, true, nil},
		"closed":                     {false, shut, false, nil},
		"closed, and forced":         {true, shut, true, []string{"a freeze"}},
		"another error, however big": {true, fault.New(fault.Denied, "rejected"), false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pass := gate.Pass{Forced: test.forced}
			if err := pass.Through(test.said); (err == nil) != test.let || !slices.Equal(pass.Past, test.past) {
				t.Errorf("got %v, past %v; want it let through: %v, past %v", err, pass.Past, test.let, test.past)
			}
		})
	}
}

// TestForceIsNoWordInARequest: who starts an execution writes what they like into its input.
func TestForceIsNoWordInARequest(t *testing.T) {
	for name, test := range map[string]struct {
		asks, marked bool
		may          []string
		want         string
		forced       bool
	}{
		"not asked for":          {false, false, []string{"ada@example.com"}, "", false},
		"marked, not asked for":  {false, true, []string{"ada@example.com"}, "", false},
		"asked for and marked":   {true, true, []string{"ada@example.com"}, "", true},
		"asked for, not marked":  {true, false, []string{"ada@example.com", "bob@example.com"}, "force counts only when it is asked for by command (pilotage deploy --force), by who may: for prod, pilotage.yaml lists ada@example.com, bob@example.com", false},
		"asked for, nobody may":  {true, false, nil, "force counts only when it is asked for by command (pilotage deploy --force), by who may: for prod, pilotage.yaml lists nobody", false},
		"the mark is of another": {true, false, []string{"ada@example.com"}, "force counts only when it is asked for by command (pilotage deploy --force), by who may: for prod, pilotage.yaml lists ada@example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
				mark(t.Context(), t, l, "d0")
				if test.marked {
					mark(t.Context(), t, l, "d1")
				}
				r := request()
				r.Force = test.asks
				pass, err := gate.For(t.Context(), l, "d1", r, deploy.Environment{Force: test.may})
				if pass.Forced != test.forced {
					t.Errorf("got %+v, want forced %v", pass, test.forced)
				}
				if test.want == "" && err == nil {
					return
				}
				if !fault.Is(err, fault.Denied) || err.Error() != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
				// Asking must not make what it asks for.
				if _, err := gate.For(t.Context(), l, "d1", r, deploy.Environment{Force: test.may}); err == nil {
					t.Error("asking a second time was let through")
				}
			})
		})
	}
}

func mark(ctx context.Context, t *testing.T, l *ledger.Ledger, deployment string) {
	t.Helper()
	if _, err := l.Once(ctx, admission.ForceMark, deployment, "ada@example.com"); err != nil {
		t.Fatal(err)
	}
}
