package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

func refusesKeys(t *testing.T, store ledger.Store) {
	for name, key := range map[string][2]string{
		"empty partition":        {"", "a"},
		"empty sort":             {"ledgertest#key", ""},
		"partition too long":     {strings.Repeat("p", MaxPartition+1), "a"},
		"sort too long":          {"ledgertest#key", strings.Repeat("s", MaxSort+1)},
		"partition not in UTF-8": {"ledgertest#\xff", "a"},
		"sort not in UTF-8":      {"ledgertest#key", "\xff"},
	} {
		item := ledger.Item{Partition: key[0], Sort: key[1], Body: []byte(`{}`)}
		if _, err := store.Put(t.Context(), item); !fault.Is(err, fault.Invalid) {
			t.Errorf("put with %s: got error %v, want one of class Invalid", name, err)
		}
		if _, err := store.Get(t.Context(), key[0], key[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("get with %s: got error %v, want one of class Invalid", name, err)
		}
		if err := store.Delete(t.Context(), key[0], key[1], 1); !fault.Is(err, fault.Invalid) {
			t.Errorf("delete with %s: got error %v, want one of class Invalid", name, err)
		}
	}
	if _, err := store.List(t.Context(), ledger.Query{Limit: 1}); !fault.Is(err, fault.Invalid) {
		t.Errorf("list without a partition: got error %v, want one of class Invalid", err)
	}
}

func tellsKeysApart(t *testing.T, store ledger.Store) {
	keys := [][2]string{
		{"ledgertest#a", "b#c"},
		{"ledgertest#a#b", "c"},
		{"ledgertest#a/b", "c"},
		{"ledgertest#a\x00b", "c"},
		{"ledgertest#a", "\x00b\x00c"},
		{"ledgertest#a", "B#C"},
		{"ledgertest#a", "b#c "},
		{"ledgertest#a", "b#c\n"},
		{"ledgertest#a", "b%23c"},
		{"ledgertest#a", "../../b"},
		// The same letter composed and decomposed: a store must not normalise.
		{"ledgertest#a", "\u00e9"},
		{"ledgertest#a", "e\u0301"},
		{"ledgertest#a", "🚀"},
		{"ledgertest#a", "日本"},
	}
	for i, key := range keys {
		put(t, store, ledger.Item{Partition: key[0], Sort: key[1], Body: fmt.Appendf(nil, "%d", i)})
	}
	for i, key := range keys {
		want := ledger.Item{Partition: key[0], Sort: key[1], Version: 1, Body: fmt.Appendf(nil, "%d", i)}
		same(t, get(t, store, key[0], key[1]), want)
	}
	got := list(t, store, ledger.Query{Partition: "ledgertest#a#b", Limit: 1000})
	if !slices.Equal(got, []string{"c"}) {
		t.Errorf("list of one partition: got %q, want only its own item", got)
	}
}

func listsInOrder(t *testing.T, store ledger.Store) {
	// Bytewise: digits as text, capitals first, and a code point beyond U+FFFF after U+FFFD,
	// where UTF-16 would put it before.
	want := []string{"\x00", "1", "10", "2", "A", "Z", "a", "a\x00", "a#", "aa", "z", "é", "\uffe6", "\ufffd", "🚀"}
	for _, i := range []int{7, 0, 14, 3, 9, 1, 12, 5, 11, 2, 13, 8, 4, 10, 6} {
		put(t, store, ledger.Item{Partition: "ledgertest#order", Sort: want[i], Body: []byte(`{}`)})
	}
	query := ledger.Query{Partition: "ledgertest#order", Limit: 1000}
	if got := list(t, store, query); !slices.Equal(got, want) {
		t.Errorf("ascending: got %q, want %q", got, want)
	}
	query.Order = ledger.Descending
	slices.Reverse(want)
	if got := list(t, store, query); !slices.Equal(got, want) {
		t.Errorf("descending: got %q, want %q", got, want)
	}
	query.Order = 7
	if _, err := store.List(t.Context(), query); !fault.Is(err, fault.Invalid) {
		t.Errorf("list in order 7: got error %v, want one of class Invalid", err)
	}
}

func listsByPrefix(t *testing.T, store ledger.Store) {
	const last = "\U0010ffff"
	for _, sort := range []string{"a", "ab", "ab#1", "ab#2", "abc", "b", "é", "éa", last, last + "x"} {
		put(t, store, ledger.Item{Partition: "ledgertest#prefix", Sort: sort, Body: []byte(`{}`)})
	}
	put(t, store, ledger.Item{Partition: "ledgertest#prefix#ab", Sort: "ab", Body: []byte(`{}`)})
	for _, test := range []struct {
		prefix string
		want   []string
	}{
		{"a", []string{"a", "ab", "ab#1", "ab#2", "abc"}},
		{"ab", []string{"ab", "ab#1", "ab#2", "abc"}},
		{"ab#", []string{"ab#1", "ab#2"}},
		{"abc", []string{"abc"}},
		{"abcd", []string{}},
		{"b", []string{"b"}},
		{"A", []string{}},
		{"é", []string{"é", "éa"}},
		{last, []string{last, last + "x"}},
	} {
		query := ledger.Query{Partition: "ledgertest#prefix", Prefix: test.prefix, Limit: 1000}
		if got := list(t, store, query); !slices.Equal(got, test.want) {
			t.Errorf("prefix %q ascending: got %q, want %q", test.prefix, got, test.want)
		}
		query.Order = ledger.Descending
		slices.Reverse(test.want)
		if got := list(t, store, query); !slices.Equal(got, test.want) {
			t.Errorf("prefix %q descending: got %q, want %q", test.prefix, got, test.want)
		}
	}
}

func listsUpToLimit(t *testing.T, store ledger.Store) {
	query := ledger.Query{Partition: "ledgertest#limit", Limit: 1000}
	if got := list(t, store, query); len(got) != 0 {
		t.Errorf("a partition without items: got %q", got)
	}
	var all []string
	for i := range 12 {
		all = append(all, fmt.Sprintf("%02d", i))
		put(t, store, ledger.Item{Partition: query.Partition, Sort: all[i], Body: []byte(`{}`)})
	}
	for _, limit := range []int{1, 11, 12, 13, 1000} {
		query.Limit, query.Order = limit, ledger.Ascending
		if got, want := list(t, store, query), all[:min(limit, 12)]; !slices.Equal(got, want) {
			t.Errorf("limit %d ascending: got %q, want %q", limit, got, want)
		}
		query.Order = ledger.Descending
		want := slices.Clone(all[12-min(limit, 12):])
		slices.Reverse(want)
		if got := list(t, store, query); !slices.Equal(got, want) {
			t.Errorf("limit %d descending: got %q, want %q", limit, got, want)
		}
	}
	for _, limit := range []int{-1, 0, 1001} {
		query.Limit = limit
		if _, err := store.List(t.Context(), query); !fault.Is(err, fault.Invalid) {
			t.Errorf("limit %d: got error %v, want one of class Invalid", limit, err)
		}
	}
}

// listsManyItems has more of them than fit into a page of a tree.
func listsManyItems(t *testing.T, store ledger.Store) {
	const each = 40
	body := []byte(`"` + strings.Repeat("b", 200) + `"`)
	want := make(map[string][]string)
	for _, prefix := range []string{"b", "a", "c"} {
		for i := range each {
			sort := fmt.Sprintf("%s%03d", prefix, i)
			want[prefix] = append(want[prefix], sort)
			put(t, store, ledger.Item{Partition: "ledgertest#many", Sort: sort, Body: body})
		}
	}
	for prefix, keys := range want {
		query := ledger.Query{Partition: "ledgertest#many", Prefix: prefix, Limit: 1000}
		if got := list(t, store, query); !slices.Equal(got, keys) {
			t.Errorf("prefix %q ascending: got %d items %q", prefix, len(got), got)
		}
		query.Order = ledger.Descending
		slices.Reverse(keys)
		if got := list(t, store, query); !slices.Equal(got, keys) {
			t.Errorf("prefix %q descending: got %d items %q", prefix, len(got), got)
		}
	}
}

// listsManyBytes goes past the 1 MiB at which DynamoDB's Query answers a page.
func listsManyBytes(t *testing.T, store ledger.Store) {
	body := []byte(`"` + strings.Repeat("b", 200<<10) + `"`)
	for i := range 8 {
		put(t, store, ledger.Item{Partition: "ledgertest#bytes", Sort: fmt.Sprint(i), Body: body})
	}
	items, err := store.List(t.Context(), ledger.Query{Partition: "ledgertest#bytes", Limit: 8})
	if err != nil || len(items) != 8 {
		t.Fatalf("list of 1.6 MB: got %d items and error %v, want 8", len(items), err)
	}
	for _, item := range items {
		if len(item.Body) != len(body) {
			t.Errorf("item %q came back with %d bytes, want %d", item.Sort, len(item.Body), len(body))
		}
	}
}
