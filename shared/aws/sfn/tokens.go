package sfn

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/pilotage/pilotage/shared/aws/awserr"
)

// answerer is the calls that Tokens makes.
type answerer interface {
	SendTaskSuccess(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
	SendTaskFailure(context.Context, *sfn.SendTaskFailureInput, ...func(*sfn.Options)) (*sfn.SendTaskFailureOutput, error)
}

// Tokens tells waiting executions how they go on. It is safe for concurrent use.
type Tokens struct {
	api        answerer
	notWaiting error
}

// NewTokens makes Tokens whose errors wrap notWaiting when no execution waits for a token any
// more. It makes no call.
func NewTokens(cfg aws.Config, notWaiting error) Tokens {
	return Tokens{api: sfn.NewFromConfig(cfg), notWaiting: notWaiting}
}

// What SendTaskFailure takes, in characters.
const (
	maxError = 256
	maxCause = 32768
)

// SendTaskSuccess lets a waiting execution go on. After a lost reply the next attempt finds
// nobody waiting.
func (t Tokens) SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error {
	_, err := t.api.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{TaskToken: aws.String(token), Output: aws.String(string(output))})
	return t.wrap(err, "SendTaskSuccess")
}

// SendTaskFailure fails the state that waits, with an error of the class. A cause that is too
// long is cut.
func (t Tokens) SendTaskFailure(ctx context.Context, token, class, cause string) error {
	_, err := t.api.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{
		TaskToken: aws.String(token), Error: aws.String(cut(class, maxError)), Cause: aws.String(cut(cause, maxCause)),
	})
	return t.wrap(err, "SendTaskFailure")
}

func (t Tokens) wrap(err error, action string) error {
	if awserr.Is(err, "TaskDoesNotExist", "TaskTimedOut", "InvalidToken") {
		return fmt.Errorf("%w: %w", t.notWaiting, err)
	}
	// The token itself is a secret: who has it decides.
	return awserr.Wrap(err, awserr.Call{Doing: "answer a task token", Action: "states:" + action, Setting: "the region of the execution"})
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
