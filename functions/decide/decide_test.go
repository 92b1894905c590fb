package decide_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/functions/approve"
	"github.com/pilotage/pilotage/functions/decide"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/ledger"
)

// engine is what waits for decisions.
type engine struct {
	sent []string
	err  error
}

func (e *engine) SendTaskSuccess(_ context.Context, token string, output json.RawMessage) error {
	if e.err == nil {
		e.sent = append(e.sent, "success of "+token+": "+string(output))
	}
	return e.err
}

func (e *engine) SendTaskFailure(_ context.Context, token, class, cause string) error {
	if e.err == nil {
		e.sent = append(e.sent, "failure of "+token+": "+class+": "+cause)
	}
	return e.err
}

// polls is a function with one open ballot of id B, whose code is 1234-5678.
type polls struct {
	*testing.T
	decide.Function
	ledger *ledger.Ledger
	engine *engine
}

func open(t *testing.T, f func(p polls)) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		e := &engine{}
		p := polls{t, decide.Function{Ballots: l, Tokens: e, Clock: clock.System{}, Hash: approve.Hash}, l, e}
		err := l.PutBallot(t.Context(), "B", func(b *ledger.Ballot) error {
			*b = ledger.Ballot{
				ID: "B", Deployment: "d1", Approver: "edsger@example.com", PlanDigest: "sha256:plan", Summary: "What                    <app> 1.1.0",
				CodeHash: approve.Hash("B", "1234-5678"), TaskToken: "token", ExpiresAt: time.Now().Add(time.Hour),
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f(p)
	})
}

func (p polls) ballot() ledger.Ballot {
	p.Helper()
	ballot, err := p.ledger.Ballot(p.Context(), "B")
	if err != nil {
		p.Fatal(err)
	}
	return ballot
}

func (p polls) do(method, path, body string) (events.LambdaFunctionURLResponse, error) {
	request := events.LambdaFunctionURLRequest{RawPath: path, Body: body}
	request.RequestContext.HTTP.Method = method
	return p.Handle(p.Context(), request)
}

func (p polls) answers(method, path, body string, status int, text string) {
	p.Helper()
	response, err := p.do(method, path, body)
	if err != nil || response.StatusCode != status || !strings.Contains(response.Body, text) {
		p.Errorf("%s %s %q: got %d and error %v, want %d with %q in\n%s", method, path, body, response.StatusCode, err, status, text, response.Body)
	}
}

const yes = "code=1234-5678&decision=approve"

func TestLookingChangesNothing(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		open(t, func(p polls) {
			before := p.ballot()
			response, err := p.do(method, "/approve/B", yes)
			want := http.StatusOK
			if method == http.MethodPut || method == http.MethodDelete {
				want = http.StatusMethodNotAllowed
			}
			if err != nil || response.StatusCode != want {
				p.Errorf("%s: got %d and error %v, want %d", method, response.StatusCode, err, want)
			}
			if got := p.ballot(); !reflect.DeepEqual(got, before) || len(p.engine.sent) > 0 {
				p.Errorf("%s: the ballot is %+v, and %v was sent", method, got, p.engine.sent)
			}
		})
	}
}

func TestPageEscapesAndLocksItselfDown(t *testing.T) {
	open(t, func(p polls) {
		response, err := p.do(http.MethodGet, "/approve/B", "")
		if err != nil || !strings.Contains(response.Body, "&lt;app&gt; 1.1.0") {
			p.Errorf("got error %v and\n%s", err, response.Body)
		}
		if strings.Contains(response.Body, "token") || strings.Contains(response.Body, "1234-5678") {
			p.Error("the page tells the token or the code")
		}
		for header, want := range map[string]string{"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if got := response.Headers[header]; got != want {
				p.Errorf("%s: got %q, want %q", header, got, want)
			}
		}
	})
}

func TestDecides(t *testing.T) {
	for name, test := range map[string]struct {
		body   string
		status int
		text   string
		sent   string
	}{
		"approves":            {yes, 200, "decided to approve", `success of token: {"by":"edsger@example.com","at":"2000-01-01T00:00:00Z","planDigest":"sha256:plan"}`},
		"rejects":             {"code=1234-5678&decision=reject&reason=not+today", 200, "not today", "failure of token: Pilotage.Rejected: edsger@example.com rejected it: not today"},
		"rejects, no reason":  {"code=1234-5678&decision=reject", 400, "Say why you reject it.", ""},
		"decides nothing":     {"code=1234-5678", 400, "Choose to approve or to reject.", ""},
		"a reason too long":   {yes + "&reason=" + strings.Repeat("x", 501), 400, "longer than 500", ""},
		"a form too large":    {yes + "&pad=" + strings.Repeat("x", 9000), 400, "could not be read", ""},
		"a form that is none": {"%zz", 400, "could not be read", ""},
		"a wrong code":        {"code=0000-0000&decision=approve", 403, "4 tries are left", ""},
		"no code":             {"decision=approve", 403, "4 tries are left", ""},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, func(p polls) {
				p.answers(http.MethodPost, "/approve/B", test.body, test.status, test.text)
				if got := strings.Join(p.engine.sent, "\n"); got != test.sent {
					p.Errorf("got %q sent, want %q", got, test.sent)
				}
			})
		})
	}
}

func TestFormMayBeBase64(t *testing.T) {
	open(t, func(p polls) {
		request := events.LambdaFunctionURLRequest{RawPath: "/approve/B", Body: base64.StdEncoding.EncodeToString([]byte(yes)), IsBase64Encoded: true}
		request.RequestContext.HTTP.Method = http.MethodPost
		response, err := p.Handle(p.Context(), request)
		if err != nil || response.StatusCode != 200 {
			p.Errorf("got %d and error %v, want 200", response.StatusCode, err)
		}
	})
}

func TestFiveWrongCodesVoidTheBallot(t *testing.T) {
	open(t, func(p polls) {
		for left := 4; left > 0; left-- {
			p.answers(http.MethodPost, "/approve/B", "code=0&decision=approve", 403, fmt.Sprintf("%d tries are left", left))
		}
		p.answers(http.MethodPost, "/approve/B", "code=0&decision=approve", 403, "this ballot is void")
		p.answers(http.MethodPost, "/approve/B", yes, 409, "this ballot is void")
		if len(p.engine.sent) > 0 {
			p.Errorf("%v was sent", p.engine.sent)
		}
	})
}

func TestDecisionIsGoodOnce(t *testing.T) {
	open(t, func(p polls) {
		p.answers(http.MethodPost, "/approve/B", yes, 200, "decided to approve")
		p.answers(http.MethodPost, "/approve/B", yes, 409, "decided to approve")
		p.answers(http.MethodPost, "/approve/B", "code=1234-5678&decision=reject&reason=no", 409, "decided to approve")
		p.answers(http.MethodGet, "/approve/B", "", 200, "decided to approve")
		if len(p.engine.sent) != 1 {
			p.Errorf("%v was sent, want one decision", p.engine.sent)
		}
	})
}

func TestExpiredBallotDecidesNothing(t *testing.T) {
	open(t, func(p polls) {
		time.Sleep(time.Hour)
		p.answers(http.MethodPost, "/approve/B", yes, 409, "Expired")
		p.answers(http.MethodGet, "/approve/B", "", 200, "Expired")
	})
}

func TestUnknownLinksSayNothing(t *testing.T) {
	open(t, func(p polls) {
		for path, text := range map[string]string{
			"/approve/C": "Unknown link", "/approve/": "Nothing here", "/": "Nothing here", "/approve/" + strings.Repeat("x", 65): "Nothing here",
		} {
			p.answers(http.MethodGet, path, "", 404, text)
			p.answers(http.MethodPost, path, yes, 404, text)
		}
	})
}

func TestDecidedByAnotherComesTooLate(t *testing.T) {
	open(t, func(p polls) {
		p.engine.err = fmt.Errorf("send: %w", decide.ErrNotWaiting)
		p.answers(http.MethodPost, "/approve/B", yes, 409, "no longer waits for this decision")
	})
}

func TestDecisionThatNeverReachedTheExecutionIsRepeated(t *testing.T) {
	open(t, func(p polls) {
		p.engine.err = errors.New("throttled")
		if _, err := p.do(http.MethodPost, "/approve/B", yes); err == nil {
			p.Error("got no error, want the engine's")
		}
		p.engine.err = nil
		p.answers(http.MethodPost, "/approve/B", "code=1234-5678&decision=reject&reason=no", 409, "decided to approve")
		p.answers(http.MethodPost, "/approve/B", yes, 200, "decided to approve")
		if len(p.engine.sent) != 1 {
			p.Errorf("%v was sent, want one decision", p.engine.sent)
		}
	})
}
