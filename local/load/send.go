package load

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Class is why a request got no complete answer.
type Class string

// The classes of error.
const (
	// None: the answer was complete, whatever its status.
	None Class = ""
	// Refused: nobody listens at the address.
	Refused Class = "refused"
	// Reset: the connection broke before the answer was complete.
	Reset Class = "reset"
	// Timeout: the answer was not complete within Config.Timeout.
	Timeout Class = "timeout"
	// Other: anything else.
	Other Class = "other"
)

// Result is one request as its user saw it.
type Result struct {
	// Due is when the schedule wanted it sent, At when it was.
	Due, At time.Time
	// Latency is from At to the last byte of the answer, or to the error.
	Latency time.Duration
	Method  string
	Path    string
	// Status is 0 when no header of an answer came.
	Status int
	// Release is what the answer's release header said, "" without one.
	Release string
	Class   Class
	// Err is absent when Class is None.
	Err error
}

// Failed reports a complete answer with a 5xx status.
func (r Result) Failed() bool { return r.Class == None && r.Status >= 500 }

// Lost reports that no complete answer came.
func (r Result) Lost() bool { return r.Class != None }

func newTransport(c Config) *http.Transport {
	dialer := &net.Dialer{Timeout: c.Timeout, Control: onlyLoopback}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		DisableCompression:  true,
		MaxIdleConns:        c.Concurrency,
		MaxIdleConnsPerHost: c.Concurrency,
		IdleConnTimeout:     30 * time.Second,
	}
}

// onlyLoopback looks at the address after it was resolved, so localhost cannot lead elsewhere.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errNotLoopback(address)
	}
	return nil
}

// send makes one request and reads its answer to the end.
func (g *Generator) send(ctx context.Context, r Request, due time.Time) Result {
	ctx, cancel := context.WithTimeout(ctx, g.config.Timeout)
	defer cancel()
	result := Result{Due: due, At: g.clock.Now(), Method: r.Method, Path: r.Path}
	if result.Method == "" {
		result.Method = http.MethodGet
	}
	result.Status, result.Release, result.Err = g.exchange(ctx, r)
	result.Latency = g.clock.Now().Sub(result.At)
	result.Class = classify(result.Err)
	return result
}

func (g *Generator) exchange(ctx context.Context, r Request) (status int, release string, err error) {
	var body io.Reader
	if len(r.Body) > 0 {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, g.base.String()+r.Path, body)
	if err != nil {
		return 0, "", err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	res, err := g.transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get(g.config.ReleaseHeader), err
}

func classify(err error) Class {
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return None
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Reset
	}
	return Other
}
