// Package sns writes to people through SNS: it implements notify.Sender.
//
// There are two topics: one for notices and approvals, one for pages. Infra subscribes each
// mail address that pilotage.yaml names to both, with a filter policy on the attribute
// "recipient", so that a message reaches the one address that it is for. A code for an approval
// is nobody else's.
package sns

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/notify"
)

// api is the calls that are made.
type api interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Topics are the ARNs of the topics by audience.
type Topics struct {
	// Notices tells people, Pages wakes them.
	Notices string
	Pages   string
}

// Sender publishes messages. It is safe for concurrent use.
type Sender struct {
	api    api
	topics Topics
}

var _ notify.Sender = Sender{}

// New is a Sender. It makes no call.
func New(cfg aws.Config, topics Topics) Sender {
	return Sender{api: sns.NewFromConfig(cfg), topics: topics}
}

// maxBody is below the 256 KiB that a message may have, attributes included.
const maxBody = 250 << 10

// Send publishes one message. SNS accepts it whether or not anybody has confirmed a
// subscription for the recipient. A lost reply can lead to a second mail.
func (s Sender) Send(ctx context.Context, message notify.Message) error {
	if message.To == "" {
		return fault.New(fault.Internal, "publish message %q: it has no recipient", message.ID)
	}
	topic, setting := s.topics.Notices, "PILOTAGE_NOTICES_TOPIC_ARN"
	if message.Urgent {
		topic, setting = s.topics.Pages, "PILOTAGE_PAGES_TOPIC_ARN"
	}
	body := message.Body
	if len(body) > maxBody {
		body = strings.ToValidUTF8(body[:maxBody], "") + "\n[cut]"
	}
	_, err := s.api.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(topic), Subject: aws.String(subject(message.Subject)), Message: aws.String(body),
		MessageAttributes: attributes(message),
	})
	return awserr.Wrap(err, awserr.Call{
		Doing: fmt.Sprintf("publish message %q to topic %q", message.ID, topic), Action: "sns:Publish", Setting: setting,
	})
}

func attributes(message notify.Message) map[string]types.MessageAttributeValue {
	values := map[string]string{
		// Filter policies compare exactly, and people write addresses as they like.
		"recipient": strings.ToLower(message.To),
		"urgent":    strconv.FormatBool(message.Urgent),
		"service":   message.Scope.Service, "environment": message.Scope.Environment,
	}
	attributes := map[string]types.MessageAttributeValue{}
	for name, value := range values {
		if value != "" {
			attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
		}
	}
	return attributes
}

// maxSubject: "must be less than 100 characters long" (SNS API reference, Publish).
const maxSubject = 99

// subject makes what SNS takes: ASCII without control characters, that begins with a letter, a
// digit or a punctuation mark.
func subject(text string) string {
	plain := strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r > 0x7f:
			return '?'
		}
		return r
	}, strings.NewReplacer("→", "->", "…", "...", "–", "-", "—", "-").Replace(text)))
	if plain == "" {
		plain = "pilotage"
	}
	if len(plain) > maxSubject {
		plain = plain[:maxSubject-3] + "..."
	}
	return plain
}
