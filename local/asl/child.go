package asl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// child starts another machine and waits for its end: states:startExecution.sync:2. When the
// state ends before the child does, the child is stopped.
func (v *visit) child(ctx context.Context, arguments document) (document, error) {
	x, err := v.startChild(ctx, arguments)
	if err != nil {
		return document{}, err
	}
	submitted, err := write(object(
		pair{"ExecutionArn", x.arn}, pair{"StartDate", whole(x.started.UnixMilli())},
	))
	if err != nil {
		return document{}, err
	}
	v.frame.record(HistoryEvent{Type: "TaskSubmitted", TaskSubmitted: &TaskOutputDetails{
		v.state.task.details, submitted.text,
	}})
	select {
	case <-x.done:
		return childResult(x.snapshot())
	case <-ctx.Done():
		x.cancel(&stopped{cause: "the state that started this execution has ended"})
		return document{}, context.Cause(ctx)
	}
}

func (v *visit) startChild(ctx context.Context, arguments document) (*execution, error) {
	arn, _ := get(arguments.value, "StateMachineArn").(string)
	name, _ := get(arguments.value, "Name").(string)
	var input json.RawMessage
	if value := get(arguments.value, "Input"); value != nil {
		doc, err := write(value)
		if err != nil {
			return nil, err
		}
		input = json.RawMessage(doc.text)
	}
	x, err := v.frame.execution.engine.start(ctx, arnPart(arn, "stateMachine"), name, input)
	var refusal Error
	switch {
	case err == nil:
		return x, nil
	case errors.As(err, &refusal):
		return nil, &Failure{
			Name:  "StepFunctions." + string(refusal) + "Exception",
			Cause: fmt.Sprintf("%s: '%s' (Service: AWSStepFunctions; Status Code: 400)", refusal, arn),
		}
	}
	return nil, errInterrupted
}

// description is what DescribeExecution says of a child that did not succeed, in the order in
// which the service writes it into the cause. Times are in milliseconds since 1970.
type description struct {
	Cause           string
	Error           string
	ExecutionArn    string
	Input           string
	InputDetails    included
	Name            string
	StartDate       int64
	StateMachineArn string
	Status          Status
	StopDate        int64
}

type included struct{ Included bool }

// childResult is the child's description with its output as JSON, or the failure
// States.TaskFailed whose cause is its description.
func childResult(child Execution) (document, error) {
	if child.Status != StatusSucceeded {
		cause, err := json.Marshal(description{
			child.Cause, child.Error, child.Arn, string(child.Input),
			included{true},
			child.Name,
			child.StartDate.UnixMilli(), machineArn(child.Machine), child.Status, child.StopDate.UnixMilli(),
		})
		if err != nil {
			return document{}, err
		}
		return document{}, &Failure{Name: errorTaskFailed, Cause: string(cause)}
	}
	input, err := read(child.Input)
	if err != nil {
		return document{}, err
	}
	output, err := read(child.Output)
	if err != nil {
		return document{}, err
	}
	return write(object(
		pair{"ExecutionArn", child.Arn}, pair{"Input", input.value},
		pair{"InputDetails", object(pair{"Included", true})}, pair{"Name", child.Name},
		pair{"Output", output.value}, pair{"OutputDetails", object(pair{"Included", true})},
		pair{"StartDate", whole(child.StartDate.UnixMilli())}, pair{"StateMachineArn", machineArn(child.Machine)},
		pair{"Status", string(child.Status)}, pair{"StopDate", whole(child.StopDate.UnixMilli())},
	))
}
