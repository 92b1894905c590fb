// Package admission is the one door through which executions begin, whoever asks: a push, a
// pipeline, a schedule or a person. It starts each thing that is asked for once.
package admission

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Starter starts executions of the machines "deploy" and "rollback". Starting the same name
// with the same input again is safe.
type Starter interface {
	Start(ctx context.Context, machine, name string, input json.RawMessage) (execution string, err error)
}

// Marks remembers what was taken in.
type Marks interface {
	Once(ctx context.Context, kind, key, value string) (ledger.Mark, error)
}

// Door takes orders in. It is safe for concurrent use.
type Door struct {
	Starter Starter
	Marks   Marks
	Clock   clock.Clock
	// NewID makes a short random suffix for deployment ids.
	NewID func() string
}

// Order is a wish for an execution.
type Order struct {
	// Key identifies the event that it comes from: the same key for the same scope is the same
	// order, however often it comes. 1 to 900 characters.
	Key string
	// Request is what is wanted; schema version and time are filled in.
	Request deploy.Request
	// ForcedBy is the mail address of who may force it and does; empty when it is not forced.
	// The caller has verified both.
	ForcedBy string
}

// Admitted is what came of an order.
type Admitted struct {
	// Deployment is the id under which it runs.
	Deployment string `json:"deployment"`
	// Repeated says that it was started before, by the same order.
	Repeated bool `json:"repeated,omitempty"`
}

// taken is what is remembered of an order: whoever repeats it starts exactly this again.
type taken struct {
	ID      string         `json:"id"`
	Request deploy.Request `json:"request"`
}

const (
	eventMark = "event"
	maxKey    = 900
	// ForceMark is the kind of the mark that a forced deployment carries, by its id. Only the
	// door sets it, so that nobody gets past a gate by writing "force" into an execution's input.
	ForceMark = "force"
)

// Admit starts an order, or finds what the same order has started. Repeating it is safe, at the
// same time as well. An order without a key is fault.Invalid.
func (d Door) Admit(ctx context.Context, order Order) (Admitted, error) {
	if order.Key == "" || len(order.Key) > maxKey {
		return Admitted{}, fault.New(fault.Invalid, "the order's key has %d characters; 1 to %d identify what it comes from", len(order.Key), maxKey)
	}
	now := d.Clock.Now()
	fresh := taken{ID: NewDeploymentID(now, d.NewID()), Request: order.Request}
	fresh.Request.SchemaVersion, fresh.Request.RequestedAt = deploy.SchemaVersion, now
	fresh.Request.Source.Key = order.Key
	text, err := json.Marshal(fresh)
	if err != nil {
		return Admitted{}, fmt.Errorf("encode the order %s: %w", order.Key, err)
	}
	mark, err := d.Marks.Once(ctx, eventMark, markKey(fresh.Request), string(text))
	if err != nil {
		return Admitted{}, err
	}
	var first taken
	if err := json.Unmarshal([]byte(mark.Value), &first); err != nil {
		return Admitted{}, fmt.Errorf("read what the order %s had started: %w", order.Key, err)
	}
	if order.ForcedBy != "" && first.Request.Force {
		if _, err := d.Marks.Once(ctx, ForceMark, first.ID, order.ForcedBy); err != nil {
			return Admitted{}, err
		}
	}
	return Admitted{Deployment: first.ID, Repeated: first.ID != fresh.ID}, d.start(ctx, first)
}

func markKey(r deploy.Request) string { return r.Source.Key + "#" + r.Scope.String() }

// Marked reads what was taken in.
type Marked interface {
	Mark(ctx context.Context, kind, key string) (ledger.Mark, error)
}

// Checked reports whether a deployment came in through the door, so that whoever it says has asked for
// it did: whoever starts an execution by hand writes into its input what they like.
func Checked(ctx context.Context, marks Marked, id string, r deploy.Request) (bool, error) {
	if r.Source.Key == "" {
		return false, nil
	}
	mark, err := marks.Mark(ctx, eventMark, markKey(r))
	if err != nil || !mark.Set() {
		return false, err
	}
	var first taken
	if err := json.Unmarshal([]byte(mark.Value), &first); err != nil {
		return false, fmt.Errorf("read what the order of %s had started: %w", id, err)
	}
	return first.ID == id && first.Request.RequestedBy == r.RequestedBy, nil
}

func (d Door) start(ctx context.Context, first taken) error {
	input, err := json.Marshal(first.Request)
	if err != nil {
		return fmt.Errorf("encode the request of %s: %w", first.ID, err)
	}
	if _, err := d.Starter.Start(ctx, string(first.Request.Kind), first.ID, input); err != nil {
		return fmt.Errorf("start %s %s: %w", first.Request.Kind, first.ID, err)
	}
	return nil
}

// NewDeploymentID is an id that sorts by time: "20261124-031500-" and the suffix.
func NewDeploymentID(now time.Time, suffix string) string {
	return now.UTC().Format("20060102-150405") + "-" + suffix
}

// StartedAt is when the deployment of an id was admitted, to the second; false for a text that
// is not an id which NewDeploymentID made.
func StartedAt(id string) (time.Time, bool) {
	const layout = "20060102-150405"
	if len(id) <= len(layout) || id[len(layout)] != '-' {
		return time.Time{}, false
	}
	at, err := time.Parse(layout, id[:len(layout)])
	return at, err == nil
}
