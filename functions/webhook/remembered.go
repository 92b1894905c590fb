package webhook

import (
	"context"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// rememberFor is how long secrets are remembered: anybody can make the webhook check a signature,
// and must not be able to make it ask for the secrets as often. A new one counts as much later.
const rememberFor = time.Minute

// Remembered asks for secrets once a minute. It is safe for concurrent use.
type Remembered struct {
	Secrets Secrets
	Clock   clock.Clock

	mu    sync.Mutex
	known [][]byte
	at    time.Time
}

// WebhookSecrets are those of less than a minute ago, or else are asked for. An error is not
// remembered.
func (r *Remembered) WebhookSecrets(ctx context.Context) ([][]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Clock.Now()
	if r.known != nil && now.Sub(r.at) < rememberFor {
		return r.known, nil
	}
	read, err := r.Secrets.WebhookSecrets(ctx)
	if err != nil {
		return nil, err
	}
	r.known, r.at = read, now
	return read, nil
}
