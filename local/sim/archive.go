package sim

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/pilotage/pilotage/shared/ledger"
)

type archive struct {
	mu        sync.Mutex
	documents map[string][]byte
}

// archiver keeps documents.
type archiver struct{ w *World }

// Put implements record.Archive.
func (a archiver) Put(ctx context.Context, key string, body []byte) error {
	_, err := read(a.w, ctx, "Archive.Put", func() (struct{}, error) {
		a.w.archive.mu.Lock()
		defer a.w.archive.mu.Unlock()
		if a.w.archive.documents == nil {
			a.w.archive.documents = map[string][]byte{}
		}
		a.w.archive.documents[key] = body
		return struct{}{}, nil
	})
	return err
}

// Document is an archived document; nil when there is none.
func (w *World) Document(key string) []byte {
	w.archive.mu.Lock()
	defer w.archive.mu.Unlock()
	return w.archive.documents[key]
}

type bus struct {
	mu     sync.Mutex
	events []json.RawMessage
}

// eventBus is the bus; it keeps what was put on it.
type eventBus struct{ w *World }

// PutEvent implements webhook.Bus.
func (e eventBus) PutEvent(ctx context.Context, _, _ string, detail json.RawMessage) error {
	_, err := read(e.w, ctx, "Bus.PutEvent", func() (struct{}, error) {
		e.w.bus.mu.Lock()
		defer e.w.bus.mu.Unlock()
		e.w.bus.events = append(e.w.bus.events, detail)
		return struct{}{}, nil
	})
	return err
}

// secrets has one webhook secret.
type secrets struct{}

// WebhookSecrets implements webhook.Secrets.
func (secrets) WebhookSecrets(context.Context) ([][]byte, error) {
	return [][]byte{[]byte("secret")}, nil
}

// store is the ledger's store with the faults planned for it.
type store struct {
	w *World
	ledger.Store
}

// Put implements ledger.Store.
func (s store) Put(ctx context.Context, item ledger.Item) (ledger.Item, error) {
	if err := s.w.faults.hit("", "Store.Put", Before, ""); err != nil {
		return ledger.Item{}, err
	}
	stored, err := s.Store.Put(ctx, item)
	if err != nil {
		return ledger.Item{}, err
	}
	return stored, s.w.faults.hit("", "Store.Put", After, "")
}
