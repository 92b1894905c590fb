// Package sfn starts executions of Step Functions and answers their task tokens: it implements
// the ports Executions and Tokens of package functions.
package sfn

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/fault"
)

// starter is the call that Executions makes.
type starter interface {
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
}

// Machine is a state machine by which an execution is started.
type Machine struct {
	// Arn is the machine's, or that of one of its aliases or versions: then an execution goes
	// on with the definition that it began with.
	Arn string
	// Setting is where the ARN was configured, for messages.
	Setting string
}

// Executions starts executions by the names of their machines. It is safe for concurrent use.
type Executions struct {
	api      starter
	machines map[string]Machine
}

// NewExecutions knows machines by name. It makes no call.
func NewExecutions(cfg aws.Config, machines map[string]Machine) Executions {
	return Executions{api: sfn.NewFromConfig(cfg), machines: machines}
}

// Start begins an execution, or finds the one of that name. For 90 days a name is used up
// (Step Functions API reference, StartExecution): one that has ended, or was started with
// another input, was started once, which is what the caller wants.
func (e Executions) Start(ctx context.Context, machine, name string, input json.RawMessage) (string, error) {
	to, known := e.machines[machine]
	if !known || to.Arn == "" {
		return "", fault.New(fault.Internal, "start execution %q: this function may not start machine %q", name, machine)
	}
	answer, err := e.api.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(to.Arn), Name: aws.String(name), Input: aws.String(string(input)),
	})
	if awserr.Is(err, "ExecutionAlreadyExists") {
		return executionArn(to.Arn, name), nil
	}
	if err != nil {
		return "", awserr.Wrap(err, awserr.Call{
			Doing: fmt.Sprintf("start execution %q of %q", name, to.Arn), Action: "states:StartExecution", Setting: to.Setting,
		})
	}
	return aws.ToString(answer.ExecutionArn), nil
}

// executionArn is the ARN of a machine's execution. An alias or a version, which stand after
// the machine's name, are no part of it.
func executionArn(machine, name string) string {
	parts := strings.Split(machine, ":")
	if len(parts) < 7 {
		return machine + ":" + name
	}
	return strings.Join(append(parts[:5:5], "execution", parts[6], name), ":")
}
