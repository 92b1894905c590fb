package asl

import "time"

// HistoryEvent is one entry of an execution's history, in the shape of GetExecutionHistory.
// Besides the four fields of every event at most one pointer is set, by Type; all JSON inside is
// text.
type HistoryEvent struct {
	ID int64 `json:"id"` // from 1
	// PreviousEventID is the event that led to this one: in a Parallel or Map state not the one
	// written before it. The first state's is 0, as on AWS.
	PreviousEventID int64     `json:"previousEventId"`
	Timestamp       time.Time `json:"timestamp"` // UTC, to the millisecond
	Type            string    `json:"type"`      // as TaskStateEntered

	ExecutionStarted   *ExecutionStartedDetails   `json:"executionStartedEventDetails,omitempty"`
	ExecutionSucceeded *ExecutionSucceededDetails `json:"executionSucceededEventDetails,omitempty"`
	ExecutionFailed    *FailureDetails            `json:"executionFailedEventDetails,omitempty"`
	ExecutionAborted   *FailureDetails            `json:"executionAbortedEventDetails,omitempty"`
	ExecutionTimedOut  *FailureDetails            `json:"executionTimedOutEventDetails,omitempty"`
	StateEntered       *StateEnteredDetails       `json:"stateEnteredEventDetails,omitempty"`
	StateExited        *StateExitedDetails        `json:"stateExitedEventDetails,omitempty"`
	EvaluationFailed   *EvaluationFailedDetails   `json:"evaluationFailedEventDetails,omitempty"`
	TaskScheduled      *TaskScheduledDetails      `json:"taskScheduledEventDetails,omitempty"`
	TaskStarted        *TaskDetails               `json:"taskStartedEventDetails,omitempty"`
	TaskSubmitted      *TaskOutputDetails         `json:"taskSubmittedEventDetails,omitempty"`
	TaskSucceeded      *TaskOutputDetails         `json:"taskSucceededEventDetails,omitempty"`
	TaskFailed         *TaskFailureDetails        `json:"taskFailedEventDetails,omitempty"`
	TaskTimedOut       *TaskFailureDetails        `json:"taskTimedOutEventDetails,omitempty"`
	MapStateStarted    *MapStateStartedDetails    `json:"mapStateStartedEventDetails,omitempty"`
	IterationStarted   *IterationDetails          `json:"mapIterationStartedEventDetails,omitempty"`
	IterationSucceeded *IterationDetails          `json:"mapIterationSucceededEventDetails,omitempty"`
	IterationFailed    *IterationDetails          `json:"mapIterationFailedEventDetails,omitempty"`
	IterationAborted   *IterationDetails          `json:"mapIterationAbortedEventDetails,omitempty"`
}

// ExecutionStartedDetails belongs to ExecutionStarted.
type ExecutionStartedDetails struct {
	Input   string `json:"input"`
	RoleArn string `json:"roleArn"`
}

// ExecutionSucceededDetails belongs to ExecutionSucceeded.
type ExecutionSucceededDetails struct {
	Output string `json:"output"`
}

// FailureDetails belongs to ExecutionFailed, ExecutionAborted and ExecutionTimedOut.
type FailureDetails struct {
	Error string `json:"error,omitempty"`
	Cause string `json:"cause,omitempty"`
}

// StateEnteredDetails belongs to the …StateEntered events.
type StateEnteredDetails struct {
	Name  string `json:"name"`
	Input string `json:"input"`
}

// StateExitedDetails belongs to the …StateExited events.
type StateExitedDetails struct {
	Name              string            `json:"name"`
	Output            string            `json:"output"`
	AssignedVariables map[string]string `json:"assignedVariables,omitempty"`
}

// EvaluationFailedDetails belongs to EvaluationFailed. Location is a field of the state, as Output/id.
type EvaluationFailedDetails struct {
	Error    string `json:"error"`
	Cause    string `json:"cause"`
	Location string `json:"location"`
	State    string `json:"state"`
}

// TaskDetails belongs to TaskStarted and is part of the details of every task event.
type TaskDetails struct {
	Resource     string `json:"resource"`     // as invoke.waitForTaskToken
	ResourceType string `json:"resourceType"` // lambda, states or codebuild
}

// TaskScheduledDetails belongs to TaskScheduled. Times are in seconds, absent when not set.
type TaskScheduledDetails struct {
	TaskDetails
	Region             string `json:"region"`
	Parameters         string `json:"parameters"`
	TimeoutInSeconds   int64  `json:"timeoutInSeconds,omitempty"`
	HeartbeatInSeconds int64  `json:"heartbeatInSeconds,omitempty"`
}

// TaskOutputDetails belongs to TaskSubmitted and TaskSucceeded.
type TaskOutputDetails struct {
	TaskDetails
	Output string `json:"output"`
}

// TaskFailureDetails belongs to TaskFailed and TaskTimedOut.
type TaskFailureDetails struct {
	TaskDetails
	Error string `json:"error"`
	Cause string `json:"cause,omitempty"`
}

// MapStateStartedDetails belongs to MapStateStarted.
type MapStateStartedDetails struct {
	Length int `json:"length"`
}

// IterationDetails belongs to the MapIteration… events. Index counts from 0.
type IterationDetails struct {
	Name  string `json:"name"`
	Index int    `json:"index"`
}
