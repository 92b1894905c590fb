package ledger

import (
	"context"
	"errors"
	"time"
)

// Item is one entry of the ledger. Partition and Sort together are its key.
type Item struct {
	// Partition groups what is listed together, for example "scope#running-app/production".
	Partition string
	// Sort orders items within the partition, bytewise.
	Sort string
	// Version counts the writes of this key, from 1. A Store sets it; callers only compare it.
	Version int64
	// Body is a JSON document of at most 256 KiB.
	Body []byte
	// ExpiresAt lets the store forget the item some time after this moment; zero keeps it.
	// As in DynamoDB an expired item may still be returned: readers check the time themselves.
	ExpiresAt time.Time
}

// ErrNotFound is returned by Get when there is no item of that key.
var ErrNotFound = errors.New("no such item in the ledger")

// ErrConflict is returned by Put and Delete when the item is not at the expected version:
// somebody else wrote it. Nothing was changed.
var ErrConflict = errors.New("the ledger item was changed by somebody else")

// Store keeps items with conditional writes, the one primitive that the ledger is built on.
// DynamoDB is one on AWS, an embedded file is one locally. It is safe for concurrent use.
type Store interface {
	// Get reads one item, consistently. It returns ErrNotFound when there is none.
	Get(ctx context.Context, partition, sort string) (Item, error)
	// Put writes item if the stored version is item.Version, zero meaning that there must be
	// none yet, and returns the item with its new version. Otherwise it returns ErrConflict.
	// Once it has returned nil the write survives a crash.
	Put(ctx context.Context, item Item) (Item, error)
	// Delete removes an item if it is at version, or returns ErrConflict. Removing an item
	// that does not exist returns ErrConflict too.
	Delete(ctx context.Context, partition, sort string, version int64) error
	// List returns the items that the query selects, consistently, in its order, at most its
	// limit of them.
	List(ctx context.Context, query Query) ([]Item, error)
}

// Query selects items of one partition.
type Query struct {
	Partition string
	Prefix    string
	// Order is Ascending or Descending by sort key.
	Order Order
	// Limit is from 1 to 1000.
	Limit int
}

// Order is the direction in which List returns items.
type Order int

// The two orders of a Query.
const (
	Ascending Order = iota
	Descending
)
