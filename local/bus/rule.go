package bus

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
)

// Rule sends the events that its pattern matches to one target.
type Rule struct {
	// Name identifies the rule, for example "codepipeline-succeeded".
	Name    string
	Pattern Pattern
	// Target receives an event that is its own to keep. It may be called again with the same
	// event, also after it returned an error; ctx ends when the bus is closed.
	Target func(ctx context.Context, event Event) error
	// Retry says what happens when Target returns an error.
	Retry Retry
	// DeadLetter receives what could not be delivered; nil drops it, as EventBridge does for
	// a rule without a dead-letter queue. Its context is not cancelled by Close.
	DeadLetter func(ctx context.Context, letter DeadLetter)
}

// Retry is how often a delivery is tried, and how far apart. The zero value tries once.
type Retry struct {
	// Attempts is how often the target is called in all, from 1; zero means 1.
	Attempts int
	// Backoff is the wait before the second attempt; it doubles each time, up to Limit. A
	// Limit of zero means no limit.
	Backoff, Limit time.Duration
}

// DeadLetter is an event that its target did not take.
type DeadLetter struct {
	// Rule is the rule's name.
	Rule  string
	Event Event
	// Attempts is how often the target was called.
	Attempts int
	// Err is what the last attempt returned.
	Err error
}

type delivery struct {
	rule  Rule
	event Event
}

func (r Rule) check() error {
	switch {
	case r.Name == "":
		return fault.New(fault.Invalid, "it has no name")
	case r.Pattern.root == nil:
		return fault.New(fault.Invalid, "it has no pattern")
	case r.Target == nil:
		return fault.New(fault.Invalid, "it has no target")
	case r.Retry.Attempts < 0 || r.Retry.Backoff < 0 || r.Retry.Limit < 0:
		return fault.New(fault.Invalid, "its retry policy has a negative number")
	}
	return nil
}

// deliver calls the target until it takes the event or the rule's attempts are used up. ctx
// carries the values of the caller of Put, but not its end.
func (b *Bus) deliver(ctx context.Context, d delivery) {
	defer b.done()
	attempt, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.stop, cancel)()

	letter := DeadLetter{Rule: d.rule.Name, Event: d.event}
	for wait := d.rule.Retry.Backoff; ; wait = d.rule.Retry.next(wait) {
		letter.Attempts++
		letter.Err = call(attempt, d)
		if letter.Err == nil {
			return
		}
		if letter.Attempts >= d.rule.Retry.Attempts || final(letter.Err) {
			break
		}
		if b.config.Clock.Wait(attempt, wait) != nil {
			break
		}
	}
	if d.rule.DeadLetter != nil {
		d.rule.DeadLetter(ctx, letter)
	}
}

// call gives the target a copy of the event. A target that panics has failed, as a Lambda
// function would; it does not take the bus with it.
func call(ctx context.Context, d delivery) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fault.New(fault.Internal, "target of rule %q panicked: %v", d.rule.Name, cause)
		}
	}()
	event := d.event
	event.Resources = slices.Clone(event.Resources)
	event.Detail = bytes.Clone(event.Detail)
	if err := d.rule.Target(ctx, event); err != nil {
		return fmt.Errorf("deliver event %q by rule %q: %w", event.ID, d.rule.Name, err)
	}
	return nil
}

// final reports whether another attempt would fail in the same way. EventBridge too sends an
// event that the target refuses to the dead-letter queue without retrying.
func final(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied)
}

func (r Retry) next(wait time.Duration) time.Duration {
	// A doubling that overflowed would be negative.
	if doubled := wait * 2; doubled >= wait {
		wait = doubled
	}
	if r.Limit > 0 {
		wait = min(wait, r.Limit)
	}
	return wait
}
