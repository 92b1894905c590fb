package mailbox

import (
	"bytes"
	"fmt"
	"mime/quotedprintable"
	"net/textproto"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/fault"
)

const (
	// maxLine and foldAt are the lengths of a line that RFC 5322, 2.1.1, allows and recommends.
	maxLine = 998
	foldAt  = 78
	// maxValue leaves room for a name before a value that cannot be folded.
	maxValue = 900
)

// encode writes a mail as RFC 5322 wants it, with lines ending in CRLF.
func encode(from string, mail Mail, now time.Time) ([]byte, error) {
	sender, err := parseAddress(from)
	if err != nil {
		return nil, err
	}
	recipient, err := parseAddress(mail.To)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(mail.Body) {
		return nil, fault.New(fault.Invalid, "the body is not UTF-8")
	}
	body := normalise(mail.Body)
	encoding, encoded := encodeBody(body)

	var message bytes.Buffer
	writeField(&message, "Date", now.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	writeField(&message, "From", format(sender))
	writeField(&message, "To", format(recipient))
	if err := writeText(&message, "Subject", mail.Subject); err != nil {
		return nil, err
	}
	if err := writeHeaders(&message, mail.Headers); err != nil {
		return nil, err
	}
	writeField(&message, "MIME-Version", "1.0")
	writeField(&message, "Content-Type", "text/plain; charset=utf-8")
	writeField(&message, "Content-Transfer-Encoding", encoding)
	message.WriteString("\r\n")
	message.Write(encoded)
	return message.Bytes(), nil
}

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

// encodeBody leaves text as it is, so that cat shows it, unless a line is too long for mail or a
// control character could act on the terminal.
func encodeBody(body string) (encoding string, encoded []byte) {
	lines := strings.Split(body, "\n")
	tooLong := slices.ContainsFunc(lines, func(line string) bool { return len(line) > maxLine })
	if tooLong || slices.ContainsFunc(lines, func(line string) bool {
		return hasControl(strings.ReplaceAll(line, "\t", " "))
	}) {
		var buffer bytes.Buffer
		writer := quotedprintable.NewWriter(&buffer)
		// Neither write nor close can fail: the buffer never does.
		_, _ = writer.Write([]byte(body))
		_ = writer.Close()
		return "quoted-printable", buffer.Bytes()
	}
	if ascii(body) {
		encoding = "7bit"
	} else {
		encoding = "8bit"
	}
	return encoding, []byte(strings.Join(lines, "\r\n"))
}

// normalise gives all lines, the last one too, the ending "\n".
func normalise(body string) string {
	body = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
	if !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	return body
}

func hasControl(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
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
