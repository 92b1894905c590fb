package sns

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/notify"
)

type fake struct {
	sent []*sns.PublishInput
	fail error
}

func (f *fake) Publish(_ context.Context, input *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	f.sent = append(f.sent, input)
	return &sns.PublishOutput{}, f.fail
}

func message() notify.Message {
	return notify.Message{
		ID: "d1#started#Anna@example.com", To: "Anna@example.com", Subject: "[pilotage] shop 1.2.0 → production",
		Body: "What shop\n", Scope: deploy.Scope{Service: "shop", Environment: "production"},
	}
}

func TestSendReachesTheAudience(t *testing.T) {
	f := &fake{}
	s := Sender{api: f, topics: Topics{Notices: "notices", Pages: "pages"}}
	urgent := message()
	urgent.Urgent = true
	for _, one := range []notify.Message{message(), urgent} {
		if err := s.Send(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if *f.sent[0].TopicArn != "notices" || *f.sent[1].TopicArn != "pages" {
		t.Errorf("got topics %q and %q", *f.sent[0].TopicArn, *f.sent[1].TopicArn)
	}
	for name, want := range map[string]string{"recipient": "anna@example.com", "urgent": "false", "service": "shop", "environment": "production"} {
		if got := aws.ToString(f.sent[0].MessageAttributes[name].StringValue); got != want {
			t.Errorf("attribute %s: got %q, want %q", name, got, want)
		}
	}
	if *f.sent[0].Message != "What shop\n" || *f.sent[0].Subject != "[pilotage] shop 1.2.0 -> production" {
		t.Errorf("got subject %q and body %q", *f.sent[0].Subject, *f.sent[0].Message)
	}
}

func TestSubjectIsWhatSNSTakes(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "two\r\nlines": "two  lines", "Zoë": "Zo?", "": "pilotage", "\t ": "pilotage",
		strings.Repeat("a", 99): strings.Repeat("a", 99), strings.Repeat("a", 100): strings.Repeat("a", 96) + "...",
		strings.Repeat("ü", 200): strings.Repeat("?", 96) + "...",
	} {
		if got := subject(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestSendCutsWhatIsTooLong(t *testing.T) {
	f, long := &fake{}, message()
	long.Body = strings.Repeat("é", 200<<10)
	if err := (Sender{api: f}).Send(t.Context(), long); err != nil {
		t.Fatal(err)
	}
	if got := *f.sent[0].Message; len(got) > 256<<10-1024 || !strings.HasSuffix(got, "é\n[cut]") {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestSendClassifies(t *testing.T) {
	for code, want := range map[string]fault.Class{"Throttling": fault.Transient, "NotFound": fault.Invalid, "AuthorizationError": fault.Invalid, "InvalidParameter": fault.Internal} {
		err := Sender{api: &fake{fail: &smithy.GenericAPIError{Code: code}}}.Send(t.Context(), message())
		if !fault.Is(err, want) || !strings.Contains(err.Error(), "d1#started") {
			t.Errorf("%s: got error %v, want one of class %s", code, err, want)
		}
	}
	if err := (Sender{api: &fake{}}).Send(t.Context(), notify.Message{ID: "m"}); !fault.Is(err, fault.Internal) {
		t.Errorf("nobody: got error %v", err)
	}
}

func TestSenderOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	topic, err := sns.NewFromConfig(cfg).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(awstest.Name("notices"))})
	if err != nil {
		t.Fatal(err)
	}
	if err := New(cfg, Topics{Notices: *topic.TopicArn}).Send(t.Context(), message()); err != nil {
		t.Error(err)
	}
	err = New(cfg, Topics{Notices: *topic.TopicArn + "0"}).Send(t.Context(), message())
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "PILOTAGE_NOTICES_TOPIC_ARN") {
		t.Errorf("no such topic: got error %v", err)
	}
}
