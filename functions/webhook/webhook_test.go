package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/functions/webhook"
	"github.com/pilotage/pilotage/shared/github"
)

// bus keeps what is put on it.
type bus struct {
	events []map[string]string
	err    error
}

func (b *bus) PutEvent(_ context.Context, source, detailType string, detail json.RawMessage) error {
	event := map[string]string{}
	if err := json.Unmarshal(detail, &event); err != nil {
		return err
	}
	event["source"], event["type"] = source, detailType
	b.events = append(b.events, event)
	return b.err
}

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// secrets are two, as while one is rotated.
type secrets struct{}

func (secrets) WebhookSecrets(context.Context) ([][]byte, error) {
	return [][]byte{[]byte("the new secret of the webhook"), []byte("the old secret of the webhook")}, nil
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", "shared", "github", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// delivery is a request as GitHub sends it.
func delivery(t *testing.T, event string, body []byte) events.LambdaFunctionURLRequest {
	t.Helper()
	all, err := secrets{}.WebhookSecrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request := events.LambdaFunctionURLRequest{
		RawPath: "/", Body: string(body),
		Headers: map[string]string{
			"content-type": "application/json", "x-github-event": event, "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
			"x-hub-signature-256": github.Sign(all[0], body), "user-agent": "GitHub-Hookshot/044aadd",
		},
	}
	request.RequestContext.HTTP.Method = http.MethodPost
	return request
}

func TestRecordedDeliveries(t *testing.T) {
	for name, test := range map[string]struct {
		event, fixture string
		status         int
		text, branch   string
	}{
		"a push":                {"push", "push", 202, "taken in", "main"},
		"a merge commit":        {"push", "merge", 202, "taken in", "main"},
		"a force-push":          {"push", "force-push", 202, "taken in", "feature/greeting"},
		"a new branch":          {"push", "branch-creation", 202, "taken in", "release-1"},
		"a deleted branch":      {"push", "branch-deletion", 202, "only pushes to branches", ""},
		"a tag":                 {"push", "tag", 202, "only pushes to branches", ""},
		"a ping":                {"ping", "ping", 202, `event "ping" is not used`, ""},
		"a push called a ping":  {"ping", "push", 202, `event "ping" is not used`, ""},
		"a ping called a push":  {"push", "ping", 400, "is not", ""},
		"an event without name": {"", "push", 202, `event "" is not used`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bus{}
			body := fixture(t, test.fixture)
			response, err := webhook.Function{Bus: b, Secrets: secrets{}, Log: quiet()}.Handle(t.Context(), delivery(t, test.event, body))
			if err != nil || response.StatusCode != test.status || !strings.Contains(response.Body, test.text) {
				t.Errorf("got %d %q and error %v, want %d with %q", response.StatusCode, response.Body, err, test.status, test.text)
			}
			if test.branch == "" {
				if len(b.events) > 0 {
					t.Errorf("put %v on the bus", b.events)
				}
				return
			}
			push, err := github.ParsePush(body)
			if err != nil {
				t.Fatal(err)
			}
			if len(b.events) != 1 || b.events[0]["branch"] != test.branch || b.events[0]["commit"] != push.After || b.events[0]["key"] != push.Key() ||
				b.events[0]["source"] != "pilotage.github" || b.events[0]["type"] != "Push" || b.events[0]["sender"] != "Codertocat" {
				t.Errorf("got %v on the bus", b.events)
			}
		})
	}
}

func TestRefusesWithoutAHint(t *testing.T) {
	for name, test := range map[string]struct {
		change func(r *events.LambdaFunctionURLRequest)
		status int
		text   string
	}{
		"no signature":    {func(r *events.LambdaFunctionURLRequest) { delete(r.Headers, "x-hub-signature-256") }, 401, "unauthorized\n"},
		"a malformed one": {func(r *events.LambdaFunctionURLRequest) { r.Headers["x-hub-signature-256"] = "sha256=zz" }, 401, "unauthorized\n"},
		"a wrong one":     {func(r *events.LambdaFunctionURLRequest) { r.Body += " " }, 401, "unauthorized\n"},
		"the old hash":    {func(r *events.LambdaFunctionURLRequest) { r.Headers["x-hub-signature-256"] = "sha1=00" }, 401, "unauthorized\n"},
		"not base64":      {func(r *events.LambdaFunctionURLRequest) { r.IsBase64Encoded = true }, 400, "the body cannot be read\n"},
		"GET":             {func(r *events.LambdaFunctionURLRequest) { r.RequestContext.HTTP.Method = http.MethodGet }, 405, "POST only\n"},
		"a form": {func(r *events.LambdaFunctionURLRequest) {
			r.Headers["content-type"] = "application/x-www-form-urlencoded"
		}, 415, "set the webhook's content type to application/json\n"},
		"too large": {func(r *events.LambdaFunctionURLRequest) { r.Body = strings.Repeat(" ", 5<<20+1) }, 413, "the body is larger than 5 MiB\n"},
		"too large, in base64": {func(r *events.LambdaFunctionURLRequest) {
			r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(" "), 5<<20+1)), true
		}, 413, "the body is larger than 5 MiB\n"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bus{}
			request := delivery(t, "push", fixture(t, "push"))
			test.change(&request)
			response, err := webhook.Function{Bus: b, Secrets: secrets{}, Log: quiet()}.Handle(t.Context(), request)
			if err != nil || response.StatusCode != test.status || response.Body != test.text || len(b.events) > 0 {
				t.Errorf("got %d %q, error %v and events %v, want %d %q", response.StatusCode, response.Body, err, b.events, test.status, test.text)
			}
		})
	}
}

func TestTheOldSecretHoldsWhileItIsRotated(t *testing.T) {
	b := &bus{}
	body := fixture(t, "push")
	request := delivery(t, "push", body)
	request.Headers["x-hub-signature-256"] = github.Sign([]byte("the old secret of the webhook"), body)
	response, err := webhook.Function{Bus: b, Secrets: secrets{}, Log: quiet()}.Handle(t.Context(), request)
	if err != nil || response.StatusCode != 202 || len(b.events) != 1 {
		t.Errorf("got %d, error %v and events %v", response.StatusCode, err, b.events)
	}
}

// TestBusThatFailsIsNoSuccess: GitHub shows the delivery as failed, and it can be sent again.
func TestBusThatFailsIsNoSuccess(t *testing.T) {
	b := &bus{err: errors.New("throttled")}
	if _, err := (webhook.Function{Bus: b, Secrets: secrets{}, Log: quiet()}).Handle(t.Context(), delivery(t, "push", fixture(t, "push"))); err == nil {
		t.Error("got no error, want the bus's")
	}
}

// TestTenThousandMutationsAdmitNone changes what is signed, the signature, or both, of every
// recorded delivery in turn.
func TestTenThousandMutationsAdmitNone(t *testing.T) {
	b := &bus{}
	f := webhook.Function{Bus: b, Secrets: secrets{}, Log: quiet()}
	random := rand.New(rand.NewPCG(3, 4))
	names := []string{"push", "merge", "force-push", "branch-creation", "branch-deletion", "tag"}
	genuine := map[string]events.LambdaFunctionURLRequest{}
	for _, name := range names {
		genuine[name] = delivery(t, "push", fixture(t, name))
	}
	for i := range 10_000 {
		request := genuine[names[i%len(names)]]
		headers := map[string]string{}
		for name, value := range request.Headers {
			headers[name] = value
		}
		request.Headers = headers
		if i%3 != 0 {
			request.Body = mutate(random, request.Body)
		}
		if i%3 != 1 {
			headers["x-hub-signature-256"] = mutate(random, headers["x-hub-signature-256"])
		}
		response, err := f.Handle(t.Context(), request)
		if err != nil || response.StatusCode != http.StatusUnauthorized || len(b.events) > 0 {
			t.Fatalf("mutation %d: got %d, error %v and events %v, want 401", i, response.StatusCode, err, b.events)
		}
	}
}

// mutate is a text that differs from another in one place.
func mutate(random *rand.Rand, text string) string {
	at := random.IntN(len(text))
	switch random.IntN(4) {
	case 0:
		return text[:at] + string(rune(text[at]^1)) + text[at+1:]
	case 1:
		return text[:at] + text[at+1:]
	case 2:
		return text[:at] + "0" + text[at:]
	}
	return text[:at] + " " + text[at:]
}

func TestEachDeliveryIsLoggedWithItsAnswer(t *testing.T) {
	var lines bytes.Buffer
	f := webhook.Function{Bus: &bus{}, Secrets: secrets{}, Log: slog.New(slog.NewTextHandler(&lines, nil))}
	if _, err := f.Handle(t.Context(), delivery(t, "ping", fixture(t, "ping"))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"event=ping", "status=202", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "is not used"} {
		if !strings.Contains(lines.String(), want) {
			t.Errorf("the log does not say %q: %s", want, lines.String())
		}
	}
}
