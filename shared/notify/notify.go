// Package notify tells people what happens: once, in plain text, made to be read on a phone.
package notify

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Message is one mail to one person or list.
type Message struct {
	// ID identifies the message for ever; a second message of the same id is not sent.
	ID    string
	Scope deploy.Scope
	// To is a mail address.
	To      string
	Subject string
	Body    string
	// Urgent messages page.
	Urgent bool
}

// Sender delivers one message. SNS does on AWS, a mailbox of files on one machine.
type Sender interface {
	Send(ctx context.Context, message Message) error
}
