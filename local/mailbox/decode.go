package mailbox

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
)

// decode reads a message that encode wrote.
func decode(reader io.Reader) (Mail, error) {
	message, err := mail.ReadMessage(reader)
	if err != nil {
		return Mail{}, err
	}
	body := message.Body
	if message.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return Mail{}, err
	}
	words := &mime.WordDecoder{}
	result := Mail{To: message.Header.Get("To"), Body: normalise(string(text))}
	if result.Subject, err = words.DecodeHeader(message.Header.Get("Subject")); err != nil {
		return Mail{}, fmt.Errorf("decode subject: %w", err)
	}
	for name, values := range message.Header {
		if owned(name) {
			continue
		}
		value, err := words.DecodeHeader(values[0])
		if err != nil {
			return Mail{}, fmt.Errorf("decode header %q: %w", name, err)
		}
		if result.Headers == nil {
			result.Headers = make(map[string]string)
		}
		result.Headers[name] = value
	}
	return result, nil
}
