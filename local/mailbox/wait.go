package mailbox

import (
	"context"
	"fmt"
)

// Wait returns the recipient's oldest mail for which match returns true, one that is already
// there or one that this Mailbox delivers later. It returns ctx's error when that ends first.
// match is called once for each mail, in order, from the caller's goroutine.
func (m *Mailbox) Wait(ctx context.Context, recipient string, match func(Mail) bool) (Mail, error) {
	// Listening begins before the first look, so that no delivery falls between the two.
	delivered, stop := m.listen()
	defer stop()
	seen := make(map[string]bool)
	for {
		names, err := m.List(recipient)
		if err != nil {
			return Mail{}, fmt.Errorf("wait for mail: %w", err)
		}
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			mail, err := m.Read(recipient, name)
			if err != nil {
				return Mail{}, fmt.Errorf("wait for mail: %w", err)
			}
			if match(mail) {
				return mail, nil
			}
		}
		select {
		case <-delivered:
		case <-ctx.Done():
			return Mail{}, fmt.Errorf("wait for mail to %q: %w", recipient, ctx.Err())
		}
	}
}

// listen returns a channel that has a value after each delivery; deliveries in quick succession
// share one.
func (m *Mailbox) listen() (delivered <-chan struct{}, stop func()) {
	signal := make(chan struct{}, 1)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.waiting == nil {
		m.waiting = make(map[chan struct{}]struct{})
	}
	m.waiting[signal] = struct{}{}
	return signal, func() {
		m.mutex.Lock()
		defer m.mutex.Unlock()
		delete(m.waiting, signal)
	}
}

func (m *Mailbox) notify() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for signal := range m.waiting {
		select {
		case signal <- struct{}{}:
		default:
		}
	}
}
