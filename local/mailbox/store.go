package mailbox

import (
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
)

const (
	suffix = ".eml"
	// maxFolder keeps a folder's name below the 255 bytes that file systems allow.
	maxFolder = 240
	// maxAddress is a name and an address of the 254 bytes that SMTP can carry.
	maxAddress = 400
)

// folder is the directory of a recipient. Addresses that differ only in case share one.
func (m *Mailbox) folder(recipient string) (string, error) {
	address, err := parseAddress(recipient)
	if err != nil {
		return "", err
	}
	var name strings.Builder
	for i, b := range []byte(strings.ToLower(address.Address)) {
		// A quoted local part may hold anything, separators and "..", too.
		if plain(b) && (i > 0 || b != '.') {
			name.WriteByte(b)
		} else {
			fmt.Fprintf(&name, "%%%02x", b)
		}
	}
	if name.Len() > maxFolder {
		return "", fault.New(fault.Invalid, "the address is too long")
	}
	return filepath.Join(m.Dir, name.String()), nil
}

func parseAddress(text string) (*mail.Address, error) {
	if len(text) > maxAddress {
		return nil, fault.New(fault.Invalid, "the address has %d bytes, more than %d", len(text), maxAddress)
	}
	address, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a mail address: %w", text, err)
	}
	if hasControl(address.Name) || hasControl(address.Address) {
		return nil, fault.New(fault.Invalid, "the address %q has a control character", text)
	}
	return address, nil
}

// format writes an address without the angle brackets that it does not need.
func format(address *mail.Address) string {
	if address.Name != "" {
		return address.String()
	}
	return strings.TrimSuffix(strings.TrimPrefix(address.String(), "<"), ">")
}

func plain(b byte) bool {
	return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || strings.IndexByte("@.+-_", b) >= 0
}

// store writes a message to a name of its own. A link, unlike a rename, never replaces a file, so
// that two processes cannot take the same name.
func (m *Mailbox) store(folder string, now time.Time, message []byte) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	draft, err := writeDraft(folder, message)
	if err != nil {
		return err
	}
	for {
		err := os.Link(draft, filepath.Join(folder, m.name(now)))
		if errors.Is(err, os.ErrExist) {
			continue
		}
		return errors.Join(err, os.Remove(draft), syncFolder(folder))
	}
}

func writeDraft(folder string, message []byte) (path string, err error) {
	file, err := os.CreateTemp(folder, ".draft-*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(message)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// name is the next name at a time, for example 20260203T040506.000000000Z-000001.eml.
func (m *Mailbox) name(now time.Time) string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.sequence++
	return fmt.Sprintf("%s-%06d%s", now.Format("20060102T150405.000000000Z"), m.sequence, suffix)
}

func syncFolder(folder string) error {
	directory, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
