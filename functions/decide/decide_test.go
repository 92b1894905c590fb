package decide_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/functions/decide"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/decision"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
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

func (e *engine) Send(_ context.Context, message notify.Message) error {
	e.sent = append(e.sent, "mail to "+message.To+": "+message.Subject)
	return nil
}

// polls is a function with one open vote of one ballot of id B, whose code is 1234-5678.
type polls struct {
	*testing.T
	decide.Function
	ledger *ledger.Ledger
	engine *engine
}

const digest = "sha256:plan"

func open(t *testing.T, f func(p polls)) { openVote(t, func(*approval.Vote) {}, f) }

func openVote(t *testing.T, change func(*approval.Vote), f func(p polls)) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		e := &engine{}
		desk := decision.Desk{Clerk: decision.Clerk{Votes: l, Tokens: e, Clock: clock.System{}}, Notifier: notify.Notifier{Sender: e, Marks: l}}
		p := polls{t, decide.Function{Votes: l, Desk: desk, Clock: clock.System{}}, l, e}
		err := l.PutVote(t.Context(), "d1#"+digest, func(v *approval.Vote) error {
			*v = approval.Vote{
				ID: "d1#" + digest, Deployment: "d1", PlanDigest: digest, Headline: "app 1.1.0 to production", Summary: "What           <app> 1.1.0",
				RequestedBy: "ada@example.com", Quorum: 1, TaskToken: "token", OpenedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), DelayBy: time.Hour,
				Ballots: []approval.Ballot{{ID: "B", Approver: "edsger@example.com", CodeHash: approval.Hash("B", "1234-5678")}},
			}
			change(v)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.IndexBallot(t.Context(), "B", "d1#"+digest); err != nil {
			t.Fatal(err)
		}
		f(p)
	})
}

func (p polls) vote() approval.Vote {
	p.Helper()
	vote, err := p.ledger.VoteOf(p.Context(), "B")
	if err != nil {
		p.Fatal(err)
	}
	return vote
}

func (p polls) do(method, path, body string) (events.LambdaFunctionURLResponse, error) {
	request := events.LambdaFunctionURLRequest{RawPath: path, Body: body, Headers: map[string]string{"content-type": "application/x-www-form-urlencoded"}}
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

const (
	plan = "&plan=sha256:plan"
	yes  = "code=1234-5678&decision=approve" + plan
)

func TestLookingChangesNothing(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		open(t, func(p polls) {
			before := p.vote()
			response, err := p.do(method, "/approve/B", yes)
			want := http.StatusOK
			if method == http.MethodPut || method == http.MethodDelete {
				want = http.StatusMethodNotAllowed
			}
			if err != nil || response.StatusCode != want {
				p.Errorf("%s: got %d and error %v, want %d", method, response.StatusCode, err, want)
			}
			if got := p.vote(); !reflect.DeepEqual(got, before) || len(p.engine.sent) > 0 {
				p.Errorf("%s: the vote is %+v, and %v was sent", method, got, p.engine.sent)
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
		"approves": {yes, 200, "Approved by edsger@example.com", `success of token: {"by":"edsger@example.com","at":"2000-01-01T00:00:00Z","planDigest":"sha256:plan",` +
			`"needed":"1 of 1","voices":[{"by":"edsger@example.com","kind":"approve","at":"2000-01-01T00:00:00Z","via":"code"}]}`},
		"approves, the code typed without its hyphen": {"code=+12345678+&decision=approve" + plan, 200, "Approved", "success"},
		"rejects":                     {"code=1234-5678&decision=reject&reason=not+today" + plan, 200, "not today", "failure of token: Pilotage.Rejected: rejected by edsger@example.com at 2000-01-01 00:00:00 UTC: not today"},
		"asks for more time":          {"code=1234-5678&decision=delay&reason=in+a+train" + plan, 200, "You asked for more time", "mail to edsger@example.com: [pilotage] app 1.1.0 to production: more time to decide"},
		"asks for more time, no code": {"decision=delay&reason=in+a+train" + plan, 403, "has eight digits", ""},
		"rejects, no reason":          {"code=1234-5678&decision=reject" + plan, 400, "Say why, in a few words.", ""},
		"decides nothing":             {"code=1234-5678" + plan, 400, "Choose to approve, to reject or to ask for more time.", ""},
		"expires it":                  {"code=1234-5678&decision=expire&reason=x" + plan, 400, "Choose to approve", ""},
		"a reason too long":           {yes + "&reason=" + strings.Repeat("x", 501), 400, "longer than 500", ""},
		"a form too large":            {yes + "&pad=" + strings.Repeat("x", 9000), 413, "could not be read", ""},
		"a form that is none":         {"%zz", 400, "could not be read", ""},
		"a wrong code":                {"code=0000-0000&decision=approve" + plan, 403, "4 tries are left", ""},
		"no code":                     {"decision=approve" + plan, 403, "has eight digits", ""},
		"another plan":                {"code=1234-5678&decision=approve&plan=sha256:other", 403, "about another plan", ""},
		"no plan":                     {"code=1234-5678&decision=approve", 403, "about another plan", ""},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, func(p polls) {
				p.answers(http.MethodPost, "/approve/B", test.body, test.status, test.text)
				got := strings.Join(p.engine.sent, "\n")
				if !strings.HasPrefix(got, test.sent) || test.sent == "" && got != "" {
					p.Errorf("got %q sent, want %q", got, test.sent)
				}
			})
		})
	}
}

// TestWhatIsRefusedIsRemembered: a year later the record says who tried what.
func TestWhatIsRefusedIsRemembered(t *testing.T) {
	open(t, func(p polls) {
		for _, body := range []string{
			"code=0000-0000&decision=approve" + plan, "code=1234-5678&decision=approve&plan=sha256:other", yes, yes, "code=1234-5678&decision=reject&reason=no" + plan,
		} {
			if _, err := p.do(http.MethodPost, "/approve/B", body); err != nil {
				p.Fatal(err)
			}
		}
		var got []string
		for _, one := range p.vote().Refused {
			got = append(got, one.By+" "+one.What)
		}
		want := []string{
			"edsger@example.com wrong code",
			"edsger@example.com approve: This decision is about another plan than the one of this link. Open the link again and read the plan.",
			"edsger@example.com approve: You decided already, to approve, at 2000-01-01 00:00:00 UTC.",
			"edsger@example.com reject: You decided already, to approve, at 2000-01-01 00:00:00 UTC.",
		}
		if !slices.Equal(got, want) {
			p.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestAnotherContentTypeIsRefused(t *testing.T) {
	open(t, func(p polls) {
		for _, kind := range []string{"", "application/json", "multipart/form-data; boundary=x", "text/plain"} {
			request := events.LambdaFunctionURLRequest{RawPath: "/approve/B", Body: yes, Headers: map[string]string{"content-type": kind}}
			request.RequestContext.HTTP.Method = http.MethodPost
			response, err := p.Handle(p.Context(), request)
			if err != nil || response.StatusCode != http.StatusUnsupportedMediaType {
				p.Errorf("%q: got %d and error %v, want 415", kind, response.StatusCode, err)
			}
		}
		if len(p.engine.sent) > 0 {
			p.Errorf("%v was sent", p.engine.sent)
		}
	})
}

func TestFormMayBeBase64(t *testing.T) {
	open(t, func(p polls) {
		request := events.LambdaFunctionURLRequest{RawPath: "/approve/B", Body: base64.StdEncoding.EncodeToString([]byte(yes)), IsBase64Encoded: true, Headers: map[string]string{"content-type": "application/x-www-form-urlencoded"}}
		request.RequestContext.HTTP.Method = http.MethodPost
		response, err := p.Handle(p.Context(), request)
		if err != nil || response.StatusCode != 200 {
			p.Errorf("got %d and error %v, want 200", response.StatusCode, err)
		}
	})
}

func TestFiveWrongCodesVoidTheBallot(t *testing.T) {
	other := func(v *approval.Vote) {
		v.Ballots = append(v.Ballots, approval.Ballot{ID: "C", Approver: "barbara@example.com", CodeHash: approval.Hash("C", "1")})
	}
	openVote(t, other, func(p polls) {
		for left := 4; left > 1; left-- {
			p.answers(http.MethodPost, "/approve/B", "code=0000-0000&decision=approve"+plan, 403, fmt.Sprintf("%d tries are left", left))
		}
		p.answers(http.MethodPost, "/approve/B", "code=0000-0000&decision=approve"+plan, 403, "1 try is left")
		p.answers(http.MethodPost, "/approve/B", "code=0000-0000&decision=approve"+plan, 403, "this ballot is void")
		p.answers(http.MethodPost, "/approve/B", yes, 403, "this ballot is void")
		p.answers(http.MethodGet, "/approve/B", "", 200, "The others can still decide.")
		if len(p.engine.sent) > 0 {
			p.Errorf("%v was sent", p.engine.sent)
		}
	})
}

// TestVoteThatNobodyCanWinAnyMoreIsOver: the execution does not wait for the end of the time.
func TestVoteThatNobodyCanWinAnyMoreIsOver(t *testing.T) {
	open(t, func(p polls) {
		for range 4 {
			p.answers(http.MethodPost, "/approve/B", "code=0000-0000&decision=approve"+plan, 403, "left")
		}
		p.answers(http.MethodPost, "/approve/B", "code=0000-0000&decision=approve"+plan, 409, "this ballot is void")
		if got := strings.Join(p.engine.sent, ""); !strings.Contains(got, "failure of token: Pilotage.Rejected: rejected at 2000-01-01 00:00:00 UTC, because so many ballots are void") {
			p.Errorf("got %q sent", got)
		}
	})
}

func TestDecisionIsGoodOnce(t *testing.T) {
	open(t, func(p polls) {
		p.answers(http.MethodPost, "/approve/B", yes, 200, "Approved by")
		p.answers(http.MethodPost, "/approve/B", yes, 409, "You decided already, to approve")
		p.answers(http.MethodPost, "/approve/B", "code=1234-5678&decision=reject&reason=no"+plan, 409, "You decided already, to approve")
		p.answers(http.MethodGet, "/approve/B", "", 200, "Approved by")
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

func TestWithdrawnVoteSaysWhy(t *testing.T) {
	open(t, func(p polls) {
		clerk := decision.Clerk{Votes: p.ledger, Tokens: p.engine, Clock: clock.System{}}
		if err := clerk.Withdraw(p.Context(), "d1", "", "superseded by deployment d2"); err != nil {
			p.Fatal(err)
		}
		p.answers(http.MethodGet, "/approve/B", "", 200, "superseded by deployment d2")
		p.answers(http.MethodPost, "/approve/B", yes, 409, "superseded by deployment d2")
		if got := strings.Join(p.engine.sent, ""); got != "failure of token: Pilotage.Locked: superseded by deployment d2" {
			p.Errorf("got %q sent", got)
		}
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

// TestUnknownLinksAreCounted: there is no vote to remember them in.
func TestUnknownLinksAreCounted(t *testing.T) {
	open(t, func(p polls) {
		for range 3 {
			p.answers(http.MethodPost, "/approve/C", yes, 404, "Unknown link")
		}
		strays, err := p.ledger.Strays(p.Context(), "approval link", "2000-01-01")
		if err != nil || strays.Count != 3 {
			p.Errorf("got %+v and error %v, want 3", strays, err)
		}
	})
}

// TestDecisionWhileNobodyWaitsIsKept: between two waits the execution looks at the vote itself.
func TestDecisionWhileNobodyWaitsIsKept(t *testing.T) {
	open(t, func(p polls) {
		p.engine.err = fmt.Errorf("send: %w", decision.ErrNotWaiting)
		p.answers(http.MethodPost, "/approve/B", yes, 200, "Approved by")
		if v := p.vote(); v.Outcome.Kind != approval.Approve || v.Outcome.Delivered {
			p.Errorf("got outcome %+v, want an approval that was not delivered", v.Outcome)
		}
	})
}

func TestDecisionThatNeverReachedTheExecutionIsRepeated(t *testing.T) {
	open(t, func(p polls) {
		p.engine.err = errors.New("throttled")
		if _, err := p.do(http.MethodPost, "/approve/B", yes); err == nil {
			p.Error("got no error, want the engine's")
		}
		p.engine.err = nil
		p.answers(http.MethodPost, "/approve/B", "code=1234-5678&decision=reject&reason=no"+plan, 409, "You decided already, to approve")
		p.answers(http.MethodPost, "/approve/B", yes, 409, "You decided already")
		if len(p.engine.sent) != 1 {
			p.Errorf("%v was sent, want one decision", p.engine.sent)
		}
	})
}
