package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/pilotage/pilotage/functions/webhook"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/builder"
	"github.com/pilotage/pilotage/local/bus"
	"github.com/pilotage/pilotage/local/functionurl"
	"github.com/pilotage/pilotage/shared/decision"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/statemachine"
)

// Machines are the names of the two state machines on this machine.
const (
	DeployMachine   = "deploy"
	RollbackMachine = "rollback"
)

// BuildProject is the name of the project that builds commits.
const BuildProject = "pilotage-build"

func (w *World) openEngine() error {
	w.Engine = &asl.Engine{
		Clock: w.options.Clock, Invoke: w.invoke, Build: w.builder().Build, OnEvent: w.options.Observe, OnStatus: w.statusChanged,
	}
	w.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		return w.Engine.Shutdown(ctx)
	})
	for name, definition := range map[string][]byte{DeployMachine: statemachine.Deploy(), RollbackMachine: statemachine.Rollback()} {
		values := map[string]string{}
		for _, open := range statemachine.Substitutions(definition) {
			values[open] = strings.TrimSuffix(open, "Function")
		}
		values[statemachine.RollbackStateMachine] = "arn:aws:states:local:000000000000:stateMachine:" + RollbackMachine
		values[statemachine.BuildProject] = BuildProject
		text, err := statemachine.Render(definition, values)
		if err != nil {
			return err
		}
		machine, err := asl.Parse(text)
		if err != nil {
			return fmt.Errorf("read the %s machine: %w", name, err)
		}
		if err := w.Engine.Define(name, machine); err != nil {
			return err
		}
	}
	return nil
}

// builder is CodeBuild.
func (w *World) builder() *builder.Builder {
	variables := maps.Clone(w.options.Build.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	variables["PILOTAGE_CATALOG"] = w.options.Catalog.Shelf.Dir
	return &builder.Builder{
		Root: w.options.Build.Root, Buildspec: w.options.Build.Buildspec, Dir: filepath.Join(w.options.Dir, "builds"),
		Variables: variables, Clock: w.options.Clock, NewID: shortID,
	}
}

// invoke runs a handler as Lambda does: an error's class becomes its type.
func (w *World) invoke(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error) {
	result, err := w.handle(ctx, function, payload)
	if err != nil {
		return nil, asl.LambdaFailure(string(fault.Of(err)), err.Error())
	}
	return result, nil
}

// rules say which events lead to what, by their names. infra has the same ones.
func (w *World) rules() ([]bus.Rule, error) {
	retry := bus.Retry{Attempts: 5, Backoff: time.Second, Limit: 10 * time.Second}
	var rules []bus.Rule
	for _, rule := range []struct{ name, function, pattern string }{
		{"push", "Intake", `{"source": ["pilotage.github"], "detail-type": ["Push"]}`},
		{"due", "Intake", `{"source": ["pilotage.schedule"], "detail-type": ["Scheduled Deployment"]}`},
		{"pipeline-succeeded", "Intake", `{
			"source": ["aws.codepipeline"], "detail": {"state": ["SUCCEEDED"]},
			"detail-type": ["CodePipeline Pipeline Execution State Change", "CodePipeline Stage Execution State Change"]
		}`},
		{"execution-ended", "Watchdog", `{
			"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"], "detail": {"status": ["ABORTED", "TIMED_OUT", "FAILED"]}
		}`},
		{"execution-changed", "Report", `{"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]}`},
	} {
		pattern, err := bus.ParsePattern([]byte(rule.pattern))
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", rule.name, err)
		}
		rules = append(rules, bus.Rule{Name: rule.name, Pattern: pattern, Target: w.target(rule.function), Retry: retry})
	}
	return rules, nil
}

func (w *World) openBus() error {
	rules, err := w.rules()
	if err != nil {
		return err
	}
	w.Bus, err = bus.New(bus.Config{Clock: w.options.Clock, NewID: shortID, Account: "000000000000", Region: Region, Rules: rules})
	if err == nil {
		w.onClose(w.Bus.Close)
	}
	return err
}

func (w *World) target(function string) func(context.Context, bus.Event) error {
	return func(ctx context.Context, event bus.Event) error {
		payload, err := json.Marshal(event)
		if err != nil {
			return fmt.Errorf("encode event %s: %w", event.ID, err)
		}
		_, err = w.handle(ctx, function, payload)
		return err
	}
}

// statusChanged puts what Step Functions tells EventBridge on the bus.
func (w *World) statusChanged(change asl.StatusChange) {
	if w.Bus == nil {
		return
	}
	detail, err := json.Marshal(change)
	if err != nil {
		w.options.Log.Error("encode a status change", "error", err)
		return
	}
	err = w.Bus.Put(context.Background(), bus.Event{
		Source: "aws.states", DetailType: "Step Functions Execution Status Change", Resources: []string{change.ExecutionArn}, Detail: detail,
	})
	if err != nil && !errors.Is(err, bus.ErrClosed) {
		w.options.Log.Error("put a status change on the bus", "error", err)
	}
}

// entries serves the entry points that people and GitHub reach over HTTP.
func (w *World) entries() http.Handler {
	mux := http.NewServeMux()
	for path, function := range map[string]string{"/webhook": "Webhook", "/approve/": "Decide", "/command": "Command"} {
		url := &functionurl.Handler{
			Invoke: func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
				return w.handle(ctx, function, payload)
			},
			Now: w.options.Clock.Now, NewID: shortID, Log: w.options.Log,
		}
		if function == "Command" {
			url.Identify = w.signatures.Verify
		}
		mux.Handle(path, url)
	}
	return mux
}

// events is the port through which the webhook reaches the bus.
type events struct{ world *World }

var _ webhook.Bus = events{}

// PutEvent puts one event on the bus.
func (e events) PutEvent(ctx context.Context, source, detailType string, detail json.RawMessage) error {
	return e.world.Bus.Put(ctx, bus.Event{Source: source, DetailType: detailType, Detail: detail})
}

// executions starts executions on the engine.
type executions struct{ engine *asl.Engine }

// Start begins an execution, or finds the one of that name that runs already.
func (e executions) Start(ctx context.Context, machine, name string, input json.RawMessage) (string, error) {
	arn, err := e.engine.Start(ctx, machine, name, input)
	if errors.Is(err, asl.ErrExecutionAlreadyExists) {
		// It has ended, or runs with an input that differs in the time of the request: either
		// way it was started once, which is what the caller wants.
		return "arn:aws:states:local:000000000000:execution:" + machine + ":" + name, nil
	}
	return arn, err
}

// tokens answers task tokens.
type tokens struct{ engine *asl.Engine }

// SendTaskSuccess lets a waiting execution go on.
func (t tokens) SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error {
	return waiting(t.engine.SendTaskSuccess(ctx, token, output))
}

// SendTaskFailure fails the state that waits.
func (t tokens) SendTaskFailure(ctx context.Context, token, class, cause string) error {
	return waiting(t.engine.SendTaskFailure(ctx, token, class, cause))
}

func waiting(err error) error {
	if errors.Is(err, asl.ErrTaskDoesNotExist) || errors.Is(err, asl.ErrTaskTimedOut) {
		return fmt.Errorf("%w: %w", decision.ErrNotWaiting, err)
	}
	return err
}
