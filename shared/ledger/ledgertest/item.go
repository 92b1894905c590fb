package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

func readsBack(t *testing.T, store ledger.Store) {
	if _, err := store.Get(t.Context(), "ledgertest#read", "a"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("get before the first write: got error %v, want ErrNotFound", err)
	}
	item := ledger.Item{Partition: "ledgertest#read", Sort: "a", Body: []byte(`{"n":1}`)}
	first := put(t, store, item)
	item.Version = 1
	same(t, first, item)
	same(t, get(t, store, item.Partition, item.Sort), item)

	item.Body = []byte(`{"n":2}`)
	second := put(t, store, item)
	item.Version = 2
	same(t, second, item)
	same(t, get(t, store, item.Partition, item.Sort), item)
}

func refusesOtherVersions(t *testing.T, store ledger.Store) {
	absent := ledger.Item{Partition: "ledgertest#conflict", Sort: "absent", Version: 1, Body: []byte(`{}`)}
	if _, err := store.Put(t.Context(), absent); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("put of version 1 where there is none: got error %v, want ErrConflict", err)
	}
	if _, err := store.Get(t.Context(), absent.Partition, absent.Sort); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("get after a refused write: got error %v, want ErrNotFound", err)
	}
	item := ledger.Item{Partition: "ledgertest#conflict", Sort: "a", Body: []byte(`"first"`)}
	stored := put(t, store, put(t, store, item))
	for _, version := range []int64{-1, 0, 1, 3, 1 << 60} {
		other := ledger.Item{Partition: item.Partition, Sort: item.Sort, Version: version, Body: []byte(`"other"`)}
		if _, err := store.Put(t.Context(), other); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("put at version %d of an item at 2: got error %v, want ErrConflict", version, err)
		}
	}
	same(t, get(t, store, item.Partition, item.Sort), stored)
}

func removes(t *testing.T, store ledger.Store) {
	remove := func(sort string, version int64, want error) {
		t.Helper()
		if err := store.Delete(t.Context(), "ledgertest#delete", sort, version); !errors.Is(err, want) {
			t.Errorf("delete %q at version %d: got error %v, want %v", sort, version, err, want)
		}
	}
	remove("a", 0, ledger.ErrConflict)
	remove("a", 1, ledger.ErrConflict)
	item := ledger.Item{Partition: "ledgertest#delete", Sort: "a", Body: []byte(`{}`)}
	stored := put(t, store, item)
	neighbour := put(t, store, ledger.Item{Partition: item.Partition, Sort: "ab", Body: []byte(`{}`)})
	remove("a", 0, ledger.ErrConflict)
	remove("a", stored.Version+1, ledger.ErrConflict)
	same(t, get(t, store, item.Partition, item.Sort), stored)

	remove("a", stored.Version, nil)
	if _, err := store.Get(t.Context(), item.Partition, item.Sort); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("get after delete: got error %v, want ErrNotFound", err)
	}
	same(t, get(t, store, item.Partition, "ab"), neighbour)
	remove("a", stored.Version, ledger.ErrConflict)
	if got := put(t, store, item); got.Version < 1 {
		t.Errorf("put after delete: got version %d, want one from 1", got.Version)
	}
}

func keepsBodies(t *testing.T, store ledger.Store) {
	for name, body := range map[string]string{
		"spaces and order": "{ \"b\" : 1,\n\t\"a\":2 }\r\n",
		"numbers":          `[1e400, 1.0, 12345678901234567890, -0]`,
		"escapes":          `"\u0000 \u00e9 \ud83d\ude80 <>& \/"`,
		"unicode":          `"Zażółć 🚀 e` + "\u0301 \u2028" + `"`,
		"duplicate keys":   `{"a":1,"a":2}`,
		"null":             `null`,
	} {
		item := ledger.Item{Partition: "ledgertest#body", Sort: name, Body: []byte(body)}
		put(t, store, item)
		if got := string(get(t, store, item.Partition, name).Body); got != body {
			t.Errorf("%s: got %q, want %q", name, got, body)
		}
	}
}

func keepsExpiry(t *testing.T, store ledger.Store) {
	// Long past and far ahead: an expired item may be returned or forgotten, a live one never is.
	ahead := time.Date(2199, 12, 31, 23, 59, 59, 0, time.FixedZone("east", 7200))
	item := put(t, store, ledger.Item{Partition: "ledgertest#expiry", Sort: "a", Body: []byte(`{}`), ExpiresAt: ahead})
	same(t, get(t, store, item.Partition, item.Sort), item)
	if !item.ExpiresAt.Equal(ahead) {
		t.Errorf("put returned expiry %s, want %s", item.ExpiresAt, ahead)
	}
	item.ExpiresAt = time.Time{}
	put(t, store, item)
	if got := get(t, store, item.Partition, item.Sort).ExpiresAt; !got.IsZero() {
		t.Errorf("an item that is kept expires at %s", got)
	}
}

func sharesNothing(t *testing.T, store ledger.Store) {
	body := []byte(`"kept"`)
	put(t, store, ledger.Item{Partition: "ledgertest#memory", Sort: "a", Body: body})
	copy(body, `"lost"`)
	read := get(t, store, "ledgertest#memory", "a")
	if got := string(read.Body); got != `"kept"` {
		t.Errorf("after the writer reused its buffer: got %s", got)
	}
	copy(read.Body, `"lost"`)
	if got := string(get(t, store, "ledgertest#memory", "a").Body); got != `"kept"` {
		t.Errorf("after a reader changed its copy: got %s", got)
	}
}

func bounds(t *testing.T, store ledger.Store) {
	largest := ledger.Item{
		Partition: "ledgertest#" + strings.Repeat("p", MaxPartition-len("ledgertest#")),
		Sort:      strings.Repeat("s", MaxSort),
		Body:      []byte(`"` + strings.Repeat("b", MaxBody-2) + `"`),
	}
	stored := put(t, store, largest)
	same(t, get(t, store, largest.Partition, largest.Sort), stored)
	larger := stored
	larger.Body = append([]byte(" "), stored.Body...)
	if _, err := store.Put(t.Context(), larger); !fault.Is(err, fault.Invalid) {
		t.Errorf("put of %d bytes: got error %v, want one of class Invalid", len(larger.Body), err)
	}
	same(t, get(t, store, largest.Partition, largest.Sort), stored)
}

func obeysContext(t *testing.T, store ledger.Store) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	item := ledger.Item{Partition: "ledgertest#context", Sort: "a", Body: []byte(`{}`)}
	if _, err := store.Put(ended, item); !errors.Is(err, context.Canceled) {
		t.Errorf("put: got error %v, want context.Canceled", err)
	}
	if _, err := store.Get(t.Context(), item.Partition, item.Sort); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("get after a cancelled put: got error %v, want ErrNotFound", err)
	}
	stored := put(t, store, item)
	if _, err := store.Get(ended, item.Partition, item.Sort); !errors.Is(err, context.Canceled) {
		t.Errorf("get: got error %v, want context.Canceled", err)
	}
	if err := store.Delete(ended, item.Partition, item.Sort, stored.Version); !errors.Is(err, context.Canceled) {
		t.Errorf("delete: got error %v, want context.Canceled", err)
	}
	if _, err := store.List(ended, ledger.Query{Partition: item.Partition, Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("list: got error %v, want context.Canceled", err)
	}
	same(t, get(t, store, item.Partition, item.Sort), stored)
}

func show(item ledger.Item) string {
	body := string(item.Body)
	if len(body) > 80 {
		body = body[:80] + "…"
	}
	return fmt.Sprintf("%q %q version %d expiring %s: %s", item.Partition, item.Sort, item.Version, item.ExpiresAt, body)
}
