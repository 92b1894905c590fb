package load

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// Safety bounds: what New refuses to exceed.
const (
	// MaxRate is in requests per second.
	MaxRate = 5000
	// MaxDuration is the longest run.
	MaxDuration = 4 * time.Hour
	// MaxConcurrency is the most requests in flight.
	MaxConcurrency = 4096
)

// Config is what to send, where and how fast. URL and Rate are required.
type Config struct {
	// URL is http, and its host a loopback address or localhost. The paths of Requests are
	// appended to its own.
	URL string
	// Rate is requests per second, above 0, at most MaxRate.
	Rate float64
	// Requests is the mix to choose from; when empty, GET /.
	Requests []Request
	// Duration is the longest run, at most MaxDuration; 10 min when 0.
	Duration time.Duration
	// Timeout is the longest that an answer may take, its body included; 5 s when 0.
	Timeout time.Duration
	// Concurrency is the most requests in flight; one that is due beyond it is not sent but
	// counted as skipped. 512 when 0, at most MaxConcurrency.
	Concurrency int
	// ReleaseHeader is the header of an answer that names the release; X-Release when empty.
	ReleaseHeader string
	// Seed makes the order of the mix repeatable.
	Seed uint64
	// Clock paces and times the requests; nil means the system's.
	Clock clock.Clock
	// Observe, when given, is called with each result, concurrently. It must return quickly.
	Observe func(Result)
}

// Request is one kind of request in the mix.
type Request struct {
	// Method is GET when empty.
	Method string
	// Path begins with a slash and may have a query.
	Path string
	// Body is sent as it is, none when empty.
	Body []byte
	// Header is sent as it is.
	Header http.Header
	// Weight is its part of the mix, relative to the sum of all; 1 when 0.
	Weight int
}

func (c Config) withDefaults() Config {
	if len(c.Requests) == 0 {
		c.Requests = []Request{{Path: "/"}}
	}
	if c.Duration == 0 {
		c.Duration = 10 * time.Minute
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Concurrency == 0 {
		c.Concurrency = 512
	}
	if c.ReleaseHeader == "" {
		c.ReleaseHeader = "X-Release"
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	return c
}

func (c Config) check() (*url.URL, error) {
	switch {
	case !(c.Rate > 0 && c.Rate <= MaxRate): // so that NaN is refused too
		return nil, fmt.Errorf("rate %g a second is outside 0 to %d", c.Rate, MaxRate)
	case c.Duration < 0 || c.Duration > MaxDuration:
		return nil, fmt.Errorf("duration %s is outside 0 to %s", c.Duration, MaxDuration)
	case c.Timeout < 0 || c.Timeout > time.Minute:
		return nil, fmt.Errorf("timeout %s is outside 0 to %s", c.Timeout, time.Minute)
	case c.Concurrency < 1 || c.Concurrency > MaxConcurrency:
		return nil, fmt.Errorf("concurrency %d is outside 1 to %d", c.Concurrency, MaxConcurrency)
	}
	base, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	if base.Scheme != "http" {
		return nil, fmt.Errorf("scheme %q is not http", base.Scheme)
	}
	if host := base.Hostname(); !loopback(host) {
		return nil, fmt.Errorf("host %q is not loopback; load is sent to this machine only", host)
	}
	return base, c.checkRequests(base)
}

func (c Config) checkRequests(base *url.URL) error {
	for i, r := range c.Requests {
		if r.Weight < 0 {
			return fmt.Errorf("weight %d of request %d is negative", r.Weight, i+1)
		}
		if r.Path == "" || r.Path[0] != '/' {
			return fmt.Errorf("path %q of request %d does not begin with a slash", r.Path, i+1)
		}
		if _, err := http.NewRequest(r.Method, base.String()+r.Path, nil); err != nil {
			return fmt.Errorf("request %d: %w", i+1, err)
		}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// errNotLoopback is for a localhost that a resolver takes elsewhere.
func errNotLoopback(address string) error {
	return errors.New("address " + address + " is not loopback")
}
