package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/bus"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/fault"
)

func TestPutDeliversToTheRulesThatMatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen inbox
		b := start(t,
			bus.Rule{Name: "ours", Pattern: parse(t, `{"source":["pilotage"]}`), Target: seen.target("ours")},
			bus.Rule{Name: "all", Pattern: parse(t, `{"account":["000000000000"]}`), Target: seen.target("all")},
			bus.Rule{Name: "none", Pattern: parse(t, `{"source":["aws.ec2"]}`), Target: seen.target("none")},
		)
		put(t, b, event("a"), event("b"))
		drain(t, b)
		if got, want := seen.sorted(), []string{"all a", "all b", "ours a", "ours b"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestPutFillsInTheEnvelope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got string
		b := start(t, bus.Rule{
			Name: "all", Pattern: parse(t, `{"source":[{"exists":true}]}`),
			Target: func(_ context.Context, event bus.Event) error {
				encoded, err := json.Marshal(event)
				got = string(encoded)
				return err
			},
		})
		put(t, b, bus.Event{Source: "pilotage", DetailType: "Deployment", Detail: json.RawMessage(`{"n":1}`)})
		drain(t, b)
		want := `{"version":"0","id":"id-1","detail-type":"Deployment","source":"pilotage","account":"000000000000",` +
			`"time":"2000-01-01T00:00:00Z","region":"local","resources":[],"detail":{"n":1}}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestPutRefusesWhatEventBridgeRefuses(t *testing.T) {
	var seen inbox
	b := start(t, bus.Rule{Name: "all", Pattern: parse(t, `{"source":[{"exists":true}]}`), Target: seen.target("all")})
	change := func(edit func(*bus.Event)) []bus.Event {
		bad := event("bad")
		edit(&bad)
		return []bus.Event{event("good"), bad}
	}
	for name, events := range map[string][]bus.Event{
		"no source":            change(func(e *bus.Event) { e.Source = "" }),
		"no detail-type":       change(func(e *bus.Event) { e.DetailType = "" }),
		"no detail":            change(func(e *bus.Event) { e.Detail = nil }),
		"detail not an object": change(func(e *bus.Event) { e.Detail = json.RawMessage(`[1]`) }),
		"detail not JSON":      change(func(e *bus.Event) { e.Detail = json.RawMessage(`{"a":}`) }),
		"too large":            change(func(e *bus.Event) { e.Detail = json.RawMessage(`{"a":"` + strings.Repeat("x", 256<<10) + `"}`) }),
		"too many":             slices.Repeat([]bus.Event{event("good")}, 11),
	} {
		if err := b.Put(t.Context(), events...); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got error %v, want one of class Invalid", name, err)
		}
	}
	drain(t, b)
	if got := seen.sorted(); len(got) != 0 {
		t.Errorf("a refused batch was delivered: %q", got)
	}
}

func TestDeliveryIsTriedAgainWithBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var calls []time.Duration
		b := start(t, bus.Rule{
			Name: "flaky", Pattern: parse(t, `{"source":["pilotage"]}`),
			Retry: bus.Retry{Attempts: 9, Backoff: time.Second, Limit: 3 * time.Second},
			Target: func(context.Context, bus.Event) error {
				calls = append(calls, time.Since(began))
				if len(calls) < 5 {
					return errors.New("not yet")
				}
				return nil
			},
			DeadLetter: func(context.Context, bus.DeadLetter) { t.Error("a delivered event is a dead letter") },
		})
		put(t, b, event("a"))
		drain(t, b)
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 6 * time.Second, 9 * time.Second}
		if !slices.Equal(calls, want) {
			t.Errorf("got attempts at %v, want %v", calls, want)
		}
	})
}

func TestUndeliverableEventsAreDeadLetters(t *testing.T) {
	for _, test := range []struct {
		name         string
		fail         func() error
		wantAttempts int
		wantError    string
	}{
		{"attempts used up", func() error { return errors.New("down") }, 3, "down"},
		{"a refusal is not retried", func() error { return fault.New(fault.Invalid, "no such service") }, 1, "no such service"},
		{"a panic is a failure", func() error { panic("nil map") }, 3, "panicked: nil map"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var letters []bus.DeadLetter
			b := start(t, bus.Rule{
				Name: "broken", Pattern: parse(t, `{"source":["pilotage"]}`),
				Retry:      bus.Retry{Attempts: 3, Backoff: time.Minute},
				Target:     func(context.Context, bus.Event) error { return test.fail() },
				DeadLetter: func(_ context.Context, letter bus.DeadLetter) { letters = append(letters, letter) },
			})
			put(t, b, event("a"))
			drain(t, b)
			if len(letters) != 1 {
				t.Fatalf("%s: got %d dead letters, want 1", test.name, len(letters))
			}
			got := letters[0]
			if got.Rule != "broken" || got.Event.ID != "a" || got.Attempts != test.wantAttempts ||
				!strings.Contains(got.Err.Error(), test.wantError) {
				t.Errorf("%s: got %+v, want %d attempts and %q", test.name, got, test.wantAttempts, test.wantError)
			}
		})
	}
}

func TestDrainWaitsForEventsPutByTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen inbox
		var b *bus.Bus
		b = start(t,
			bus.Rule{Name: "first", Pattern: parse(t, `{"id":["a"]}`), Target: func(ctx context.Context, _ bus.Event) error {
				if err := (clock.System{}).Wait(ctx, time.Hour); err != nil {
					return err
				}
				return b.Put(ctx, event("b"))
			}},
			bus.Rule{Name: "second", Pattern: parse(t, `{"id":["b"]}`), Target: seen.target("second")},
		)
		ctx, cancel := context.WithCancel(t.Context())
		put(t, b, event("a"))
		short, stop := context.WithTimeout(ctx, time.Minute)
		defer stop()
		if err := b.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v from a Drain that ended early, want DeadlineExceeded", err)
		}
		cancel()
		drain(t, b)
		if got, want := seen.sorted(), []string{"second b"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestPutOutlivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen inbox
		attempts := 0
		b := start(t, bus.Rule{
			Name: "slow", Pattern: parse(t, `{"source":["pilotage"]}`), Retry: bus.Retry{Attempts: 2, Backoff: time.Hour},
			Target: func(ctx context.Context, event bus.Event) error {
				if attempts++; attempts == 1 {
					return errors.New("not yet")
				}
				return errors.Join(ctx.Err(), seen.target("slow")(ctx, event))
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		if err := b.Put(ctx, event("a")); err != nil {
			t.Fatal(err)
		}
		cancel()
		drain(t, b)
		if got := seen.sorted(); !slices.Equal(got, []string{"slow a"}) {
			t.Errorf("got %q, want the event delivered", got)
		}
		if err := b.Put(ctx, event("b")); !errors.Is(err, context.Canceled) {
			t.Errorf("put with a context that ended: got error %v, want context.Canceled", err)
		}
	})
}

func TestCloseGivesUpWaitingDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var letters []bus.DeadLetter
		b := start(t, bus.Rule{
			Name: "down", Pattern: parse(t, `{"source":["pilotage"]}`), Retry: bus.Retry{Attempts: 99, Backoff: time.Hour},
			Target: func(context.Context, bus.Event) error { return errors.New("down") },
			DeadLetter: func(ctx context.Context, letter bus.DeadLetter) {
				if ctx.Err() != nil {
					t.Error("the dead-letter sink got a context that had ended")
				}
				letters = append(letters, letter)
			},
		})
		put(t, b, event("a"))
		synctest.Wait()
		began := time.Now()
		for range 2 {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if len(letters) != 1 || letters[0].Attempts != 1 || time.Since(began) != 0 {
			t.Errorf("got letters %+v after %s, want one after one attempt, at once", letters, time.Since(began))
		}
		if err := b.Put(t.Context(), event("b")); !errors.Is(err, bus.ErrClosed) {
			t.Errorf("got error %v, want ErrClosed", err)
		}
	})
}

func TestTargetsDoNotShareAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spoil := func(_ context.Context, event bus.Event) error {
			if string(event.Detail) != `{}` || event.Resources[0] != "arn" {
				t.Errorf("got an event that another target changed: %s %s", event.Detail, event.Resources)
			}
			event.Detail[0], event.Resources[0] = 'X', "spoilt"
			return nil
		}
		all := parse(t, `{"source":["pilotage"]}`)
		b := start(t, bus.Rule{Name: "a", Pattern: all, Target: spoil}, bus.Rule{Name: "b", Pattern: all, Target: spoil})
		shared := event("a")
		shared.Resources = []string{"arn"}
		put(t, b, shared)
		drain(t, b)
	})
}

func TestNewRefusesRulesThatCannotWork(t *testing.T) {
	good := bus.Rule{
		Name: "r", Pattern: parse(t, `{"source":["x"]}`),
		Target: func(context.Context, bus.Event) error { return nil },
	}
	nameless, patternless, targetless, negative := good, good, good, good
	nameless.Name, patternless.Pattern, targetless.Target, negative.Retry.Attempts = "", bus.Pattern{}, nil, -1
	for name, rules := range map[string][]bus.Rule{
		"nameless": {nameless}, "patternless": {patternless}, "targetless": {targetless},
		"negative": {negative}, "twins": {good, good},
	} {
		config := bus.Config{Rules: rules, Clock: clock.System{}, NewID: func() string { return "" }}
		if _, err := bus.New(config); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got error %v, want one of class Invalid", name, err)
		}
	}
	if _, err := bus.New(bus.Config{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bus without clock: got error %v, want one of class Invalid", err)
	}
}

type inbox struct {
	mutex sync.Mutex
	seen  []string
}

func (i *inbox) target(name string) func(context.Context, bus.Event) error {
	return func(_ context.Context, event bus.Event) error {
		i.mutex.Lock()
		defer i.mutex.Unlock()
		i.seen = append(i.seen, name+" "+event.ID)
		return nil
	}
}

func (i *inbox) sorted() []string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return slices.Sorted(slices.Values(i.seen))
}

func event(id string) bus.Event {
	return bus.Event{ID: id, Source: "pilotage", DetailType: "Test", Detail: json.RawMessage(`{}`)}
}

func start(t *testing.T, rules ...bus.Rule) *bus.Bus {
	t.Helper()
	ids := 0
	b, err := bus.New(bus.Config{
		Rules: rules, Clock: clock.System{}, Account: "000000000000", Region: "local",
		NewID: func() string { ids++; return fmt.Sprintf("id-%d", ids) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func put(t *testing.T, b *bus.Bus, events ...bus.Event) {
	t.Helper()
	if err := b.Put(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, b *bus.Bus) {
	t.Helper()
	if err := b.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}
