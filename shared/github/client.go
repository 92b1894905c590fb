package github

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
)

// DefaultURL is GitHub's own API. GitHub Enterprise Server has another: https://HOST/api/v3.
const DefaultURL = "https://api.github.com"

// TokenSetting is where the token is configured, for messages.
const TokenSetting = "PILOTAGE_GITHUB_TOKEN_SECRET_ARN" //nolint:gosec // the name of a setting, and no secret

// Tokens knows the token by which GitHub is told.
type Tokens interface {
	// Token is empty when none is configured.
	Token(ctx context.Context) (string, error)
}

// NoToken is the Tokens of who has none.
type NoToken struct{}

// Token is empty.
func (NoToken) Token(context.Context) (string, error) { return "", nil }

// Access is the way to GitHub's API.
type Access struct {
	Tokens Tokens
	// URL is the API's, such as DefaultURL.
	URL  string
	HTTP *http.Client
}

// Open reads the token. The client is nil when none is configured: nobody listens.
func (a Access) Open(ctx context.Context) (*Client, error) {
	token, err := a.Tokens.Token(ctx)
	if err != nil || token == "" {
		return nil, err
	}
	return &Client{url: strings.TrimRight(a.URL, "/"), http: a.HTTP, token: token}, nil
}

// requestTimeout bounds one request with its answer.
const requestTimeout = 8 * time.Second

// NewHTTPClient is a client with a time limit that follows no redirects: a POST that follows one
// becomes a GET, and the token must not get to another host.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Client tells GitHub what became of commits. Its methods classify their errors: what a setting or
// the token's permissions would change is fault.Invalid and says which; rate limits, GitHub's own
// failures and lost answers are fault.Transient. The token is in none of them. It is safe for
// concurrent use.
//
// See GitHub's "REST API", version 2022-11-28.
type Client struct {
	url   string
	http  *http.Client
	token string
}

const (
	apiVersion = "2022-11-28"
	// maxAnswer is how much of an answer is read: a page of deployments has less than 1 MB.
	maxAnswer = 4 << 20
)

// call is one request.
type call struct {
	// doing is verb and object, permission what a token needs for it: "Deployments".
	doing, permission string
	repository        string
	method, path      string
	// send is the body; nil for none.
	send any
	// read is what the answer is decoded into; nil leaves it.
	read any
}

// problem is an answer that is none: its status, and GitHub's message.
type problem struct {
	status  int
	message string
}

// Error is the status and what GitHub says.
func (p *problem) Error() string {
	return fmt.Sprintf("GitHub answers %d: %s", p.status, cmp.Or(p.message, http.StatusText(p.status)))
}

// do makes a request below the repository.
func (c *Client) do(ctx context.Context, call call) error {
	if !validRepository(call.repository) {
		return fault.New(fault.Invalid, "%s: the repository %.100q is not owner/name; look at repository in pilotage.yaml", call.doing, call.repository)
	}
	var body io.Reader
	if call.send != nil {
		text, err := json.Marshal(call.send)
		if err != nil {
			return fmt.Errorf("%s: encode the request: %w", call.doing, err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, c.url+"/repos/"+call.repository+call.path, body)
	if err != nil {
		return fault.New(fault.Invalid, "%s: make the request: %w", call.doing, err)
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("X-Github-Api-Version", apiVersion)
	request.Header.Set("User-Agent", "pilotage")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fault.New(fault.Transient, "%s: %w", call.doing, err)
	}
	defer func() { _ = response.Body.Close() }()
	return call.take(response)
}

// take reads the answer.
func (c call) take(response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return fault.New(fault.Transient, "%s: read the answer: %w", c.doing, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return c.classify(response, text)
	}
	if c.read == nil {
		return nil
	}
	if len(text) > maxAnswer {
		return fault.New(fault.Internal, "%s: the answer has more than %d bytes", c.doing, maxAnswer)
	}
	if err := json.Unmarshal(text, c.read); err != nil {
		return fault.New(fault.Internal, "%s: decode the answer: %w", c.doing, err)
	}
	return nil
}

// classify makes the error of an answer (REST API, "Troubleshooting" and "Rate limits").
func (c call) classify(response *http.Response, text []byte) error {
	var said struct {
		Message string `json:"message"`
	}
	// Not all that answers is GitHub: a proxy's page has no message.
	_ = json.Unmarshal(text, &said)
	p := &problem{status: response.StatusCode, message: line(said.Message)}
	header := response.Header
	limited := header.Get("X-Ratelimit-Remaining") == "0" || header.Get("Retry-After") != "" || strings.Contains(strings.ToLower(p.message), "rate limit")
	switch status := p.status; {
	case status == http.StatusTooManyRequests || status == http.StatusForbidden && limited:
		return fault.New(fault.Transient, "%s: the limit of requests is reached%s: %w", c.doing, until(header), p)
	case status == http.StatusRequestTimeout || status >= 500:
		return fault.New(fault.Transient, "%s: %w", c.doing, p)
	case status == http.StatusUnauthorized:
		return fault.New(fault.Invalid, "%s: the token is not accepted: it has expired, was revoked or is none; put another into the secret that %s names: %w", c.doing, TokenSetting, p)
	case status == http.StatusForbidden:
		return fault.New(fault.Invalid, "%s: the token may not; give it read and write access to %q of %s, or put another into the secret that %s names: %w", c.doing, c.permission, c.repository, TokenSetting, p)
	case status == http.StatusNotFound:
		return fault.New(fault.Invalid, "%s: GitHub shows it no such thing: look at repository in pilotage.yaml, and whether the token in the secret that %s names was given %s, with read and write access to %q: %w", c.doing, TokenSetting, c.repository, c.permission, p)
	case status >= 300 && status < 400:
		return fault.New(fault.Invalid, "%s: %s was renamed or moved; correct repository in pilotage.yaml: %w", c.doing, c.repository, p)
	}
	return fault.New(fault.Invalid, "%s: %w", c.doing, p)
}

// until says when a limit is over, as the answer has it.
func until(header http.Header) string {
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil {
		return fmt.Sprintf(" for %d s", seconds)
	}
	if seconds, err := strconv.ParseInt(header.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
		return " until " + time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	return ""
}
