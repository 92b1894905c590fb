package bus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
)

// maxEvent is the greatest size of an event, in bytes of JSON (PutEvents, "Amazon EventBridge
// quotas").
const maxEvent = 256 << 10

// Event is one event in EventBridge's envelope.
type Event struct {
	// Version is "0", the only one there is.
	Version string `json:"version"`
	// ID identifies the event. A target that must not act twice remembers it: delivery is at
	// least once.
	ID string `json:"id"`
	// DetailType and Source say what Detail is, and who sent it.
	DetailType string `json:"detail-type"`
	Source     string `json:"source"`
	Account    string `json:"account"`
	// Time is when it happened, in UTC; EventBridge writes it in whole seconds.
	Time   time.Time `json:"time"`
	Region string    `json:"region"`
	// Resources are the ARNs that the event is about; never nil in a delivered event.
	Resources []string `json:"resources"`
	// Detail is a JSON object.
	Detail json.RawMessage `json:"detail"`
}

// ParseEvent reads an event in EventBridge's envelope, as a Lambda function receives it. It
// returns an error of class fault.Invalid when the JSON is not one. Unknown fields are allowed.
func ParseEvent(document []byte) (Event, error) {
	var event Event
	if err := json.Unmarshal(document, &event); err != nil {
		return Event{}, fault.New(fault.Invalid, "parse event: %w", err)
	}
	if err := event.check(); err != nil {
		return Event{}, fmt.Errorf("parse event %q: %w", event.ID, err)
	}
	return event, nil
}

// check refuses what PutEvents would.
func (e Event) check() error {
	switch {
	case e.Source == "":
		return fault.New(fault.Invalid, "the source is empty")
	case e.DetailType == "":
		return fault.New(fault.Invalid, "the detail-type is empty")
	case !json.Valid(e.Detail) || !bytes.HasPrefix(bytes.TrimLeft(e.Detail, " \t\r\n"), []byte("{")):
		return fault.New(fault.Invalid, "the detail is not a JSON object")
	}
	document, err := json.Marshal(e)
	if err != nil {
		return fault.New(fault.Invalid, "encode: %w", err)
	}
	if len(document) > maxEvent {
		return fault.New(fault.Invalid, "the event has %d bytes, more than %d", len(document), maxEvent)
	}
	return nil
}

// document is the event as pattern matching sees it.
func (e Event) document() (any, error) {
	encoded, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event %q: %w", e.ID, err)
	}
	return decode(encoded)
}
