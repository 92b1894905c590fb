package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/fault"
)

// Call invokes a function by its name, as Lambda does; injected faults strike. Errors have the
// name that the state machine sees.
func (w *World) Call(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error) {
	return w.invoke(ctx, function, payload)
}

func (w *World) invoke(ctx context.Context, function string, payload json.RawMessage) (json.RawMessage, error) {
	handler, found := w.handlers[function]
	if !found {
		return nil, fmt.Errorf("invoke %q: there is no such function", function)
	}
	machine, stage, execution := w.where(payload)
	if err := w.faults.hit(machine, stage, Before, execution); err != nil {
		return nil, err
	}
	result, err := handler(ctx, payload)
	if err != nil {
		return nil, translated(err)
	}
	if err := w.faults.hit(machine, stage, After, execution); err != nil {
		return nil, err
	}
	return result, nil
}

// where is the state that a payload comes from; nothing when no fault is planned for it.
func (w *World) where(payload json.RawMessage) (machine, stage, execution string) {
	if !w.faults.concern(payload) {
		return "", "", ""
	}
	var doc struct{ Stage, Execution string }
	if json.Unmarshal(payload, &doc) != nil {
		return "", "", ""
	}
	parts := strings.Split(doc.Execution, ":")
	if len(parts) < 2 {
		return "", doc.Stage, ""
	}
	return parts[len(parts)-2], doc.Stage, doc.Execution
}

// translated is what the bootstrap makes of an error: its class becomes the name. A port's
// injected failure keeps its own, and a crash has none.
func translated(err error) error {
	var failure *asl.Failure
	if errors.As(err, &failure) || errors.Is(err, ErrCrash) {
		return err
	}
	return asl.LambdaFailure(string(fault.Of(err)), err.Error())
}

// entered looks at every event for a state where something is planned.
func (w *World) entered(event asl.Event) {
	if event.StateEntered == nil {
		return
	}
	if act := w.faults.take(event.MachineName, event.StateEntered.Name); act != nil {
		act(event.ExecutionArn)
	}
}

func (w *World) stop(execution string) {
	// The execution runs, so it exists, which is all that Stop asks for.
	_ = w.Engine.Stop(context.Background(), execution, "", "stopped by hand")
}

// noticeAfter is how long the event bus takes to deliver.
const noticeAfter = time.Second

// watch is the two rules on status changes.
func (w *World) watch(change asl.StatusChange) {
	if w.options.GitHub != nil {
		w.report(change)
	}
	switch change.Status {
	case asl.StatusFailed, asl.StatusAborted, asl.StatusTimedOut:
	default:
		return
	}
	// It invokes the watchdog, twice, as an event bus may.
	event, err := json.Marshal(map[string]any{"detail": change})
	if err != nil {
		return
	}
	w.work.Go(func() {
		if err := w.World.Clock.Wait(context.Background(), noticeAfter); err != nil {
			return
		}
		var err error
		for done := 0; done < 2; done++ {
			// An asynchronous invocation that fails is tried twice more.
			for range 3 {
				if _, err = w.invoke(context.Background(), "Watchdog", event); err == nil {
					break
				}
			}
		}
		if err != nil {
			w.violate("watchdog of %s: %v", change.Name, err)
		}
	})
}
