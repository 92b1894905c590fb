package world

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pilotage/pilotage/local/mailbox"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/notify"
)

// Archive keeps documents as files.
type Archive struct{ Dir string }

// Put writes a document under its key, whole or not at all.
func (a Archive) Put(_ context.Context, key string, body []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(key)) {
		return fault.New(fault.Invalid, "key %q leads out of the archive", key)
	}
	path := filepath.Join(a.Dir, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep document %q: %w", key, err)
	}
	if err := os.WriteFile(path+".part", body, 0o600); err != nil {
		return fmt.Errorf("keep document %q: %w", key, err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("keep document %q: %w", key, err)
	}
	return nil
}

// Get reads a document.
func (a Archive) Get(key string) (string, error) {
	text, err := os.ReadFile(filepath.Join(a.Dir, filepath.FromSlash(key)))
	return string(text), err
}

// sender delivers messages into the mailbox.
type sender struct{ world *World }

// Send writes one mail.
func (s sender) Send(ctx context.Context, message notify.Message) error {
	headers := map[string]string{"X-Pilotage-Message": strings.ReplaceAll(message.ID, "\n", " ")}
	if message.Urgent {
		headers["Importance"] = "high"
	}
	err := s.world.Mailbox.Deliver(ctx, mailbox.Mail{To: message.To, Subject: message.Subject, Body: message.Body, Headers: headers})
	if err == nil {
		s.world.outbox.add(message, s.world.options.Clock.Now())
	}
	return err
}
