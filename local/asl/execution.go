package asl

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Status is the state of an execution as a whole.
type Status string

// The statuses, under AWS's names.
const (
	StatusRunning   Status = "RUNNING"
	StatusSucceeded Status = "SUCCEEDED"
	StatusFailed    Status = "FAILED"
	StatusTimedOut  Status = "TIMED_OUT"
	StatusAborted   Status = "ABORTED"
)

// Execution is what is known about one run of a machine.
type Execution struct {
	Arn     string          `json:"executionArn"`
	Machine string          `json:"stateMachineName"`
	Name    string          `json:"name"`
	Status  Status          `json:"status"`
	Input   json.RawMessage `json:"input"`
	// Output is nil unless Status is SUCCEEDED.
	Output json.RawMessage `json:"output,omitempty"`
	// Error and Cause are empty unless Status is FAILED, TIMED_OUT or ABORTED.
	Error string `json:"error,omitempty"`
	Cause string `json:"cause,omitempty"`
	// StartDate and StopDate are in UTC, to the millisecond; StopDate is zero while it runs.
	StartDate time.Time `json:"startDate"`
	StopDate  time.Time `json:"stopDate,omitzero"`
}

// execution is a running or ended execution. The fields above mu never change.
type execution struct {
	engine      *Engine
	machine     *Machine
	machineName string
	name        string
	arn         string
	input       document
	started     time.Time
	ctx         context.Context // the execution's life; its cause says who ended it
	cancel      context.CancelCauseFunc
	done        chan struct{}

	writing sync.Mutex // keeps OnEvent in the order of the history

	mu      sync.Mutex
	status  Status
	output  string
	failure *Failure
	ended   time.Time
	events  []HistoryEvent
	full    bool // the history limit was reached
	closed  bool // the last event was written
}

// stopped is the cause of a context that StopExecution or Shutdown ended.
type stopped struct{ name, cause string }

func (s *stopped) Error() string { return "stopped: " + s.cause }

// finish writes the last event and the final status, and wakes those who wait.
func (x *execution) finish(previous int64, output document, err error) {
	if errors.Is(err, errInterrupted) {
		err = context.Cause(x.ctx)
	}
	status, failure, last := ending(output, err)
	x.record(previous, last)
	x.mu.Lock()
	x.status, x.failure, x.ended = status, failure, x.engine.Clock.Now().Truncate(time.Millisecond)
	if status == StatusSucceeded {
		x.output = output.text
	}
	x.mu.Unlock()
	x.cancel(errInterrupted)
	x.announce()
	close(x.done)
}

// ending turns how the run went into a status and the history's last event.
func ending(output document, err error) (Status, *Failure, HistoryEvent) {
	var stop *stopped
	var failure *Failure
	switch {
	case err == nil:
		return StatusSucceeded, nil, HistoryEvent{
			Type: "ExecutionSucceeded", ExecutionSucceeded: &ExecutionSucceededDetails{Output: output.text},
		}
	case errors.As(err, &stop):
		details := &FailureDetails{Error: stop.name, Cause: stop.cause}
		return StatusAborted, &Failure{Name: stop.name, Cause: stop.cause},
			HistoryEvent{Type: "ExecutionAborted", ExecutionAborted: details}
	case errors.Is(err, errTimedOut):
		return StatusTimedOut, &Failure{Name: errorTimeout},
			HistoryEvent{Type: "ExecutionTimedOut", ExecutionTimedOut: &FailureDetails{Error: errorTimeout}}
	case !errors.As(err, &failure):
		failure = &Failure{Name: errorRuntime, Cause: err.Error()}
	}
	return StatusFailed, failure, HistoryEvent{
		Type: "ExecutionFailed", ExecutionFailed: &FailureDetails{Error: failure.Name, Cause: failure.Cause},
	}
}

func (x *execution) snapshot() Execution {
	x.mu.Lock()
	defer x.mu.Unlock()
	snapshot := Execution{
		Arn: x.arn, Machine: x.machineName, Name: x.name, Status: x.status,
		Input: json.RawMessage(x.input.text), StartDate: x.started, StopDate: x.ended,
	}
	if x.status == StatusSucceeded {
		snapshot.Output = json.RawMessage(x.output)
	}
	if x.failure != nil {
		snapshot.Error, snapshot.Cause = x.failure.Name, x.failure.Cause
	}
	return snapshot
}
