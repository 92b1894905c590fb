package mailbox

import (
	"bytes"
	"mime/quotedprintable"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/fault"
)

// maxLine is the length of a line that RFC 5322, 2.1.1, allows.
const maxLine = 998

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
