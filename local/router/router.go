// Package router is a weighted HTTP router with the semantics of an Elastic Load Balancing v2
// application load balancer, listening on loopback: rules with priorities, conditions and
// weighted forwards, target groups with health checks and deregistration draining, and counters
// by second.
//
// It follows ELB in what a deployment depends on. A target group without registered targets
// answers 503. One whose targets are all unhealthy fails open: requests go to all of them. An
// empty or unhealthy group does not fail over to another group of the same forward. A target must
// pass one check to become healthy, and is "unused", unchecked, while no rule forwards to its
// group. Nothing is retried: a connection that is refused, or ends without an answer, is a 502.
//
// It differs from ELB where a machine of one's own allows: health check intervals may be shorter
// than 5 s; a target has left as soon as its last request has ended instead of being shown as
// draining for the whole delay; requests are spread by a sequence instead of at random (see
// Config.Rand); X-Amzn-Trace-Id is not added; upgrades (WebSocket) are not passed on. What ELB
// does when all weights are 0 is not documented; this router answers 503.
package router

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// Config is how a router is set up. Only Address is required.
type Config struct {
	// Address is the loopback host and port to listen on; port 0 takes a free one.
	Address string
	// ApplyDelay is how long after its acceptance a rule change takes effect on requests; 0 means
	// at once. AWS: "rule updates do not take effect immediately".
	ApplyDelay time.Duration
	// Clock times everything but network timeouts; nil means the system's.
	Clock clock.Clock
	// Rand, when given, chooses groups at random, as ELB does: it returns numbers from 0 up to,
	// but not including, 1 and is called concurrently. When nil, the choice follows a sequence
	// that keeps each share exact within a few requests and is in step with no client.
	Rand func() float64
	// AnswerTimeout bounds the wait for a target's response header, after which the answer is
	// 504; 0 means ELB's idle timeout, 60 s.
	AnswerTimeout time.Duration
	// CloseWithin bounds how long Close waits for requests in flight; 0 means 5 s.
	CloseWithin time.Duration
	// Log receives what the HTTP server has to say about broken clients; nil drops it.
	Log *slog.Logger
}

// Router is one listener with its rules and target groups. Make it with New. All methods are safe
// for concurrent use.
type Router struct {
	config Config
	clock  clock.Clock
	plane  plane
	unsent *ring // requests that went to no group: fixed responses, all weights zero
	server *http.Server
	buffer sync.Pool

	life   context.Context // ends at Close; bounds health checks and drains
	end    context.CancelFunc
	work   sync.WaitGroup
	closed chan struct{}
	detach func() bool // undoes the tie to Start's ctx

	mu        sync.Mutex
	phase     phase
	address   net.Addr
	port      string
	delay     time.Duration
	rules     map[string]Rule
	sequences map[string]*sequence
	groups    map[string]*group
}

type phase int

const (
	phaseNew phase = iota
	phaseServing
	phaseClosed
)

// New makes a router with nothing but its default rule, which answers 503. Rules and target
// groups may be set up before Start. It does no I/O.
func New(config Config) *Router {
	if config.Clock == nil {
		config.Clock = clock.System{}
	}
	if config.AnswerTimeout == 0 {
		config.AnswerTimeout = 60 * time.Second
	}
	if config.CloseWithin == 0 {
		config.CloseWithin = 5 * time.Second
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	r := &Router{
		config: config, clock: config.Clock, delay: config.ApplyDelay,
		unsent: newRing(), closed: make(chan struct{}),
		sequences: map[string]*sequence{}, groups: map[string]*group{},
	}
	r.buffer.New = func() any { return new([bufferSize]byte) }
	r.life, r.end = context.WithCancel(context.Background())
	unset := Respond(http.StatusServiceUnavailable, "text/plain", "no default action is set")
	r.rules = map[string]Rule{DefaultRule: {ID: DefaultRule, Action: unset}}
	now := r.clock.Now()
	r.publishFrom(now, now)
	return r
}

// SetApplyDelay changes the delay of the rule changes that follow; those already accepted keep
// their time. A fault test uses it to make the control plane run ahead of the data plane.
func (r *Router) SetApplyDelay(delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay = delay
}

// publish puts the accepted rules into effect after the delay. Callers hold r.mu.
func (r *Router) publish() {
	now := r.clock.Now()
	r.publishFrom(now, now.Add(r.delay))
}

func (r *Router) publishFrom(now, from time.Time) {
	next := &table{}
	for _, rule := range r.ordered() {
		next.routes = append(next.routes, r.compile(rule))
	}
	r.plane.publish(next, from, now)
	r.markUsed()
}

// sequenceOf keeps a rule's sequence going over its modifications.
func (r *Router) sequenceOf(id string) *sequence {
	if r.sequences[id] == nil {
		r.sequences[id] = &sequence{}
	}
	return r.sequences[id]
}
