// Package bus is EventBridge on one machine: events in its envelope, rules with its patterns,
// and delivery as it delivers, asynchronously, in no order, at least once, with retries and a
// dead-letter queue.
package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/fault"
)

// maxEntries is how many events one call of PutEvents takes.
const maxEntries = 10

// ErrClosed is returned by Put once the bus is closed.
var ErrClosed = errors.New("the event bus is closed")

// Config is what a Bus is made of.
type Config struct {
	// Rules decide who gets which event. Their names differ.
	Rules []Rule
	// Clock waits between attempts and dates events that have no time.
	Clock clock.Clock
	// NewID makes the id of an event that has none. It is called from one goroutine at a time.
	NewID func() string
	// Account and Region fill in events that have none, for example "000000000000", "local".
	Account, Region string
}

// Bus takes events and delivers them to the targets of the rules that match. It is safe for
// concurrent use; a target may put events itself.
type Bus struct {
	config Config
	// stop ends the waiting between attempts when the bus is closed.
	stop    context.Context
	cancel  context.CancelFunc
	mutex   sync.Mutex
	closed  bool
	pending int
	// idle is closed when pending falls to zero; nil when nobody waits for that.
	idle chan struct{}
}

// New makes a bus. It returns an error of class fault.Invalid for a rule without name, pattern
// or target, for two of one name, and for a Config without Clock or NewID.
func New(config Config) (*Bus, error) {
	if config.Clock == nil || config.NewID == nil {
		return nil, fault.New(fault.Invalid, "make event bus: it needs a clock and ids")
	}
	names := make(map[string]bool)
	for _, rule := range config.Rules {
		if err := rule.check(); err != nil {
			return nil, fmt.Errorf("make event bus: rule %q: %w", rule.Name, err)
		}
		if names[rule.Name] {
			return nil, fault.New(fault.Invalid, "make event bus: two rules are named %q", rule.Name)
		}
		names[rule.Name] = true
	}
	stop, cancel := context.WithCancel(context.Background())
	return &Bus{config: config, stop: stop, cancel: cancel}, nil
}

// Put accepts events, at most ten, and returns before they are delivered. It fills in version,
// id, account, time, region and resources where they are missing. It returns an error of class
// fault.Invalid when EventBridge would refuse any of them, ErrClosed after Close, or ctx's error;
// none of the events is delivered then. Repeating it delivers the events again, under new ids
// unless they have their own. The end of ctx later on does not stop deliveries.
func (b *Bus) Put(ctx context.Context, events ...Event) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("put events: %w", err)
	}
	if len(events) > maxEntries {
		return fault.New(fault.Invalid, "put events: %d at once are more than %d", len(events), maxEntries)
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		return fmt.Errorf("put events: %w", ErrClosed)
	}
	var deliveries []delivery
	for _, event := range events {
		matched, err := b.route(event)
		if err != nil {
			return fmt.Errorf("put event %q from %q: %w", event.DetailType, event.Source, err)
		}
		deliveries = append(deliveries, matched...)
	}
	b.pending += len(deliveries)
	values := context.WithoutCancel(ctx)
	for _, delivery := range deliveries {
		go b.deliver(values, delivery)
	}
	return nil
}

// Drain waits until every delivery is done, those included that targets cause meanwhile by
// putting events, whether it ended at the target or in the dead-letter queue. It returns ctx's
// error when that ends first.
func (b *Bus) Drain(ctx context.Context) error {
	for {
		b.mutex.Lock()
		if b.pending == 0 {
			b.mutex.Unlock()
			return nil
		}
		if b.idle == nil {
			b.idle = make(chan struct{})
		}
		idle := b.idle
		b.mutex.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return fmt.Errorf("drain event bus: %w", ctx.Err())
		}
	}
}

// Close refuses further events, cancels the context of targets, makes no further attempts and
// hands what was not delivered to the rules' dead-letter sinks. It returns when all that is
// done. Repeating it is safe.
func (b *Bus) Close() error {
	b.mutex.Lock()
	b.closed = true
	b.mutex.Unlock()
	b.cancel()
	return b.Drain(context.Background())
}

// route fills in one event and finds the rules that match it.
func (b *Bus) route(event Event) ([]delivery, error) {
	b.fill(&event)
	if err := event.check(); err != nil {
		return nil, err
	}
	document, err := event.document()
	if err != nil {
		return nil, err
	}
	var matched []delivery
	for _, rule := range b.config.Rules {
		if rule.Pattern.matches(document) {
			matched = append(matched, delivery{rule: rule, event: event})
		}
	}
	return matched, nil
}

func (b *Bus) fill(event *Event) {
	if event.Version == "" {
		event.Version = "0"
	}
	if event.ID == "" {
		event.ID = b.config.NewID()
	}
	if event.Account == "" {
		event.Account = b.config.Account
	}
	if event.Region == "" {
		event.Region = b.config.Region
	}
	if event.Time.IsZero() {
		event.Time = b.config.Clock.Now()
	}
	event.Time = event.Time.UTC().Truncate(time.Second)
	if event.Resources == nil {
		event.Resources = []string{}
	}
}

// done counts one delivery down.
func (b *Bus) done() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.pending--
	if b.pending == 0 && b.idle != nil {
		close(b.idle)
		b.idle = nil
	}
}
