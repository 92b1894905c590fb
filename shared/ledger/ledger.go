// Package ledger is the memory of the pipeline: who holds the lock of a scope, what is live
// there, which deployments there were and how they ended, what must not happen (holds) and
// what was already done (events, notices). It is built on one primitive, the conditional write
// of one item, so it never needs a transaction.
package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Ledger keeps the state of deployments in a Store. It is safe for concurrent use.
type Ledger struct {
	Store Store
	Clock clock.Clock
	// LeaseFor is how long a lease lasts without being renewed; zero means DefaultLease. It
	// must be longer than any stage under the lock takes, with its retries and the wait after it.
	LeaseFor time.Duration
}

// DefaultLease is longer than the longest state under the lock, Migrate with its 15 minutes and
// two more for retries, and than the longest wait, five minutes, after any state that is waited
// for. A lease that long costs nothing: the watchdog frees the lock of an execution that died,
// and an emergency rollback takes it.
const DefaultLease = 20 * time.Minute

// attempts bounds how often a write is tried again after a conflict with another writer.
const attempts = 20

func (l *Ledger) leaseFor() time.Duration {
	if l.LeaseFor > 0 {
		return l.LeaseFor
	}
	return DefaultLease
}

func partition(scope deploy.Scope) string { return "scope#" + scope.String() }

// read decodes the item of a key into body and returns it. A missing item is the zero Item,
// at version 0, and leaves body as it is.
func (l *Ledger) read(ctx context.Context, partition, sort string, body any) (Item, error) {
	item, err := l.Store.Get(ctx, partition, sort)
	if errors.Is(err, ErrNotFound) {
		return Item{Partition: partition, Sort: sort}, nil
	}
	if err != nil {
		return Item{}, fmt.Errorf("read %s of %s: %w", sort, partition, err)
	}
	if err := json.Unmarshal(item.Body, body); err != nil {
		return Item{}, fmt.Errorf("decode %s of %s: %w", sort, partition, err)
	}
	return item, nil
}

// write encodes body into item and stores it under the condition of item.Version.
func (l *Ledger) write(ctx context.Context, item Item, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode %s of %s: %w", item.Sort, item.Partition, err)
	}
	item.Body = text
	if _, err := l.Store.Put(ctx, item); err != nil {
		return fmt.Errorf("write %s of %s: %w", item.Sort, item.Partition, err)
	}
	return nil
}

// errUnchanged is returned by a change function to leave the item as it is.
var errUnchanged = errors.New("unchanged") //nolint:gochecknoglobals // a sentinel error

// update reads an item, lets change edit its body and writes it back, again from the start
// when somebody else wrote in between.
func update[T any](ctx context.Context, l *Ledger, partition, sort string, change func(body *T) error) error {
	for range attempts {
		var body T
		item, err := l.read(ctx, partition, sort, &body)
		if err != nil {
			return err
		}
		if err := change(&body); err != nil {
			if errors.Is(err, errUnchanged) {
				return nil
			}
			return err
		}
		err = l.write(ctx, item, body)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fault.New(fault.Transient, "write %s of %s: others keep writing it", sort, partition)
}
