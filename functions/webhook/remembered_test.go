package webhook_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/webhook"
	"github.com/pilotage/pilotage/shared/clock"
)

// counted are secrets that are asked for so many times, and fail the first time.
type counted struct{ calls int }

func (c *counted) WebhookSecrets(ctx context.Context) ([][]byte, error) {
	c.calls++
	if c.calls == 1 {
		return nil, errors.New("throttled")
	}
	return secrets{}.WebhookSecrets(ctx)
}

func TestSecretsAreAskedForOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := &counted{}
		f := webhook.Function{Bus: &bus{}, Secrets: &webhook.Remembered{Secrets: asked, Clock: clock.System{}}, Log: quiet()}
		forged := delivery(t, "push", fixture(t, "push"))
		forged.Body += " "
		for i, test := range []struct {
			after time.Duration
			calls int
			fails bool
		}{{0, 1, true}, {0, 2, false}, {0, 2, false}, {59 * time.Second, 2, false}, {time.Second, 3, false}} {
			time.Sleep(test.after)
			if _, err := f.Handle(t.Context(), forged); (err != nil) != test.fails || asked.calls != test.calls {
				t.Errorf("delivery %d: got error %v, and they were asked for %d times, want %d", i, err, asked.calls, test.calls)
			}
		}
	})
}
