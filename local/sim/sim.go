// Package sim is a simulated world: every port of functions.World in memory, and the shipped
// state machines over them. It is cheap enough for thousands of deployments in a test, each
// with a failure of its own, and strict: it refuses changes under an old lease, and it keeps
// what no user should ever have met.
//
// Run it inside a testing/synctest bubble, where an hour of baking takes no time.
package sim

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/pipelines"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Options shape a world. Only Machines is needed.
type Options struct {
	// Machines are the definitions that run.
	Machines Machines
	// Configure edits the default configuration of Scope and of Staging; nil leaves it.
	Configure func(*deploy.Environment)
	// Behaviours say how releases behave, by version; the zero Behaviour is a good release.
	Behaviours map[string]Behaviour
	// RequestsPerSecond is what users ask for; zero means 500.
	RequestsPerSecond float64
	// Lag is how long traffic takes to follow accepted weights.
	Lag time.Duration
	// SnapshotFor is how long a backup or a restore takes; zero is at once.
	SnapshotFor time.Duration
	// Unpublished are versions of Releases that are not published at the start.
	Unpublished []string
	// Build is how builds go.
	Build Building
	// GitHub is where GitHub answers to a token; nil has no token.
	GitHub *http.Client
	// Seed varies what is random.
	Seed uint64
}

// Behaviour is how a release behaves when it runs.
type Behaviour struct {
	// ReadyAfter is how long its tasks take to get healthy; a negative one is for ever.
	ReadyAfter time.Duration
	// Status is what it answers to smoke tests and probes; zero means 200.
	Status int
	// ErrorRate is the share of users' requests that fail, 0 to 1, from the weight ErrorsFrom on.
	ErrorRate  float64
	ErrorsFrom deploy.Weight
	// FailingMigration is the version of the migration that fails; zero means none.
	FailingMigration int64
}

// World is one simulated world. Its methods are safe for concurrent use.
type World struct {
	// World is the ports, as handlers get them.
	World functions.World
	// Engine runs the machines under the names "deploy" and "rollback".
	Engine *asl.Engine
	// Ledger is that of World, without injected faults.
	Ledger *ledger.Ledger
	// Pipelines is CodePipeline. Its executions are registered by who needs them.
	Pipelines *pipelines.Service

	options  Options
	handlers map[string]functions.Handler
	faults   faults
	mail     mailbox
	archive  archive
	bus      bus
	work     work
	ids      atomic.Uint64

	mu         sync.Mutex
	settings   map[deploy.Scope]deploy.Environment
	releases   []deploy.Release
	places     map[deploy.Scope]*place
	databases  map[string]*instance
	violations []string
	builds     []asl.BuildOrder
}

// New makes a world in which nothing is deployed: all weight is on blue, and both slots are
// empty. The caller closes it.
func New(options Options) (*World, error) {
	if options.RequestsPerSecond == 0 {
		options.RequestsPerSecond = 500
	}
	w := &World{
		options: options, releases: published(options.Unpublished), settings: map[deploy.Scope]deploy.Environment{},
		places: map[deploy.Scope]*place{}, databases: map[string]*instance{},
	}
	memory := &ledgerstore.Memory{}
	w.Ledger = &ledger.Ledger{Store: memory, Clock: clock.System{}}
	for _, scope := range []deploy.Scope{Scope(), Staging()} {
		env := Environment(scope)
		if options.Configure != nil {
			options.Configure(&env)
		}
		w.settings[scope] = env
		w.places[scope] = newPlace(clock.System{}.Now())
		w.databases[env.Database.Instance] = newInstance()
	}
	w.faults.stop = w.stop
	w.Pipelines = w.newPipelines()
	w.World = w.ports(&ledger.Ledger{Store: store{w, memory}, Clock: clock.System{}})
	w.handlers = functions.Table(w.World)
	w.Engine = &asl.Engine{Clock: clock.System{}, Rand: w.random, Invoke: w.invoke, Build: w.build, OnEvent: w.entered, OnStatus: w.watch}
	if err := w.Engine.Define("deploy", options.Machines.Deploy); err != nil {
		return nil, fmt.Errorf("define the deploy machine: %w", err)
	}
	if err := w.Engine.Define("rollback", options.Machines.Rollback); err != nil {
		return nil, fmt.Errorf("define the rollback machine: %w", err)
	}
	return w, nil
}

func (w *World) ports(l *ledger.Ledger) functions.World {
	return functions.World{
		Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), NewID: w.newID, Ledger: l, Settings: settings{w}, Catalog: catalog{w},
		Balancer: balancer{w}, Caller: caller{w}, Fleet: fleets{w}, Backups: backups{w}, Schema: schemas{w},
		Signals: signals{w}, Sender: sender{w}, Archive: archiver{w}, Bus: eventBus{w}, Secrets: secrets{},
		Tokens: tokens{w}, Executions: executions{w}, Pipelines: executionsOf{w}, Jobs: jobs{w}, GitHub: w.github(), ApprovalURL: "https://approve.example",
		ApprovalSecret: []byte("a secret of at least thirty-two bytes"),
	}
}

// Close aborts what still runs and waits for it.
func (w *World) Close(ctx context.Context) error {
	err := w.Engine.Shutdown(ctx)
	w.work.Wait()
	return err
}

// Configure edits the configuration of a scope from now on.
func (w *World) Configure(scope deploy.Scope, change func(*deploy.Environment)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	env := w.settings[scope]
	env.Strategy.Steps, env.SmokeTests = slices.Clone(env.Strategy.Steps), slices.Clone(env.SmokeTests)
	change(&env)
	w.settings[scope] = env
}
