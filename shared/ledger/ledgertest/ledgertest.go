// Package ledgertest is the contract of the ledger's Store port as a test. Every
// implementation runs it: the file and the memory of one machine, and the table on AWS.
package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/ledger"
)

// Limits that every Store shares, so that what works on one machine works on AWS. Key sizes
// are DynamoDB's (Developer Guide, "Constraints"), the body's is ledger.Item's.
const (
	// MaxPartition is the greatest length of Item.Partition, in bytes of UTF-8.
	MaxPartition = 2048
	// MaxSort is the greatest length of Item.Sort, in bytes of UTF-8.
	MaxSort = 1024
	// MaxBody is the greatest length of Item.Body, in bytes.
	MaxBody = 256 << 10
)

// Run runs the contract against the stores that open returns. Each subtest asks for a store of
// its own and expects it to be empty, or at least without items in the subtest's partitions,
// whose names all begin with "ledgertest". open may register its clean-up with t.
func Run(t *testing.T, open func(t *testing.T) ledger.Store) {
	t.Helper()
	for _, part := range []struct {
		name string
		run  func(t *testing.T, store ledger.Store)
	}{
		{"reads back what was written", readsBack},
		{"refuses a write at another version", refusesOtherVersions},
		{"removes only the expected version", removes},
		{"keeps bodies byte for byte", keepsBodies},
		{"keeps the expiry", keepsExpiry},
		{"does not share memory with its callers", sharesNothing},
		{"accepts the largest item and refuses a larger one", bounds},
		{"refuses a key that no store can hold", refusesKeys},
		{"tells apart keys that look alike", tellsKeysApart},
		{"lists in byte order", listsInOrder},
		{"lists by prefix", listsByPrefix},
		{"lists no more than the limit", listsUpToLimit},
		{"lists more items than a page of a tree", listsManyItems},
		{"lists more bytes than a page of a table", listsManyBytes},
		{"gives one winner to a race", oneWinner},
		{"loses no increment", losesNoIncrement},
		{"obeys a context that has ended", obeysContext},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, open(t)) })
	}
}

// put writes an item that must be accepted.
func put(t *testing.T, store ledger.Store, item ledger.Item) ledger.Item {
	t.Helper()
	got, err := store.Put(t.Context(), item)
	if err != nil {
		t.Fatalf("put %q %q at version %d: %v", item.Partition, item.Sort, item.Version, err)
	}
	return got
}

// get reads an item that must be there.
func get(t *testing.T, store ledger.Store, partition, sort string) ledger.Item {
	t.Helper()
	got, err := store.Get(t.Context(), partition, sort)
	if err != nil {
		t.Fatalf("get %q %q: %v", partition, sort, err)
	}
	return got
}

// list lists the sort keys that a query, which must be accepted, selects.
func list(t *testing.T, store ledger.Store, query ledger.Query) []string {
	t.Helper()
	items, err := store.List(t.Context(), query)
	if err != nil {
		t.Fatalf("list %+v: %v", query, err)
	}
	keys := make([]string, 0, len(items))
	for _, item := range items {
		if item.Partition != query.Partition {
			t.Errorf("list %q returned an item of partition %q", query.Partition, item.Partition)
		}
		keys = append(keys, item.Sort)
	}
	return keys
}

// same compares all that an item holds.
func same(t *testing.T, got, want ledger.Item) {
	t.Helper()
	if got.Partition != want.Partition || got.Sort != want.Sort || got.Version != want.Version ||
		string(got.Body) != string(want.Body) || !got.ExpiresAt.Equal(want.ExpiresAt) {
		t.Errorf("got %s, want %s", show(got), show(want))
	}
}

// bounded is a context for the parts that start goroutines.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
