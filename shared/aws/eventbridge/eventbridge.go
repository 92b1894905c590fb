// Package eventbridge puts events on a bus: it implements webhook.Bus.
package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/fault"
)

// api is the calls that are made.
type api interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Bus is an event bus. It is safe for concurrent use.
type Bus struct {
	api  api
	name string
}

// New is the bus of a name or an ARN. It makes no call.
func New(cfg aws.Config, name string) Bus {
	return Bus{api: eventbridge.NewFromConfig(cfg), name: name}
}

// maxEntry is how large an entry may be, 256 KB with everything in it.
const maxEntry = 255 << 10

// PutEvent puts one event on the bus. PutEvents answers 200 even when it took nothing: an
// entry that was refused is classified like an error of the call. Repeating it puts a second
// event on the bus.
func (b Bus) PutEvent(ctx context.Context, source, detailType string, detail json.RawMessage) error {
	call := awserr.Call{
		Doing:  fmt.Sprintf("put event %q of %q on bus %q", detailType, source, b.name),
		Action: "events:PutEvents", Setting: "PILOTAGE_BUS_NAME",
	}
	if len(detail) > maxEntry {
		return fault.New(fault.Invalid, "%s: it has %d bytes, more than %d", call.Doing, len(detail), maxEntry)
	}
	answer, err := b.api.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: aws.String(b.name), Source: aws.String(source), DetailType: aws.String(detailType), Detail: aws.String(string(detail)),
	}}})
	if err != nil {
		return awserr.Wrap(err, call)
	}
	for _, entry := range answer.Entries {
		if code := aws.ToString(entry.ErrorCode); code != "" {
			return refused(code, aws.ToString(entry.ErrorMessage), call)
		}
	}
	if answer.FailedEntryCount > 0 {
		return fault.New(fault.Transient, "%s: it was not taken, without a reason", call.Doing)
	}
	return nil
}

func refused(code, message string, call awserr.Call) error {
	err := &smithy.GenericAPIError{Code: code, Message: message}
	if code == "InternalFailure" || code == "InternalException" {
		return fault.New(fault.Transient, "%s: %w", call.Doing, err)
	}
	return awserr.Wrap(err, call)
}
