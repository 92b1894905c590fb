package eventbridge

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/fault"
)

type fake struct {
	put    *eventbridge.PutEventsInput
	answer eventbridge.PutEventsOutput
	fail   error
}

func (f *fake) PutEvents(_ context.Context, input *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	f.put = input
	return &f.answer, f.fail
}

func TestPutEventLooksAtTheEntry(t *testing.T) {
	entry := func(code string) eventbridge.PutEventsOutput {
		return eventbridge.PutEventsOutput{FailedEntryCount: 1, Entries: []types.PutEventsResultEntry{{ErrorCode: aws.String(code)}}}
	}
	for name, test := range map[string]struct {
		fake fake
		want fault.Class
	}{
		"throttled":          {fake{answer: entry("ThrottlingException")}, fault.Transient},
		"failed":             {fake{answer: entry("InternalFailure")}, fault.Transient},
		"no reason":          {fake{answer: eventbridge.PutEventsOutput{FailedEntryCount: 1}}, fault.Transient},
		"not allowed":        {fake{answer: entry("NotAuthorizedForSourceException")}, fault.Internal},
		"malformed":          {fake{answer: entry("MalformedDetail")}, fault.Internal},
		"the call throttled": {fake{fail: &smithy.GenericAPIError{Code: "ThrottlingException"}}, fault.Transient},
		"no such bus":        {fake{fail: &smithy.GenericAPIError{Code: "ResourceNotFoundException"}}, fault.Invalid},
	} {
		err := Bus{api: &test.fake, name: "bus"}.PutEvent(t.Context(), "pilotage.github", "Push", json.RawMessage(`{}`))
		if !fault.Is(err, test.want) {
			t.Errorf("%s: got error %v, want one of class %s", name, err, test.want)
		}
	}
}

func TestPutEventRefusesWhatIsTooLarge(t *testing.T) {
	f := &fake{}
	if err := (Bus{api: f}).PutEvent(t.Context(), "s", "t", make(json.RawMessage, 256<<10)); !fault.Is(err, fault.Invalid) || f.put != nil {
		t.Errorf("got error %v", err)
	}
}

func TestBusOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	name := awstest.Name("bus")
	if _, err := eventbridge.NewFromConfig(cfg).CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	if err := New(cfg, name).PutEvent(t.Context(), "pilotage.github", "Push", json.RawMessage(`{"key":"k"}`)); err != nil {
		t.Error(err)
	}
	// The emulator refuses this in the entry, behind a status of 200.
	if err := New(cfg, name).PutEvent(t.Context(), "pilotage.github", "Push", json.RawMessage(`{`)); !fault.Is(err, fault.Internal) {
		t.Errorf("malformed: got error %v, want one of class Internal", err)
	}
}
