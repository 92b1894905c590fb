// Package webhook takes GitHub's pushes in: it checks the signature over the raw body and
// puts an event on the bus. It starts nothing itself, so it needs no right to.
package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/github"
)

// Bus takes events.
type Bus interface {
	// PutEvent puts one event on the bus. Putting it again is safe: intake deduplicates.
	PutEvent(ctx context.Context, source, detailType string, detail json.RawMessage) error
}

// Secrets knows the webhook's secrets: two while one is being rotated.
type Secrets interface {
	WebhookSecrets(ctx context.Context) ([][]byte, error)
}

// Function takes webhooks in.
type Function struct {
	Bus     Bus
	Secrets Secrets
	// Log receives each delivery with what became of it.
	Log *slog.Logger
}

// The event that a push becomes.
const (
	EventSource = "pilotage.github"
	EventPush   = "Push"
)

// maxBody is the largest push that is read; GitHub itself caps payloads at 25 MB and Lambda
// requests at 6 MB.
const maxBody = 5 << 20

// Handle answers one delivery: 401 without a hint for what is not GitHub's, 202 with a reason
// for what is not a push to a branch, 202 for what was put on the bus. GitHub keeps the answer with
// the delivery, and the log has it too.
func (f Function) Handle(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	response, err := f.handle(ctx, request)
	f.Log.InfoContext(ctx, "delivery", "event", request.Headers["x-github-event"], "delivery", request.Headers["x-github-delivery"],
		"status", response.StatusCode, "answer", strings.TrimSpace(response.Body), "error", err)
	return response, err
}

func (f Function) handle(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	if request.RequestContext.HTTP.Method != http.MethodPost {
		return answer(http.StatusMethodNotAllowed, "POST only"), nil
	}
	body := []byte(request.Body)
	if request.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(request.Body)
		if err != nil {
			return answer(http.StatusBadRequest, "the body cannot be read"), nil
		}
		body = decoded
	}
	if len(body) > maxBody {
		return answer(http.StatusRequestEntityTooLarge, "the body is larger than 5 MiB"), nil
	}
	secrets, err := f.Secrets.WebhookSecrets(ctx)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("read the webhook's secrets: %w", err)
	}
	if github.Verify(secrets, request.Headers[strings.ToLower(github.SignatureHeader)], body) != nil {
		return answer(http.StatusUnauthorized, "unauthorized"), nil
	}
	if !strings.HasPrefix(request.Headers["content-type"], "application/json") {
		return answer(http.StatusUnsupportedMediaType, "set the webhook's content type to application/json"), nil
	}
	return f.take(ctx, request.Headers["x-github-event"], body)
}

func (f Function) take(ctx context.Context, kind string, body []byte) (events.LambdaFunctionURLResponse, error) {
	if kind != "push" {
		return answer(http.StatusAccepted, fmt.Sprintf("event %q is not used", kind)), nil
	}
	push, err := github.ParsePush(body)
	if err != nil {
		return answer(http.StatusBadRequest, err.Error()), nil
	}
	if push.Deleted || push.Branch == "" {
		return answer(http.StatusAccepted, "only pushes to branches are deployed"), nil
	}
	detail, err := json.Marshal(map[string]string{
		"repository": push.Repository, "ref": push.Ref, "branch": push.Branch, "commit": push.After,
		"subject": push.HeadCommit.Message, "sender": push.Sender, "key": push.Key(),
	})
	if err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("encode the push of %s: %w", push.Repository, err)
	}
	if err := f.Bus.PutEvent(ctx, EventSource, EventPush, detail); err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("put the push of %s on the bus: %w", push.Repository, err)
	}
	return answer(http.StatusAccepted, "taken in"), nil
}

func answer(status int, text string) events.LambdaFunctionURLResponse {
	return events.LambdaFunctionURLResponse{
		StatusCode: status, Body: text + "\n",
		Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"},
	}
}
