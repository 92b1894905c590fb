package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/notify"
)

type mailbox struct {
	mu   sync.Mutex
	sent []notify.Message
}

// sender delivers mails.
type sender struct{ w *World }

// Send implements notify.Sender.
func (s sender) Send(ctx context.Context, message notify.Message) error {
	_, err := read(s.w, ctx, "Sender.Send", func() (struct{}, error) {
		s.w.mail.mu.Lock()
		defer s.w.mail.mu.Unlock()
		s.w.mail.sent = append(s.w.mail.sent, message)
		return struct{}{}, nil
	})
	return err
}

// Mails are the messages sent so far, the oldest first.
func (w *World) Mails() []notify.Message {
	w.mail.mu.Lock()
	defer w.mail.mu.Unlock()
	return slices.Clone(w.mail.sent)
}

// Request is a request of an approver's browser to the Decide function. An empty body is a GET.
func Request(path, body string) events.LambdaFunctionURLRequest {
	request := events.LambdaFunctionURLRequest{RawPath: path, Body: body}
	request.RequestContext.HTTP.Method = "GET"
	if body != "" {
		request.RequestContext.HTTP.Method = "POST"
		request.Headers = map[string]string{"content-type": "application/x-www-form-urlencoded"}
	}
	return request
}

// Ballot is the link and the code of the newest mail that asks somebody for approval; nothing
// when there is none.
func (w *World) Ballot(approver string) (path, code string) {
	link := regexp.MustCompile(`https://approve\.example(/approve/\S+)`)
	digits := regexp.MustCompile(`(?m)^ +(\d{4}-\d{4})$`)
	for _, message := range slices.Backward(w.Mails()) {
		if message.To != approver || !strings.Contains(message.Subject, "approve") {
			continue
		}
		found, number := link.FindStringSubmatch(message.Body), digits.FindStringSubmatch(message.Body)
		if found != nil && number != nil {
			return found[1], number[1]
		}
	}
	return "", ""
}

// Vote decides as an approver does: with the link and the code of the newest mail. It returns
// the status of the page. decision is "approve", "reject" or "delay".
func (w *World) Vote(ctx context.Context, approver, decision string) (int, error) {
	path, code := w.Ballot(approver)
	if path == "" {
		return 0, fmt.Errorf("vote as %s: nobody asked", approver)
	}
	page, err := w.Browse(ctx, Request(path, ""))
	if err != nil {
		return 0, err
	}
	form := url.Values{"code": {code}, "decision": {decision}, "reason": {"because"}, "plan": {Plan(page.Body)}}
	response, err := w.Browse(ctx, Request(path, form.Encode()))
	return response.StatusCode, err
}

// Plan is the digest of the plan that a page asks about; empty when it asks about none.
func Plan(page string) string {
	found := regexp.MustCompile(`name="plan" value="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// Browse sends a request to the Decide function.
func (w *World) Browse(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("encode the request: %w", err)
	}
	answer, err := w.invoke(ctx, "Decide", payload)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	var response events.LambdaFunctionURLResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("decode the answer: %w", err)
	}
	return response, nil
}
