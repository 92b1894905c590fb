package notify

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/ledger"
)

// Marks remembers what was sent.
type Marks interface {
	Once(ctx context.Context, kind, key, value string) (ledger.Mark, error)
	Finish(ctx context.Context, kind, key string) error
}

// Notifier sends each message once, by its id. Between sending and remembering there is a
// moment in which a crash leads to a second mail: people rather hear twice than never.
type Notifier struct {
	Sender Sender
	Marks  Marks
}

// Tell sends the message to each address and returns the addresses. Repeating it is safe.
func (n Notifier) Tell(ctx context.Context, to []string, message Message) ([]string, error) {
	for _, address := range to {
		one := message
		one.To, one.ID = address, message.ID+"#"+address
		mark, err := n.Marks.Once(ctx, "notice", one.ID, message.Subject)
		if err != nil {
			return nil, err
		}
		if mark.Done {
			continue
		}
		if err := n.Sender.Send(ctx, one); err != nil {
			return nil, fmt.Errorf("tell %s %q: %w", address, message.Subject, err)
		}
		if err := n.Marks.Finish(ctx, "notice", one.ID); err != nil {
			return nil, err
		}
	}
	return to, nil
}
