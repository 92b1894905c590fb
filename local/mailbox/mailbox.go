// Package mailbox is where mail goes on one machine: files that any mail program opens and that
// a person reads with cat.
//
// Each recipient has a folder, each mail is a file of RFC 5322 in it, written whole or not at
// all. Names sort by time of delivery.
package mailbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
)

// Mail is one message in plain text.
type Mail struct {
	// To is one address as net/mail reads it: "ops@example.com" or "Ops <ops@example.com>". A
	// name that is not ASCII comes back as encoded words, which net/mail reads too.
	To string
	// Subject is one line of UTF-8.
	Subject string
	// Body is UTF-8. Its lines come back ending in "\n", the last one too.
	Body string
	// Headers are further header fields of one line each. Those that the mailbox writes
	// itself (From, To, Subject, Date, Message-Id, Mime-Version, Content-...) are refused.
	// What Read returns has them in net/textproto's canonical spelling.
	Headers map[string]string
}

// Mailbox delivers mails into the folders of Dir and reads them again. It is safe for concurrent
// use, also by several processes on the same Dir; only Wait is limited to mails delivered through
// the same Mailbox. Set the fields before the first use and do not copy it after.
type Mailbox struct {
	// Dir holds the recipients' folders. It is made when it is missing.
	Dir string
	// From is the sender's address, for example "Pilotage <pilotage@localhost>".
	From string
	// Now dates the mails.
	Now func() time.Time

	mutex    sync.Mutex
	sequence int
	waiting  map[chan struct{}]struct{}
}

// Deliver writes a mail into its recipient's folder and returns once it is on disk. It returns an
// error of class fault.Invalid for an address that is none, text that is not UTF-8, and a header
// that could be mistaken for another. Repeating it delivers the mail once more.
func (m *Mailbox) Deliver(ctx context.Context, mail Mail) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("deliver mail to %q: %w", mail.To, err)
	}
	folder, err := m.folder(mail.To)
	if err != nil {
		return fmt.Errorf("deliver mail to %q: %w", mail.To, err)
	}
	now := m.Now().UTC()
	message, err := encode(m.From, mail, now)
	if err != nil {
		return fmt.Errorf("deliver mail to %q: %w", mail.To, err)
	}
	if err := m.store(folder, now, message); err != nil {
		return fmt.Errorf("deliver mail to %q: %w", mail.To, err)
	}
	m.notify()
	return nil
}

// List returns the names of a recipient's mails, the oldest first; none is not an error. It
// returns an error of class fault.Invalid for an address that is none.
func (m *Mailbox) List(recipient string) ([]string, error) {
	folder, err := m.folder(recipient)
	if err != nil {
		return nil, fmt.Errorf("list mails of %q: %w", recipient, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list mails of %q: %w", recipient, err)
	}
	var names []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), suffix) && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Read returns the mail of a name that List gave. It returns an error that is os.ErrNotExist
// when there is no such mail, and one of class fault.Invalid for a name that List cannot give.
func (m *Mailbox) Read(recipient, name string) (Mail, error) {
	path, err := m.Path(recipient, name)
	if err != nil {
		return Mail{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return Mail{}, fmt.Errorf("read mail %q: %w", name, err)
	}
	mail, err := decode(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return Mail{}, fmt.Errorf("read mail %q: %w", name, err)
	}
	return mail, nil
}

// Path is the file of a mail, to show to a person. It does not look whether the file exists.
func (m *Mailbox) Path(recipient, name string) (string, error) {
	folder, err := m.folder(recipient)
	if err != nil {
		return "", fmt.Errorf("find mail %q of %q: %w", name, recipient, err)
	}
	if filepath.Base(name) != name || !strings.HasSuffix(name, suffix) || strings.HasPrefix(name, ".") {
		return "", fault.New(fault.Invalid, "find mail %q of %q: that is not the name of a mail", name, recipient)
	}
	return filepath.Join(folder, name), nil
}
