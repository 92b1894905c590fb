// Package decide is where approvers go from their mail. GET shows the plan and changes
// nothing, so that a scanner which follows links approves nothing; POST with the code from the
// mail decides.
package decide

import (
	"context"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/fault"
)

// Votes keeps what is voted on.
type Votes interface {
	VoteOf(ctx context.Context, ballot string) (approval.Vote, error)
	// CountStray counts a request for a link that belongs to nothing.
	CountStray(ctx context.Context, kind string) error
}

// Desk takes decisions.
type Desk interface {
	Take(ctx context.Context, vote string, choice approval.Choice) (approval.Vote, error)
}

// Function serves the page of a ballot.
type Function struct {
	Votes Votes
	Desk  Desk
	Clock clock.Clock
}

const (
	maxBody = 8 << 10
	maxID   = 64
	prefix  = "/approve/"
	stray   = "approval link"
)

// Handle answers one request of a browser. Every answer is a page; none of them says more than
// the holder of the link already knows.
func (f Function) Handle(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	method := request.RequestContext.HTTP.Method
	if method != http.MethodGet && method != http.MethodHead && method != http.MethodPost {
		return render(http.StatusMethodNotAllowed, view{Title: "Not possible", Message: "Open the link in a browser."})
	}
	id, found := strings.CutPrefix(request.RawPath, prefix)
	if !found || id == "" || len(id) > maxID {
		return render(http.StatusNotFound, view{Title: "Nothing here", Message: "Open the link as it stands in your mail."})
	}
	vote, err := f.Votes.VoteOf(ctx, id)
	if fault.Is(err, fault.Invalid) {
		err = f.Votes.CountStray(ctx, stray)
		if err == nil || fault.Is(err, fault.Transient) { // a count that is one short is no reason to fail
			return render(http.StatusNotFound, view{Title: "Unknown link", Message: "This link belongs to no approval. Open it as it stands in your mail."})
		}
	}
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	if method != http.MethodPost {
		return render(http.StatusOK, show(vote, id, f.Clock.Now()))
	}
	return f.post(ctx, vote, id, request)
}

func (f Function) post(ctx context.Context, vote approval.Vote, id string, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	choice, status, wrong := parse(request)
	if wrong == "" {
		choice.Ballot = id
		seen, err := f.Desk.Take(ctx, vote.ID, choice)
		if seen.ID != "" {
			vote = seen
		}
		if status, wrong, err = answer(err, vote.Open(f.Clock.Now())); err != nil {
			return events.LambdaFunctionURLResponse{}, err
		}
	}
	v := show(vote, id, f.Clock.Now())
	v.Reason = choice.Reason
	if wrong != "" {
		v.Alert = wrong
	} else if choice.Kind == approval.PutOff {
		v.Message = "You asked for more time. Everybody who was asked has been told."
	}
	return render(status, v)
}

// answer is the status that a refusal has, and its text: 403 where the right code may still
// follow, 409 where nothing can. An error that is none of the approver's is returned.
func answer(err error, open bool) (status int, text string, fatal error) {
	switch {
	case err == nil:
		return http.StatusOK, "", nil
	case fault.Is(err, fault.Invalid):
		return http.StatusBadRequest, err.Error(), nil
	case fault.Is(err, fault.Denied) && open:
		return http.StatusForbidden, err.Error(), nil
	case fault.Is(err, fault.Denied):
		return http.StatusConflict, err.Error(), nil
	}
	return 0, "", err
}

// parse reads the form of the page, bounded, and says to its user what is wrong with it, or
// nothing.
func parse(request events.LambdaFunctionURLRequest) (approval.Choice, int, string) {
	const unreadable = "The form could not be read. Use the page's own form."
	kind, _, err := mime.ParseMediaType(request.Headers["content-type"])
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return approval.Choice{}, http.StatusUnsupportedMediaType, unreadable
	}
	body := request.Body
	if request.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return approval.Choice{}, http.StatusBadRequest, unreadable
		}
		body = string(decoded)
	}
	if len(body) > maxBody {
		return approval.Choice{}, http.StatusRequestEntityTooLarge, unreadable
	}
	values, err := url.ParseQuery(body)
	if err != nil {
		return approval.Choice{}, http.StatusBadRequest, unreadable
	}
	return approval.Choice{
		Kind: values.Get("decision"), Reason: strings.TrimSpace(values.Get("reason")), PlanDigest: values.Get("plan"),
		Code: strings.TrimSpace(values.Get("code")), Via: approval.ByCode,
	}, http.StatusOK, ""
}
