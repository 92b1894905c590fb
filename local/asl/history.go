package asl

import (
	"context"
	"slices"
	"time"
)

// Event is a history event with the execution it belongs to.
type Event struct {
	ExecutionArn string
	MachineName  string
	HistoryEvent
}

// History is every event of an execution so far, oldest first. ErrExecutionDoesNotExist when
// there is none.
func (e *Engine) History(_ context.Context, arn string) ([]HistoryEvent, error) {
	x, err := e.find(arn)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.events), nil
}

// record writes one event and returns its id, counted from 1. The last place of the history is
// kept for the end of the execution: who asks for it otherwise ends the execution instead.
func (x *execution) record(previous int64, event HistoryEvent) int64 {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.mu.Lock()
	last := event.isLast()
	if x.closed || (!last && len(x.events) >= historyLimit-1) {
		first := !x.full && !x.closed
		x.full = true
		x.mu.Unlock()
		if first {
			x.cancel(&Failure{
				Name:  errorRuntime,
				Cause: "The execution reached the maximum number of history events (25000).",
			})
		}
		return previous
	}
	event.ID, event.PreviousEventID = int64(len(x.events)+1), previous
	event.Timestamp = x.engine.Clock.Now().Truncate(time.Millisecond)
	x.events, x.closed = append(x.events, event), last
	x.mu.Unlock()
	if x.engine.OnEvent != nil {
		x.engine.OnEvent(Event{x.arn, x.machineName, event})
	}
	return event.ID
}

func (h HistoryEvent) isLast() bool {
	switch h.Type {
	case "ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut":
		return true
	}
	return false
}
