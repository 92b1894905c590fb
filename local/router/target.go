package router

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// connectTimeout is how long ELB waits for a target to accept a connection.
const connectTimeout = 10 * time.Second

// idlePerTarget bounds the kept-alive connections to a target; beyond it they are closed after
// their request.
const idlePerTarget = 256

// target is one registration of a host and port. A target that leaves and comes back is a new one.
type target struct {
	url       string
	host      string
	transport *http.Transport
	upstream  upstream
	conns     connections
	health    atomic.Pointer[TargetHealth]
	inflight  atomic.Int64
	leaving   atomic.Bool
	cut       atomic.Bool
	gone      context.Context // ends when the last request of a leaving target has ended
	leave     context.CancelFunc
	stop      context.CancelFunc // ends the health checks; nil while none run; guarded by Router.mu
}

// RegisterTarget adds a target, given as "127.0.0.1:9001" or "http://127.0.0.1:9001", to a group.
// It receives requests once it has passed a health check, or at once when no target of the group
// is healthy. Errors wrap TargetGroupNotFound or InvalidTarget. Repeating it is safe. A target
// that is still draining is registered anew, while its old requests go on draining.
func (r *Router) RegisterTarget(groupName, address string) error {
	location, err := parseTarget(address)
	if err != nil {
		return fmt.Errorf("register target %q with group %q: %w", address, groupName, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[groupName]
	if !ok {
		return fmt.Errorf("register target %q with group %q: %w", address, groupName, TargetGroupNotFound)
	}
	live := *g.live.Load()
	if slices.ContainsFunc(live, func(t *target) bool { return t.url == location.String() }) {
		return nil
	}
	t := r.newTarget(location)
	extended := append(slices.Clone(live), t)
	g.live.Store(&extended)
	r.superviseTarget(g, t)
	return nil
}

// Targets lists the URLs registered with a group, in order of registration, draining ones not
// among them; nil for a group that does not exist.
func (r *Router) Targets(groupName string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.groups[groupName]
	if !ok {
		return nil
	}
	var urls []string
	for _, t := range *g.live.Load() {
		urls = append(urls, t.url)
	}
	return urls
}

// parseTarget reads an address of a target and brings it into the one form used as its name.
func parseTarget(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	location, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", InvalidTarget, err)
	}
	switch {
	case location.Scheme != "http" || location.Port() == "" || strings.Trim(location.Path, "/") != "" ||
		location.RawQuery != "" || location.User != nil:
		return nil, fmt.Errorf("%w: a target is http://host:port", InvalidTarget)
	case !loopback(location.Hostname()):
		return nil, fmt.Errorf("%w: only loopback targets are allowed", InvalidTarget)
	}
	return &url.URL{Scheme: location.Scheme, Host: location.Host}, nil
}

func (r *Router) newTarget(location *url.URL) *target {
	t := &target{url: location.String(), host: location.Host}
	dialer := &net.Dialer{Timeout: connectTimeout}
	dial := t.conns.dial(dialer)
	t.upstream = upstream{dial: dial, host: location.Host, within: r.config.AnswerTimeout}
	t.transport = &http.Transport{
		DialContext:           dial,
		DisableCompression:    true,
		MaxIdleConns:          idlePerTarget,
		MaxIdleConnsPerHost:   idlePerTarget,
		IdleConnTimeout:       keepAlive,
		ResponseHeaderTimeout: r.config.AnswerTimeout,
	}
	t.gone, t.leave = context.WithCancel(r.life)
	t.health.Store(&TargetHealth{Target: t.url, State: Unused, Reason: ReasonNotInUse})
	return t
}

func (t *target) healthy() bool { return t.health.Load().State == Healthy }

// acquire takes the target for one request, unless it is leaving. The order of the two steps, and
// of those in Deregister, makes sure that either the request sees that the target leaves, or the
// drain sees the request.
func (t *target) acquire() bool {
	t.inflight.Add(1)
	if t.leaving.Load() {
		t.release()
		return false
	}
	return true
}

func (t *target) release() {
	if t.inflight.Add(-1) == 0 && t.leaving.Load() {
		t.leave()
	}
}

// cutOff closes all connections, whatever they carry.
func (t *target) cutOff() {
	t.transport.CloseIdleConnections()
	t.upstream.close()
	t.conns.close()
	t.leave()
}
