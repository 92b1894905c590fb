package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/fault"
)

// serve makes a function of a handler that is open already, and returns what it logs.
func serve(handler func(context.Context, json.RawMessage) (json.RawMessage, error)) (*function, *buffer) {
	var log buffer
	return &function{name: "Shift", log: slog.New(slog.NewJSONHandler(&log, nil)), clock: clock.System{}, handler: handler}, &log
}

func TestInvokeTranslatesEveryClass(t *testing.T) {
	causes := map[string]error{
		"Pilotage.Transient ":     context.DeadlineExceeded,
		"Pilotage.Internal ":      errors.New("no class"),
		"Pilotage.LeaseLost deep": fmt.Errorf("renew: %w", fmt.Errorf("again: %w", fault.New(fault.LeaseLost, "lost"))),
	}
	for _, class := range fault.Classes() {
		causes[string(class)+" "] = fault.New(class, "some cause")
	}
	for name, cause := range causes {
		want, _, _ := strings.Cut(name, " ")
		f, _ := serve(func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, cause })
		answer, err := f.Invoke(t.Context(), []byte(`{}`))
		// By value: the library takes a pointer for an error of an unknown type.
		translated, ok := err.(messages.InvokeResponse_Error) //nolint:errorlint // as the library does
		if !ok || answer != nil {
			t.Fatalf("%s: got %q and error %T, want messages.InvokeResponse_Error", name, answer, err)
		}
		if translated.Type != want || translated.Message != cause.Error() || translated.ShouldExit {
			t.Errorf("%s: got %+v", name, translated)
		}
	}
}

func TestInvokeAnswersAPanicWithoutItsStack(t *testing.T) {
	f, log := serve(func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("password hunter2") })
	_, err := f.Invoke(t.Context(), []byte(`{"id":"d1","stage":"Shift","attempt":2}`))
	translated, ok := err.(messages.InvokeResponse_Error) //nolint:errorlint // as the library does
	if !ok || translated.Type != "Pilotage.Internal" || !translated.ShouldExit || len(translated.StackTrace) > 0 {
		t.Fatalf("got %#v", err)
	}
	if strings.Contains(translated.Message, "hunter2") || strings.Contains(translated.Message, ".go:") {
		t.Errorf("the answer shows too much: %q", translated.Message)
	}
	line := lines(t, log)[0]
	if !strings.Contains(fmt.Sprint(line["stack"]), "function_test.go") || line["deployment"] != "d1" {
		t.Errorf("got line %v, want one with the stack", line)
	}
}

func TestInvokeLogsWhichDeploymentStageAndAttempt(t *testing.T) {
	f, log := serve(func(_ context.Context, p json.RawMessage) (json.RawMessage, error) { return p, nil })
	payload := `{"id":"20261124-031500-abcdefgh","stage":"Shift","attempt":3}`
	answer, err := f.Invoke(t.Context(), []byte(payload))
	if err != nil || string(answer) != payload {
		t.Fatalf("got %q and error %v", answer, err)
	}
	// An event that is no document is logged too.
	if _, err := f.Invoke(t.Context(), []byte(`"text"`)); err != nil {
		t.Fatal(err)
	}
	got := lines(t, log)
	if len(got) != 2 {
		t.Fatalf("got %d lines, want 2", len(got))
	}
	for name, want := range map[string]any{"deployment": "20261124-031500-abcdefgh", "stage": "Shift", "attempt": 3.0, "function": "Shift"} {
		if got[0][name] != want {
			t.Errorf("%s: got %v, want %v", name, got[0][name], want)
		}
	}
}

func TestInvokeKeepsTimeToReport(t *testing.T) {
	deadline := time.Now().Add(time.Minute)
	var got time.Time
	f, _ := serve(func(ctx context.Context, p json.RawMessage) (json.RawMessage, error) {
		got, _ = ctx.Deadline()
		return p, nil
	})
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	if _, err := f.Invoke(ctx, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if want := deadline.Add(-margin); !got.Equal(want) {
		t.Errorf("the handler has until %s, want %s", got, want)
	}
}

func TestTranslateCutsLongMessages(t *testing.T) {
	got := translate(fault.New(fault.Invalid, "%s", strings.Repeat("é", maxMessage)))
	if len(got.Message) > maxMessage+10 || !strings.HasSuffix(got.Message, " [cut]") || strings.Contains(got.Message, "\ufffd") {
		t.Errorf("got a message of %d bytes that ends in %q", len(got.Message), got.Message[len(got.Message)-10:])
	}
}

func lines(t *testing.T, log fmt.Stringer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for text := range strings.Lines(log.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("line %q is no JSON: %v", text, err)
		}
		all = append(all, line)
	}
	return all
}
