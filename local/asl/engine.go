package asl

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"sync"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/codebuild"
)

// The service's quotas.
const (
	maxPayload   = 256 << 10 // bytes of an input, an output, a variable
	historyLimit = 25_000    // events of one execution
)

// arnPrefix stands before every ARN of this engine.
const arnPrefix = "arn:aws:states:local:000000000000:"

// Engine is the Step Functions service of one process. Set its fields before the first call and
// leave them alone after it; the zero value of each but Invoke and Build has a default. Its methods are safe
// for concurrent use.
type Engine struct {
	// Clock tells and waits for time; default clock.System.
	Clock clock.Clock
	// Rand gives numbers in [0,1) for jitter and $random; default math/rand/v2.
	Rand func() float64
	// NewID gives task tokens, and the names of executions started without one. Its values must
	// not repeat; default 26 random letters from crypto/rand.
	NewID func() string
	// Invoke runs a Lambda function, which is named without ARN, version or alias. An error that
	// holds a *Failure fails the task with its name and cause, any other with Lambda.Unknown. As
	// on AWS a function runs on when its state times out or its execution is stopped: ctx ends
	// at Shutdown only.
	Invoke func(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error)
	// Build runs a build of CodeBuild from its start to its end, and returns how that was; started
	// is told of it as StartBuild answers, at most once. An error means that there was no build: one
	// that holds a *Failure fails the task with its name and cause. ctx ends when the state or the
	// execution does, and the build is to be stopped then.
	Build func(ctx context.Context, order BuildOrder, started func(codebuild.Build)) (codebuild.Build, error)
	// OnEvent receives every history event as it is written: for one execution one after
	// another, in order. It holds the execution up, so it must not wait; it may call the engine,
	// except for Wait and Shutdown.
	OnEvent func(Event)
	// OnStatus receives RUNNING before Start returns, and the final status before Wait does.
	// It may call the engine, except for Wait on that execution and Shutdown.
	OnStatus func(StatusChange)

	setup     sync.Once
	functions map[string]any // the functions that AWS adds to JSONata
	root      context.Context
	end       context.CancelCauseFunc
	work      sync.WaitGroup

	mu         sync.Mutex
	machines   map[string]*Machine
	executions map[string]*execution // by ARN
	order      map[string][]*execution
	tokens     map[string]*pending
	closed     bool
}

// prepare makes what the zero value lacks.
func (e *Engine) prepare() {
	e.setup.Do(func() {
		e.root, e.end = context.WithCancelCause(context.Background())
		e.machines, e.executions = map[string]*Machine{}, map[string]*execution{}
		e.order, e.tokens = map[string][]*execution{}, map[string]*pending{}
		if e.Clock == nil {
			e.Clock = clock.System{}
		}
		if e.Rand == nil {
			e.Rand = mathrand.Float64
		}
		if e.NewID == nil {
			e.NewID = rand.Text
		}
		e.functions = e.queryFunctions()
	})
}

// Define gives a machine a name: 1 to 80 characters, ErrInvalidName otherwise. Defining a name
// again replaces the machine for the executions started after that.
func (e *Engine) Define(name string, m *Machine) error {
	e.prepare()
	if !isName(name) {
		return fmt.Errorf("define state machine %q: %w", name, ErrInvalidName)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.machines[name] = m
	return nil
}

// Shutdown aborts every execution, refuses new ones and waits until all goroutines have ended,
// functions included, or until ctx ends; then it returns ctx's error. Repeating it is safe.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.prepare()
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.end(&stopped{cause: "the engine was shut down"})
	idle := make(chan struct{})
	go func() {
		e.work.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for executions to end: %w", ctx.Err())
	}
}

// isName reports whether AWS would take name for an execution or a state machine.
func isName(name string) bool {
	return len(name) >= 1 && len(name) <= 80 && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || (r >= 0x7f && r <= 0x9f) || strings.ContainsRune("<>{}[]?*\"#%\\^|~`$&,;:/", r)
	})
}
