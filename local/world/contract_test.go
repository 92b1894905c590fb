package world_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/pilotage/pilotage/e2e/worldtest"
	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/notify"
)

// asking is a machine that hands out its token and waits for it to come back.
const asking = `{
	"QueryLanguage": "JSONata", "StartAt": "Ask",
	"States": {"Ask": {
		"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
		"Arguments": {"FunctionName": "Announce", "Payload": {"asked": "{% $states.context.Task.Token %}"}}, "End": true
	}}
}`

func TestWorldKeepsTheContract(t *testing.T) {
	options, releases := options(t, []string{"staging"}, "1.0.0", "1.1.0")
	tokens := make(chan string, 1)
	options.Intercept = func(_ string, next functions.Handler) functions.Handler {
		return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
			var asked struct{ Asked string }
			if json.Unmarshal(payload, &asked) != nil || asked.Asked == "" {
				return next(ctx, payload)
			}
			tokens <- asked.Asked
			return json.RawMessage("{}"), nil
		}
	}
	w := open(t, options, "1.0.0")
	worldtest.Run(t, worldtest.Subject{
		World: w.Ports, Scope: w.Scope("staging"), Repository: "pilotage/running-app", Branch: "main",
		Live: releases[0], Next: releases[1], Works: "/stats", Within: 20 * time.Second,
		Sent: func(t *testing.T) []notify.Message { return sent(t, w) },
		Stored: func(t *testing.T, key string) string {
			archive, _ := w.Ports.Archive.(world.Archive)
			text, err := archive.Get(key)
			if err != nil {
				t.Error(err)
			}
			return text
		},
		Wait: func(t *testing.T) (string, func() worldtest.End) { return wait(t, w.Engine, tokens) },
	})
}

// sent are the messages, each of which must be in the mailbox as well.
func sent(t *testing.T, w *world.World) []notify.Message {
	t.Helper()
	var messages []notify.Message
	for _, one := range w.Mails() {
		names, err := w.Mailbox.List(one.To)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range names {
			mail, err := w.Mailbox.Read(one.To, name)
			if err != nil {
				t.Fatal(err)
			}
			found = found || mail.Subject == one.Subject && mail.Body == one.Body && mail.Headers["X-Pilotage-Message"] == one.ID && (mail.Headers["Importance"] == "high") == one.Urgent
		}
		if !found {
			t.Errorf("%+v is not in the mailbox, which has %v", one.Message, names)
		}
		messages = append(messages, one.Message)
	}
	return messages
}

func wait(t *testing.T, engine *asl.Engine, tokens <-chan string) (string, func() worldtest.End) {
	t.Helper()
	machine, err := asl.Parse([]byte(asking))
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Define("asking", machine); err != nil {
		t.Fatal(err)
	}
	arn, err := engine.Start(t.Context(), "asking", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return <-tokens, func() worldtest.End {
		execution, err := engine.Wait(t.Context(), arn)
		if err != nil {
			t.Fatal(err)
		}
		return worldtest.End{Output: string(execution.Output), Error: execution.Error, Cause: execution.Cause}
	}
}
