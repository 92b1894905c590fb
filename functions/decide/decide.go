// Package decide is where approvers go from their mail. GET shows the plan and changes
// nothing, so that a scanner which follows links approves nothing; POST with the code from the
// mail decides.
package decide

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

// Ballots keeps what is voted on.
type Ballots interface {
	Ballot(ctx context.Context, id string) (ledger.Ballot, error)
	PutBallot(ctx context.Context, id string, change func(*ledger.Ballot) error) error
}

// Tokens tells a waiting execution how it goes on.
type Tokens interface {
	SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error
	SendTaskFailure(ctx context.Context, token, class, cause string) error
}

// ErrNotWaiting is what Tokens returns when no execution waits for the token any more.
var ErrNotWaiting = errors.New("no execution waits for this decision any more") //nolint:gochecknoglobals // a sentinel error

// Function takes decisions.
type Function struct {
	Ballots Ballots
	Tokens  Tokens
	Clock   clock.Clock
	// Hash is how codes are kept, as package approve has it.
	Hash func(id, code string) string
}

const (
	maxTries  = 5
	maxBody   = 8 << 10
	maxReason = 500
)

// Handle answers one request of a browser. Every answer is a page; none of them says more than
// the holder of the link already knows.
func (f Function) Handle(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	id, found := strings.CutPrefix(request.RawPath, "/approve/")
	if !found || len(id) == 0 || len(id) > 64 {
		return page(http.StatusNotFound, view{Title: "Nothing here", Message: "Open the link as it stands in your mail."})
	}
	ballot, err := f.Ballots.Ballot(ctx, id)
	if fault.Is(err, fault.Invalid) {
		return page(http.StatusNotFound, view{Title: "Unknown link", Message: "This link belongs to no approval. Open it as it stands in your mail."})
	}
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	switch request.RequestContext.HTTP.Method {
	case http.MethodGet, http.MethodHead:
		return page(http.StatusOK, f.show(ballot))
	case http.MethodPost:
		return f.post(ctx, ballot, request)
	}
	return page(http.StatusMethodNotAllowed, view{Title: "Not possible", Message: "Open the link in a browser."})
}

// show is the page of a ballot: the question, or why it is no longer one.
func (f Function) show(ballot ledger.Ballot) view {
	v := view{Title: "Approve this deployment?", Summary: notify.Rows(ballot.Summary), Approver: ballot.Approver, Expires: ballot.ExpiresAt.UTC().Format("2006-01-02 15:04 MST")}
	switch {
	case ballot.Decision.Kind != "":
		v.Title, v.Message = "Decided", fmt.Sprintf("%s decided to %s at %s.", ballot.Decision.By, ballot.Decision.Kind, ballot.Decision.At.UTC().Format("2006-01-02 15:04:05 MST"))
		if ballot.Decision.Reason != "" {
			v.Message += " Reason: " + ballot.Decision.Reason
		}
	case ballot.Void != "":
		v.Title, v.Message = "No longer valid", ballot.Void
	case !f.Clock.Now().Before(ballot.ExpiresAt):
		v.Title, v.Message = "Expired", "Nobody decided in time, so this deployment was refused. It can be asked for again."
	default:
		v.Open = true
	}
	return v
}

func (f Function) post(ctx context.Context, ballot ledger.Ballot, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	form, wrong := parse(request)
	if wrong != "" {
		v := f.show(ballot)
		v.Message = wrong
		return page(http.StatusBadRequest, v)
	}
	if v := f.show(ballot); !v.Open && !undelivered(ballot, form) {
		return page(http.StatusConflict, v)
	}
	if ballot.Decision.Kind == "" {
		decided, err := f.decide(ctx, ballot, form)
		ballot = decided
		if err != nil {
			return f.refuse(ballot, err)
		}
	}
	if err := f.deliver(ctx, ballot); err != nil {
		if errors.Is(err, ErrNotWaiting) {
			return page(http.StatusConflict, view{Title: "Too late", Summary: notify.Rows(ballot.Summary), Message: "The deployment no longer waits for this decision."})
		}
		return events.LambdaFunctionURLResponse{}, err
	}
	return page(http.StatusOK, f.show(ballot))
}

// undelivered lets the same approver repeat a decision that was kept but, after a crash, never
// reached the execution.
func undelivered(ballot ledger.Ballot, form form) bool {
	return ballot.Decision.Kind == form.decision && !ballot.Decision.Delivered
}

func (f Function) refuse(ballot ledger.Ballot, err error) (events.LambdaFunctionURLResponse, error) {
	if class := fault.Of(err); class != fault.Denied && class != fault.Invalid {
		return events.LambdaFunctionURLResponse{}, err
	}
	v := f.show(ballot)
	v.Message = err.Error()
	return page(http.StatusForbidden, v)
}

// decide keeps the decision, or counts a wrong code. Both are conditional writes, so two
// decisions at the same time are one decision, and no wrong code goes uncounted.
func (f Function) decide(ctx context.Context, ballot ledger.Ballot, form form) (ledger.Ballot, error) {
	now := f.Clock.Now()
	var seen ledger.Ballot
	var refused error
	err := f.Ballots.PutBallot(ctx, ballot.ID, func(b *ledger.Ballot) error {
		refused = nil
		right := subtle.ConstantTimeCompare([]byte(f.Hash(b.ID, form.code)), []byte(b.CodeHash)) == 1
		switch {
		case b.Decision.Kind != "" || b.Void != "" || !now.Before(b.ExpiresAt):
			refused = fault.New(fault.Denied, "This was decided, or is no longer valid.")
		case !right:
			refused = wrongCode(b)
		default:
			b.Decision = ledger.Decision{Kind: form.decision, By: b.Approver, Reason: form.reason, At: now}
		}
		seen = *b
		return nil
	})
	if err != nil {
		return ballot, err
	}
	return seen, refused
}

func wrongCode(b *ledger.Ballot) error {
	b.Tries++
	if b.Tries >= maxTries {
		b.Void = "Five wrong codes were entered, so this ballot is void. Ask for the deployment again."
		return fault.New(fault.Denied, "%s", b.Void)
	}
	return fault.New(fault.Denied, "This is not the code from the mail. %d tries are left.", maxTries-b.Tries)
}

// deliver tells the execution and remembers that it was told. Repeating it is safe.
func (f Function) deliver(ctx context.Context, ballot ledger.Ballot) error {
	var err error
	if ballot.Decision.Kind == ledger.Approve {
		output, encodeErr := json.Marshal(deploy.ApproveResult{By: ballot.Decision.By, At: ballot.Decision.At, PlanDigest: ballot.PlanDigest})
		if encodeErr != nil {
			return fmt.Errorf("encode the decision on %s: %w", ballot.Deployment, encodeErr)
		}
		err = f.Tokens.SendTaskSuccess(ctx, ballot.TaskToken, output)
	} else {
		err = f.Tokens.SendTaskFailure(ctx, ballot.TaskToken, string(fault.Rejected), fmt.Sprintf("%s rejected it: %s", ballot.Decision.By, ballot.Decision.Reason))
	}
	if err != nil {
		return fmt.Errorf("tell deployment %s of the decision: %w", ballot.Deployment, err)
	}
	return f.Ballots.PutBallot(ctx, ballot.ID, func(b *ledger.Ballot) error {
		b.Decision.Delivered = true
		return nil
	})
}

type form struct{ code, decision, reason string }

// parse reads the form of the page, bounded, and says to its user what is wrong with it, or
// nothing.
func parse(request events.LambdaFunctionURLRequest) (form, string) {
	body := request.Body
	if request.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return form{}, "The form could not be read. Use the page's own form."
		}
		body = string(decoded)
	}
	values, err := url.ParseQuery(body)
	if err != nil || len(body) > maxBody {
		return form{}, "The form could not be read. Use the page's own form."
	}
	parsed := form{code: strings.TrimSpace(values.Get("code")), decision: values.Get("decision"), reason: strings.TrimSpace(values.Get("reason"))}
	switch {
	case parsed.decision != ledger.Approve && parsed.decision != ledger.Reject:
		return form{}, "Choose to approve or to reject."
	case parsed.decision == ledger.Reject && parsed.reason == "":
		return form{}, "Say why you reject it."
	case len(parsed.reason) > maxReason:
		return form{}, "The reason is longer than 500 characters."
	}
	return parsed, ""
}
