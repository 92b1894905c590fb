package traffic

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// HTTPCaller makes calls over HTTP to where users reach the service.
type HTTPCaller struct {
	// Client makes the requests; it must not follow redirects on its own, nor reuse
	// connections for longer than a weight may stand.
	Client *http.Client
	// URL is where users reach a scope, without a slash at the end.
	URL func(ctx context.Context, scope deploy.Scope) (string, error)
}

// NewHTTPClient is a client for HTTPCaller: ten seconds for a call, redirects shown as they
// are.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// maxBody is how much of an answer is read.
const maxBody = 64 << 10

// Call makes one request. No answer is fault.Transient; any answer is a result.
func (c HTTPCaller) Call(ctx context.Context, scope deploy.Scope, call Call) (Answer, error) {
	base, err := c.URL(ctx, scope)
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, base+call.Path, strings.NewReader(call.Body))
	if err != nil {
		return Answer{}, fault.New(fault.Invalid, "make request %s %s: %w", call.Method, call.Path, err)
	}
	if call.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.Slot != "" {
		request.Header.Set(HeaderSlot, string(call.Slot))
	}
	if call.Probe != "" {
		request.Header.Set(HeaderProbe, call.Probe)
	}
	response, err := c.Client.Do(request)
	if err != nil {
		return Answer{}, fault.New(fault.Transient, "call %s %s of %s: %w", call.Method, call.Path, scope, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Answer{}, fault.New(fault.Transient, "read the answer to %s %s of %s: %w", call.Method, call.Path, scope, err)
	}
	return Answer{Status: response.StatusCode, Release: response.Header.Get(HeaderRelease), Body: string(body)}, nil
}

// String is the call for messages.
func (c Call) String() string { return fmt.Sprintf("%s %s", c.Method, c.Path) }
