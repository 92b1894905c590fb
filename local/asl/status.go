package asl

// StatusChange has the shape of the detail of EventBridge's "Step Functions Execution Status
// Change", so that a rule written for AWS matches it.
type StatusChange struct {
	ExecutionArn    string       `json:"executionArn"`
	StateMachineArn string       `json:"stateMachineArn"`
	Name            string       `json:"name"`
	Status          Status       `json:"status"`
	StartDate       int64        `json:"startDate"` // milliseconds since 1970
	StopDate        *int64       `json:"stopDate"`  // the same; null while it runs
	Input           string       `json:"input"`     // JSON text
	InputDetails    DataIncluded `json:"inputDetails"`
	Output          *string      `json:"output"` // JSON text; null unless SUCCEEDED
	OutputDetails   DataIncluded `json:"outputDetails"`
	Error           *string      `json:"error"` // null unless FAILED, TIMED_OUT or ABORTED
	Cause           *string      `json:"cause"` // the same
}

// DataIncluded says that the text beside it is whole. It always is: nothing is cut here.
type DataIncluded struct {
	Included bool `json:"included"`
}

// announce tells OnStatus the status of now.
func (x *execution) announce() {
	if x.engine.OnStatus == nil {
		return
	}
	now := x.snapshot()
	change := StatusChange{
		ExecutionArn: x.arn, StateMachineArn: machineArn(x.machineName), Name: x.name, Status: now.Status,
		StartDate: now.StartDate.UnixMilli(), Input: string(now.Input), InputDetails: DataIncluded{true},
	}
	if now.Status != StatusRunning {
		stop := now.StopDate.UnixMilli()
		change.StopDate = &stop
	}
	switch now.Status {
	case StatusRunning:
	case StatusSucceeded:
		output := string(now.Output)
		change.Output, change.OutputDetails = &output, DataIncluded{true}
	default:
		change.Error, change.Cause = &now.Error, &now.Cause
	}
	x.engine.OnStatus(change)
}

func machineArn(name string) string { return arnPrefix + "stateMachine:" + name }
