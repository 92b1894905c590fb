package mailbox

import (
	"bytes"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/fault"
)

const (
	// foldAt is the length of a line that RFC 5322, 2.1.1, recommends.
	foldAt = 78
	// maxValue leaves room for a name before a value that cannot be folded.
	maxValue = 900
)

// writeHeaders writes the caller's own fields in the order of their names.
func writeHeaders(message *bytes.Buffer, headers map[string]string) error {
	names := make(map[string]string)
	var sorted []string
	for name := range headers {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if !validName(name) || owned(canonical) {
			return fault.New(fault.Invalid, "the header %q cannot be set", name)
		}
		if _, twice := names[canonical]; twice {
			return fault.New(fault.Invalid, "the header %q is given twice", canonical)
		}
		names[canonical] = name
		sorted = append(sorted, canonical)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		if err := writeText(message, name, headers[names[name]]); err != nil {
			return err
		}
	}
	return nil
}

// writeText writes a field whose value comes from outside.
func writeText(message *bytes.Buffer, name, value string) error {
	value = strings.TrimSpace(value)
	if !utf8.ValidString(value) || hasControl(value) {
		return fault.New(fault.Invalid, "the header %q is not one line of UTF-8", name)
	}
	if len(value) > maxValue {
		return fault.New(fault.Invalid, "the header %q has %d bytes, more than %d", name, len(value), maxValue)
	}
	if !ascii(value) || strings.Contains(value, "=?") {
		value = encodeWords(value)
	}
	writeField(message, name, value)
	return nil
}

// writeField writes a field and folds it at spaces where it would become long.
func writeField(message *bytes.Buffer, name, value string) {
	message.WriteString(name + ":")
	length := len(name) + 1
	words := strings.Split(value, " ")
	for i, word := range words {
		// An empty word is a second space: readers would drop it at the end of a line.
		if i > 0 && word != "" && words[i-1] != "" && length+1+len(word) > foldAt {
			message.WriteString("\r\n")
			length = 0
		}
		message.WriteString(" " + word)
		length += 1 + len(word)
	}
	message.WriteString("\r\n")
}

// encodeWords writes text as encoded words of RFC 2047, each of whole characters and at most 75
// bytes long. A reader drops the spaces between them.
func encodeWords(text string) string {
	const open, shut = "=?utf-8?q?", "?="
	var words []string
	word := open
	for _, character := range text {
		var encoded string
		for _, b := range []byte(string(character)) {
			encoded += encodeByte(b)
		}
		if len(word)+len(encoded)+len(shut) > 75 {
			words = append(words, word+shut)
			word = open
		}
		word += encoded
	}
	return strings.Join(append(words, word+shut), " ")
}

func encodeByte(b byte) string {
	switch {
	case b == ' ':
		return "_"
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return string(rune(b))
	default:
		return fmt.Sprintf("=%02X", b)
	}
}

// validName reports a field name that every mail program reads; RFC 5322, 3.6.8 allows more.
func validName(name string) bool {
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
	})
}

// owned reports a field that the mailbox writes itself.
func owned(canonical string) bool {
	return slices.Contains([]string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version"}, canonical) ||
		strings.HasPrefix(canonical, "Content-")
}
