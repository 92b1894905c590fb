package ledgerstore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pilotage/pilotage/shared/ledger"
)

// Memory is a ledger.Store that forgets everything with its process: the ledger of simulated
// worlds. Its zero value is empty and ready. It is safe for concurrent use and must not be
// copied after the first use.
type Memory struct {
	mutex      sync.RWMutex
	partitions map[string]map[string]ledger.Item
}

var _ ledger.Store = (*Memory)(nil)

// Get reads one item, with the errors of File.Get.
func (m *Memory) Get(ctx context.Context, partition, sort string) (ledger.Item, error) {
	if err := checkKey(ctx, partition, sort); err != nil {
		return ledger.Item{}, fmt.Errorf("get ledger item %q: %w", sort, err)
	}
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	item, found := m.partitions[partition][sort]
	if !found {
		return ledger.Item{}, fmt.Errorf("get ledger item %q of %q: %w", sort, partition, ledger.ErrNotFound)
	}
	return clone(item), nil
}

// Put writes item if the stored version is item.Version, with the errors of File.Put.
func (m *Memory) Put(ctx context.Context, item ledger.Item) (ledger.Item, error) {
	if err := checkItem(ctx, item); err != nil {
		return ledger.Item{}, fmt.Errorf("put ledger item %q: %w", item.Sort, err)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.partitions[item.Partition][item.Sort].Version != item.Version {
		return ledger.Item{}, fmt.Errorf("put ledger item %q of %q: %w", item.Sort, item.Partition, ledger.ErrConflict)
	}
	if m.partitions == nil {
		m.partitions = make(map[string]map[string]ledger.Item)
	}
	if m.partitions[item.Partition] == nil {
		m.partitions[item.Partition] = make(map[string]ledger.Item)
	}
	item.Version++
	m.partitions[item.Partition][item.Sort] = clone(item)
	return item, nil
}

// Delete removes an item if it is at version, with the errors of File.Delete.
func (m *Memory) Delete(ctx context.Context, partition, sort string, version int64) error {
	if err := checkKey(ctx, partition, sort); err != nil {
		return fmt.Errorf("delete ledger item %q: %w", sort, err)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	item, found := m.partitions[partition][sort]
	if !found || item.Version != version {
		return fmt.Errorf("delete ledger item %q of %q: %w", sort, partition, ledger.ErrConflict)
	}
	delete(m.partitions[partition], sort)
	return nil
}

// List returns the items that query selects, with the errors of File.List.
func (m *Memory) List(ctx context.Context, query ledger.Query) ([]ledger.Item, error) {
	if err := checkQuery(ctx, query); err != nil {
		return nil, fmt.Errorf("list ledger items of %q: %w", query.Partition, err)
	}
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	var keys []string
	for key := range m.partitions[query.Partition] {
		if strings.HasPrefix(key, query.Prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if query.Order == ledger.Descending {
		slices.Reverse(keys)
	}
	keys = keys[:min(len(keys), query.Limit)]
	items := make([]ledger.Item, 0, len(keys))
	for _, key := range keys {
		items = append(items, clone(m.partitions[query.Partition][key]))
	}
	return items, nil
}

func clone(item ledger.Item) ledger.Item {
	item.Body = bytes.Clone(item.Body)
	item.ExpiresAt = item.ExpiresAt.UTC()
	return item
}
