package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/ledger"
)

// execution is one of Step Functions, as its API tells it.
type execution struct {
	name, status, failure, cause string
	// path are the states that it entered, in order.
	path []string
}

const (
	aborted   = string(types.ExecutionStatusAborted)
	succeeded = string(types.ExecutionStatusSucceeded)
	failed    = string(types.ExecutionStatusFailed)
)

// start starts an execution of a machine as a person does in the console: with the least input that
// the runbook names, under an id of their own.
func (s *story) start(ctx context.Context, machine, by string, input map[string]any) (id, arn string, err error) {
	scope := s.scope()
	input["scope"] = map[string]string{"service": scope.Service, "environment": scope.Environment, "region": scope.Region}
	input["requestedBy"] = by
	text, err := json.Marshal(input)
	if err != nil {
		return "", "", err
	}
	person, _, _ := strings.Cut(by, "@")
	id = admission.NewDeploymentID(time.Now(), person)
	answer, err := sfn.NewFromConfig(s.sdk).StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(machine), Name: aws.String(id), Input: aws.String(string(text))})
	if err != nil {
		return "", "", fmt.Errorf("start %s: %w", id, err)
	}
	s.progress("%s starts %s", by, id)
	return id, aws.ToString(answer.ExecutionArn), nil
}

// pollEvery is how often Step Functions and the ledger are asked.
const pollEvery = 300 * time.Millisecond

// showEvery is how long at least lies between two lines of progress.
const showEvery = 2 * time.Second

// end waits until an execution has ended, and shows its stages meanwhile.
func (s *story) end(ctx context.Context, arn string) (execution, error) {
	api := sfn.NewFromConfig(s.sdk)
	id := arn[strings.LastIndex(arn, ":")+1:]
	shown, at := 0, time.Now()
	for {
		answer, err := api.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(arn)})
		if err != nil {
			return execution{}, fmt.Errorf("describe execution %s: %w", id, err)
		}
		over := answer.Status != types.ExecutionStatusRunning
		if seen := s.stages.from(id, shown); len(seen) > 0 && (over || time.Since(at) > showEvery) {
			s.progress("%s", strings.Join(seen, " → "))
			shown, at = shown+len(seen), time.Now()
		}
		if over {
			ended := execution{name: id, status: string(answer.Status), failure: aws.ToString(answer.Error), cause: aws.ToString(answer.Cause)}
			ended.path, err = path(ctx, api, arn)
			s.states += len(ended.path)
			return ended, err
		}
		if err := ctx.Err(); err != nil {
			return execution{}, fmt.Errorf("wait for execution %s, whose last stages are %v: %w", id, s.stages.from(id, 0), err)
		}
		waitABit(ctx, pollEvery)
	}
}

// stopAt stops an execution in the console, as soon as it has entered a stage.
func (s *story) stopAt(ctx context.Context, arn, stage string) error {
	id := arn[strings.LastIndex(arn, ":")+1:]
	if err := until(ctx, func() (bool, error) { return slices.Contains(s.stages.from(id, 0), stage), nil }); err != nil {
		return fmt.Errorf("execution %s did not come to %s: %w", id, stage, err)
	}
	s.progress("somebody stops %s at %s", id, stage)
	_, err := sfn.NewFromConfig(s.sdk).StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(arn), Cause: aws.String("stopped by a person")})
	return err
}

// path are the states of an execution's history.
func path(ctx context.Context, api *sfn.Client, arn string) ([]string, error) {
	var states []string
	input := &sfn.GetExecutionHistoryInput{ExecutionArn: aws.String(arn), MaxResults: 1000, IncludeExecutionData: aws.Bool(false)}
	for {
		page, err := api.GetExecutionHistory(ctx, input)
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", arn, err)
		}
		for _, event := range page.Events {
			if event.StateEnteredEventDetails != nil {
				states = append(states, aws.ToString(event.StateEnteredEventDetails.Name))
			}
		}
		if aws.ToString(page.NextToken) == "" {
			return states, nil
		}
		input.NextToken = page.NextToken
	}
}

// took notes a path that does not go through the wanted states in their order, and one that goes
// through a state which it should not.
func (s *story) took(e execution, wanted, never []string) {
	next := 0
	for _, state := range e.path {
		if next < len(wanted) && state == wanted[next] {
			next++
		}
		if slices.Contains(never, state) {
			s.wrong("execution %s entered %s", e.name, state)
		}
	}
	if next < len(wanted) {
		s.wrong("execution %s did not enter %s after %v; its path is %s", e.name, wanted[next], wanted[:next], strings.Join(e.path, " → "))
	}
}

// ended notes another end than the wanted one.
func (s *story) ended(e execution, status, failure string) {
	if e.status != status || e.failure != failure {
		s.wrong("execution %s: got status %s, error %q (%.300s), want %s, %q", e.name, e.status, e.failure, e.cause, status, failure)
	}
}

// entry waits until the ledger has an entry that is wanted.
func (s *story) entry(ctx context.Context, what string, wanted func(ledger.Deployment) bool) (ledger.Deployment, error) {
	for {
		entries, err := s.ledger.Deployments(ctx, s.scope(), 100)
		if err != nil {
			return ledger.Deployment{}, err
		}
		for _, entry := range entries {
			if wanted(entry) {
				return entry, nil
			}
		}
		if ctx.Err() != nil {
			return ledger.Deployment{}, errors.Join(fmt.Errorf("the ledger has no %s", what), ctx.Err())
		}
		waitABit(ctx, pollEvery)
	}
}
