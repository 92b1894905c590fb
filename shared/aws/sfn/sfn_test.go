package sfn

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/fault"
)

type fake struct {
	fail    error
	started *sfn.StartExecutionInput
	failed  *sfn.SendTaskFailureInput
}

func (f *fake) StartExecution(_ context.Context, input *sfn.StartExecutionInput, _ ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error) {
	f.started = input
	return &sfn.StartExecutionOutput{ExecutionArn: aws.String("execution")}, f.fail
}

func (f *fake) SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error) {
	return &sfn.SendTaskSuccessOutput{}, f.fail
}

func (f *fake) SendTaskFailure(_ context.Context, input *sfn.SendTaskFailureInput, _ ...func(*sfn.Options)) (*sfn.SendTaskFailureOutput, error) {
	f.failed = input
	return &sfn.SendTaskFailureOutput{}, f.fail
}

const machine = "arn:aws:states:us-east-1:123456789012:stateMachine:pilotage-deploy"

func executions(f *fake, arn string) Executions {
	return Executions{api: f, machines: map[string]Machine{"deploy": {Arn: arn, Setting: "PILOTAGE_DEPLOY_MACHINE_ARN"}}}
}

func TestStartFindsTheExecutionOfTheName(t *testing.T) {
	used := &fake{fail: &smithy.GenericAPIError{Code: "ExecutionAlreadyExists"}}
	for _, arn := range []string{machine, machine + ":live", machine + ":7"} {
		got, err := executions(used, arn).Start(t.Context(), "deploy", "d1", json.RawMessage(`{}`))
		if want := "arn:aws:states:us-east-1:123456789012:execution:pilotage-deploy:d1"; err != nil || got != want {
			t.Errorf("%s: got %q and error %v, want %q", arn, got, err, want)
		}
		if *used.started.StateMachineArn != arn {
			t.Errorf("got machine %q, want %q", *used.started.StateMachineArn, arn)
		}
	}
}

func TestStartClassifies(t *testing.T) {
	for code, want := range map[string]fault.Class{
		"ThrottlingException": fault.Transient, "StateMachineDoesNotExist": fault.Invalid, "InvalidArn": fault.Invalid,
		"AccessDeniedException": fault.Invalid, "InvalidExecutionInput": fault.Internal,
	} {
		_, err := executions(&fake{fail: &smithy.GenericAPIError{Code: code}}, machine).Start(t.Context(), "deploy", "d1", nil)
		if !fault.Is(err, want) || !strings.Contains(err.Error(), `"d1"`) {
			t.Errorf("%s: got error %v, want one of class %s", code, err, want)
		}
	}
	if _, err := executions(&fake{}, machine).Start(t.Context(), "rollback", "d1", nil); !fault.Is(err, fault.Internal) {
		t.Errorf("a machine that is not known: got error %v", err)
	}
}

func TestTokensKnowThatNobodyWaits(t *testing.T) {
	gone := errors.New("nobody waits")
	for code, want := range map[string]bool{"TaskDoesNotExist": true, "TaskTimedOut": true, "InvalidToken": true, "ThrottlingException": false} {
		tokens := Tokens{api: &fake{fail: &smithy.GenericAPIError{Code: code}}, notWaiting: gone}
		success := tokens.SendTaskSuccess(t.Context(), "secret-token", json.RawMessage(`{}`))
		failure := tokens.SendTaskFailure(t.Context(), "secret-token", "Pilotage.Rejected", "no")
		for _, err := range []error{success, failure} {
			if errors.Is(err, gone) != want || strings.Contains(err.Error(), "secret-token") {
				t.Errorf("%s: got error %v", code, err)
			}
		}
	}
}

func TestTokensCutACause(t *testing.T) {
	f := &fake{}
	if err := (Tokens{api: f}).SendTaskFailure(t.Context(), "t", "Pilotage.Rejected", strings.Repeat("é", maxCause)); err != nil {
		t.Fatal(err)
	}
	if got := *f.failed.Cause; len(got) > maxCause || strings.Contains(got, "\ufffd") || *f.failed.Error != "Pilotage.Rejected" {
		t.Errorf("got a cause of %d bytes", len(got))
	}
}

func TestExecutionsOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	made, err := sfn.NewFromConfig(cfg).CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String(awstest.Name("deploy")), RoleArn: aws.String("arn:aws:iam::123456789012:role/r"),
		Definition: aws.String(`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	e := NewExecutions(cfg, map[string]Machine{"deploy": {Arn: *made.StateMachineArn}})
	first, err := e.Start(t.Context(), "deploy", "d1", json.RawMessage(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, input := range []string{`{"a":1}`, `{"a":2}`} {
		again, err := e.Start(t.Context(), "deploy", "d1", json.RawMessage(input))
		if err != nil || again != first {
			t.Errorf("repeated with %s: got %q and error %v, want %q", input, again, err, first)
		}
	}
	gone := NewExecutions(cfg, map[string]Machine{"deploy": {Arn: *made.StateMachineArn + "0", Setting: "PILOTAGE_DEPLOY_MACHINE_ARN"}})
	if _, err := gone.Start(t.Context(), "deploy", "d1", json.RawMessage(`{}`)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "PILOTAGE_DEPLOY_MACHINE_ARN") {
		t.Errorf("no such machine: got error %v", err)
	}
}

func TestTokensOverTheWire(t *testing.T) {
	gone := errors.New("nobody waits")
	err := NewTokens(awstest.Open(t), gone).SendTaskSuccess(t.Context(), "no-such-token", json.RawMessage(`{}`))
	if !errors.Is(err, gone) {
		t.Errorf("got error %v, want that nobody waits", err)
	}
}
