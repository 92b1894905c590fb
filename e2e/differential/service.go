package differential

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/clock"
)

// Emulated is the Step Functions of an emulation of AWS, called with the real SDK.
type Emulated struct {
	Client *sfn.Client
	Clock  clock.Clock
}

// The account and the region of the emulation.
const (
	region  = "us-east-1"
	account = "123456789012"
)

// Dial makes the client for an emulation that answers at a URL. It makes no call.
func Dial(url string) *sfn.Client {
	return sfn.New(sfn.Options{
		Region: region, BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// Arn is the ARN of a state machine of the emulation.
func Arn(machine string) string {
	return "arn:aws:states:" + region + ":" + account + ":stateMachine:" + machine
}

func executionArn(key Key) string {
	return "arn:aws:states:" + region + ":" + account + ":execution:" + key.String()
}

// Create registers a state machine.
func (e Emulated) Create(ctx context.Context, machine string, definition []byte) error {
	_, err := e.Client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String(machine), Definition: aws.String(string(definition)), Type: types.StateMachineTypeStandard,
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/lab"),
	})
	if err != nil {
		return fmt.Errorf("create the state machine %s: %w", machine, err)
	}
	return nil
}

// Decide implements Service.
func (e Emulated) Decide(ctx context.Context, token string, decision Decision) error {
	if decision.Output == nil {
		_, err := e.Client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{
			TaskToken: aws.String(token), Error: aws.String(decision.Error), Cause: aws.String(decision.Cause),
		})
		return err
	}
	_, err := e.Client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{
		TaskToken: aws.String(token), Output: aws.String(string(decision.Output)),
	})
	return err
}

// Stop implements Service.
func (e Emulated) Stop(ctx context.Context, key Key, name, cause string) error {
	input := &sfn.StopExecutionInput{ExecutionArn: aws.String(executionArn(key)), Cause: aws.String(cause)}
	if name != "" {
		input.Error = aws.String(name)
	}
	_, err := e.Client.StopExecution(ctx, input)
	return err
}

// run starts an execution and waits for its end, which is near once over is closed.
func (e Emulated) run(ctx context.Context, from Execution, over <-chan struct{}) error {
	_, err := e.Client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(Arn(from.Machine)), Name: aws.String(from.Name), Input: aws.String(string(from.Input)),
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", from.Key, err)
	}
	if err := e.wait(ctx, over); err != nil {
		return fmt.Errorf("wait for %s: %w", from.Key, err)
	}
	for {
		described, err := e.Client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(executionArn(from.Key))})
		if err != nil {
			return fmt.Errorf("describe %s: %w", from.Key, err)
		}
		if described.Status != types.ExecutionStatusRunning {
			return nil
		}
		if err := e.Clock.Wait(ctx, pollEvery); err != nil {
			return fmt.Errorf("wait for %s: %w", from.Key, err)
		}
	}
}

// wait waits until over is closed, but not for longer than overWithin: what loses its way may never
// get there.
func (e Emulated) wait(ctx context.Context, over <-chan struct{}) error {
	early, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-over:
			cancel()
		case <-early.Done():
		}
	}()
	_ = e.Clock.Wait(early, overWithin) // ends early on purpose
	return ctx.Err()
}

// read is what an execution did.
func (e Emulated) read(ctx context.Context, key Key) (Execution, error) {
	arn := aws.String(executionArn(key))
	described, err := e.Client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: arn})
	if err != nil {
		return Execution{}, fmt.Errorf("describe %s: %w", key, err)
	}
	made := Execution{
		Key: key, Status: string(described.Status), Input: []byte(aws.ToString(described.Input)),
		Error: aws.ToString(described.Error), Cause: aws.ToString(described.Cause),
	}
	if described.Status == types.ExecutionStatus(asl.StatusSucceeded) {
		made.Output = []byte(aws.ToString(described.Output))
	}
	pages := sfn.NewGetExecutionHistoryPaginator(e.Client, &sfn.GetExecutionHistoryInput{ExecutionArn: arn, MaxResults: 1000})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Execution{}, fmt.Errorf("read the history of %s: %w", key, err)
		}
		for _, event := range page.Events {
			made.Events = append(made.Events, string(event.Type))
			if event.StateEnteredEventDetails != nil {
				made.Path = append(made.Path, aws.ToString(event.StateEnteredEventDetails.Name))
			}
			if end, ok := emulatedEnd(event); ok {
				made.Tasks = append(made.Tasks, end)
			}
		}
	}
	return made, nil
}

// emulatedEnd is taskEnd for an event of the emulation.
func emulatedEnd(event types.HistoryEvent) (TaskEnd, bool) {
	of := func(kind, resource, err, text *string) TaskEnd {
		return TaskEnd{string(event.Type), aws.ToString(kind) + ":" + aws.ToString(resource), aws.ToString(err), aws.ToString(text)}
	}
	failed, late, done := event.TaskFailedEventDetails, event.TaskTimedOutEventDetails, event.TaskSucceededEventDetails
	switch {
	case failed != nil:
		return of(failed.ResourceType, failed.Resource, failed.Error, failed.Cause), true
	case late != nil:
		return of(late.ResourceType, late.Resource, late.Error, late.Cause), true
	case done != nil && aws.ToString(done.ResourceType) == statesResource:
		return of(done.ResourceType, done.Resource, nil, done.Output), true
	}
	return TaskEnd{}, false
}
