package holding_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/holding"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

const ada, bob = "ada@example.com", "bob@example.com"

func scope() deploy.Scope {
	return deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}
}

// world is everything that holding asks for. What fails, fails once.
type world struct {
	*testing.T
	holding.Holds
	ledger *ledger.Ledger
	kept   map[string]string
	mails  []notify.Message
	fails  string
}

func (w *world) fail(call string) error {
	if w.fails != call {
		return nil
	}
	w.fails = ""
	return errors.New(call + " failed")
}

func (w *world) Environment(_ context.Context, s deploy.Scope) (deploy.Environment, error) {
	if s != scope() {
		return deploy.Environment{}, fault.New(fault.Invalid, "there is no environment %s", s)
	}
	return deploy.Environment{Notify: deploy.Notify{Team: []string{"team@example.com"}}}, nil
}

func (w *world) Put(_ context.Context, key string, body []byte) error {
	w.kept[key] = string(body)
	return w.fail("archive")
}

func (w *world) Send(_ context.Context, message notify.Message) error {
	if err := w.fail("send"); err != nil {
		return err
	}
	w.mails = append(w.mails, message)
	return nil
}

// store fails where it is told to.
type store struct {
	ledger.Store
	w *world
}

func (s store) Put(ctx context.Context, item ledger.Item) (ledger.Item, error) {
	if item.Sort == "hold" {
		if err := s.w.fail("ledger"); err != nil {
			return ledger.Item{}, err
		}
	}
	return s.Store.Put(ctx, item)
}

func newWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, kept: map[string]string{}}
		w.ledger = &ledger.Ledger{Store: store{&ledgerstore.Memory{}, w}, Clock: clock.System{}}
		w.Holds = holding.Holds{Ledger: w.ledger, Settings: w, Archive: w, Notifier: notify.Notifier{Sender: w, Marks: w.ledger}, Clock: clock.System{}}
		f(w)
	})
}

func (w *world) held() ledger.Hold {
	w.Helper()
	hold, err := w.ledger.Hold(w.Context(), scope())
	if err != nil {
		w.Fatal(err)
	}
	return hold
}

func (w *world) refused(err error, class fault.Class, want string) {
	w.Helper()
	if !fault.Is(err, class) || err.Error() != want {
		w.Errorf("got %v, want %s: %s", err, class, want)
	}
}

func TestSetAndLiftAreKeptAndTold(t *testing.T) {
	newWorld(t, func(w *world) {
		if hold, err := w.Set(t.Context(), scope(), ada, "a fair"); err != nil || hold.By != ada || hold.Reason != "a fair" {
			t.Errorf("got %+v and error %v", hold, err)
		}
		if hold := w.held(); hold.By != ada || hold.Dirty {
			t.Errorf("got hold %+v, want an ordinary one of %s", hold, ada)
		}
		time.Sleep(time.Hour)
		if hold, err := w.Lift(t.Context(), scope(), bob, "it is over"); err != nil || hold.By != ada {
			t.Errorf("got %+v and error %v", hold, err)
		}
		if hold := w.held(); hold.Active() {
			t.Errorf("got hold %+v, want none", hold)
		}
		if len(w.mails) != 2 || w.mails[0].Subject != "[pilotage] app prod: hold set" || w.mails[1].Subject != "[pilotage] app prod: hold lifted" || w.mails[0].To != "team@example.com" {
			t.Errorf("got mails %+v", w.mails)
		}
		for key, want := range map[string][]string{
			"set":    {`"did": "set"`, `"by": "` + ada + `"`, `"reason": "a fair"`, `"at": "2000-01-01T00:00:00Z"`},
			"lifted": {`"did": "lifted"`, `"by": "` + bob + `"`, `"reason": "it is over"`, `"at": "2000-01-01T01:00:00Z"`, `"reason": "a fair"`},
		} {
			kept := w.kept["records/eu/app/prod/holds/20000101-000000-"+key+".json"]
			for _, text := range want {
				if !strings.Contains(kept, text) {
					t.Errorf("got %q under %s, want %q in it", kept, key, text)
				}
			}
		}
	})
}

func TestNobodysHoldIsReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		hold ledger.Hold
		by   string
	}{
		"another's":            {ledger.Hold{By: bob, Reason: "a fair"}, ada},
		"one's own, of before": {ledger.Hold{By: ada, Reason: "another fair"}, ada},
		"a dirty one":          {ledger.Hold{By: bob, Reason: "half way", Dirty: true}, ada},
		"one's own, dirty":     {ledger.Hold{By: ada, Reason: "a fair", Dirty: true}, ada},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, func(w *world) {
				if err := w.ledger.SetHold(t.Context(), scope(), test.hold); err != nil {
					t.Fatal(err)
				}
				_, err := w.Set(t.Context(), scope(), test.by, "a fair")
				w.refused(err, fault.Invalid, "app/prod@eu is on hold already, since 0001-01-01T00:00:00Z by "+test.hold.By+": "+test.hold.Reason)
				if got := w.held(); got != test.hold || len(w.mails) > 0 || len(w.kept) > 0 {
					t.Errorf("the hold is %+v, %d mails and %d documents", got, len(w.mails), len(w.kept))
				}
			})
		})
	}
}

func TestRefusesWithoutPersonReasonOrScope(t *testing.T) {
	elsewhere := scope()
	elsewhere.Environment = "moon"
	for name, test := range map[string]struct {
		scope      deploy.Scope
		by, reason string
		want       string
	}{
		"no person":        {scope(), "", "x", `by is ""; the mail address of the person who answers for it is wanted`},
		"a system":         {scope(), "github", "x", `by is "github"; the mail address of the person who answers for it is wanted`},
		"no reason":        {scope(), ada, " ", "the reason has 1 characters; say why in 1 to 500"},
		"a long reason":    {scope(), ada, strings.Repeat("é", 501), "the reason has 501 characters; say why in 1 to 500"},
		"an unknown place": {elsewhere, ada, "x", "there is no environment app/moon@eu"},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, func(w *world) {
				_, err := w.Set(t.Context(), test.scope, test.by, test.reason)
				w.refused(err, fault.Invalid, test.want)
				_, err = w.Lift(t.Context(), test.scope, test.by, test.reason)
				w.refused(err, fault.Invalid, test.want)
				if w.held().Active() || len(w.mails) > 0 || len(w.kept) > 0 {
					t.Errorf("the hold is %+v, %d mails and %d documents", w.held(), len(w.mails), len(w.kept))
				}
			})
		})
	}
	newWorld(t, func(w *world) {
		_, err := w.Lift(t.Context(), scope(), ada, "x")
		w.refused(err, fault.Invalid, "app/prod@eu has no hold, so there is none to lift")
	})
}

// TestWhatFailsHalfWayIsFinishedByCallingAgain: at no point may something start by itself that
// nobody was told of, and nobody is told twice.
func TestWhatFailsHalfWayIsFinishedByCallingAgain(t *testing.T) {
	for _, call := range []string{"archive", "send", "ledger"} {
		t.Run(call, func(t *testing.T) {
			newWorld(t, func(w *world) {
				w.fails = call
				if _, err := w.Set(t.Context(), scope(), ada, "a fair"); err == nil {
					t.Error("the failure did not strike")
				}
				time.Sleep(time.Minute)
				if _, err := w.Set(t.Context(), scope(), ada, "a fair"); err != nil || !w.held().Active() || len(w.mails) != 1 {
					t.Errorf("set again: error %v, hold %+v, mails %+v", err, w.held(), w.mails)
				}
				w.fails = call
				if _, err := w.Lift(t.Context(), scope(), bob, "it is over"); err == nil || !w.held().Active() {
					t.Errorf("the failure did not strike, or the hold is gone: %+v", w.held())
				}
				time.Sleep(time.Minute)
				if _, err := w.Lift(t.Context(), scope(), bob, "it is over"); err != nil || w.held().Active() || len(w.mails) != 2 {
					t.Errorf("lifted again: error %v, hold %+v, mails %+v", err, w.held(), w.mails)
				}
			})
		})
	}
}

// TestHoldThatIsSetMeanwhileStays: nobody has looked at what it is there for.
func TestHoldThatIsSetMeanwhileStays(t *testing.T) {
	newWorld(t, func(w *world) {
		if _, err := w.Set(t.Context(), scope(), ada, "a fair"); err != nil {
			t.Fatal(err)
		}
		dirty := ledger.Hold{By: "pilotage", Reason: "half way", Dirty: true, At: time.Now().Add(time.Minute)}
		w.Archive = meanwhile{w, func() {
			if err := w.ledger.SetHold(t.Context(), scope(), dirty); err != nil {
				t.Fatal(err)
			}
		}}
		_, err := w.Lift(t.Context(), scope(), bob, "it is over")
		w.refused(err, fault.Rejected, "app/prod@eu got another hold at 2000-01-01T00:01:00Z, by pilotage: half way; look at that first")
		if !w.held().Dirty {
			t.Errorf("the hold is %+v, want the dirty one", w.held())
		}
	})
}

// meanwhile does something while a document is archived.
type meanwhile struct {
	*world
	act func()
}

func (m meanwhile) Put(ctx context.Context, key string, body []byte) error {
	m.act()
	return m.world.Put(ctx, key, body)
}
