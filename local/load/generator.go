// Package load sends HTTP requests at a constant rate, as the users of a demonstration do, and
// reports what they saw, by second and by the release that answered.
//
// It is an open loop: requests leave by schedule, whether or not earlier ones were answered, so a
// slow service meets the same traffic as a fast one and its slowness shows. As a browser does, and
// through the same net/http, it sends a GET once more when a kept-alive connection ends without a
// byte of an answer; the router, which answers 502 then, leaves it no occasion. It is no tool for
// attacking anything: it refuses any host that is not loopback, any rate above MaxRate and any
// duration above MaxDuration.
package load

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
)

// Generator sends one run of requests. Make it with New. Its methods are safe for concurrent use.
type Generator struct {
	config    Config
	clock     clock.Clock
	base      *url.URL
	mix       *mix
	transport *http.Transport
	slots     chan struct{} // one taken by each request in flight
	tally     *tally

	mu      sync.Mutex
	started bool
}

// ErrStarted is what Run returns the second time.
const ErrStarted = generatorError("the generator has run already; make another")

type generatorError string

// Error is the text.
func (e generatorError) Error() string { return string(e) }

// New checks the configuration, fills in its defaults and makes a generator. It does no I/O. Its
// error says which value is refused, and why.
func New(config Config) (*Generator, error) {
	config = config.withDefaults()
	base, err := config.check()
	if err != nil {
		return nil, fmt.Errorf("set up load on %q: %w", config.URL, err)
	}
	return &Generator{
		config: config, clock: config.Clock, base: base,
		mix:       newMix(config.Requests, config.Seed),
		transport: newTransport(config),
		slots:     make(chan struct{}, config.Concurrency),
		tally:     newTally(config.Clock.Now),
	}, nil
}

// Run sends requests until ctx ends or Config.Duration has passed, whichever is first, then waits
// until those in flight are answered, which Config.Timeout bounds, and returns nil. It runs once;
// after that it returns ErrStarted.
func (g *Generator) Run(ctx context.Context) error {
	g.mu.Lock()
	again := g.started
	g.started = true
	g.mu.Unlock()
	if again {
		return ErrStarted
	}
	defer g.transport.CloseIdleConnections()
	var inflight sync.WaitGroup
	err := g.pace(ctx, &inflight)
	inflight.Wait()
	g.tally.stop(g.clock.Now())
	return err
}

// pace lets each request leave at its place in the schedule. When the machine was busy and some
// are late, they leave at once; each is then counted as late, never left out.
func (g *Generator) pace(ctx context.Context, inflight *sync.WaitGroup) error {
	start := g.clock.Now()
	g.tally.start(start)
	for n := 0; ; n++ {
		due := time.Duration(float64(n) / g.config.Rate * float64(time.Second))
		if due >= g.config.Duration || ctx.Err() != nil {
			return nil
		}
		if wait := due - g.clock.Now().Sub(start); wait > 0 {
			err := g.clock.Wait(ctx, wait)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return fmt.Errorf("wait for the next request: %w", err)
			}
		}
		g.launch(ctx, start.Add(due), inflight)
	}
}

// launch sends one request, unless as many are in flight as the configuration allows.
func (g *Generator) launch(ctx context.Context, due time.Time, inflight *sync.WaitGroup) {
	request := g.mix.next()
	select {
	case g.slots <- struct{}{}:
	default:
		g.tally.skip(due)
		return
	}
	g.tally.sent()
	inflight.Go(func() {
		defer func() { <-g.slots }()
		// A request that has left is answered even though the run is over.
		result := g.send(context.WithoutCancel(ctx), request, due)
		g.tally.add(result)
		if g.config.Observe != nil {
			g.config.Observe(result)
		}
	})
}
