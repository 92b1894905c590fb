// Package command takes what people ask for by command. It is reached at a function URL that
// only IAM identities may call: AWS says who it is, and pilotage.yaml says whom AWS means.
package command

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/strict"
)

// Door starts what is asked for, once.
type Door interface {
	Admit(ctx context.Context, order admission.Order) (admission.Admitted, error)
}

// Desk takes decisions.
type Desk interface {
	Take(ctx context.Context, vote string, choice approval.Choice) (approval.Vote, error)
	Deliver(ctx context.Context, v approval.Vote) error
}

// Services knows what is deployed where.
type Services interface {
	All(ctx context.Context) ([]deploy.Configured, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	Locate(ctx context.Context, id string) (ledger.Deployment, error)
	Votes(ctx context.Context, deployment string) ([]approval.Vote, error)
	PutVote(ctx context.Context, id string, change func(*approval.Vote) error) error
}

// Holds sets and lifts holds.
type Holds interface {
	Set(ctx context.Context, scope deploy.Scope, by, reason string) (ledger.Hold, error)
	Lift(ctx context.Context, scope deploy.Scope, by, reason string) (ledger.Hold, error)
}

// Function takes commands.
type Function struct {
	Door     Door
	Desk     Desk
	Services Services
	Ledger   Ledger
	Holds    Holds
	Clock    clock.Clock
}

const maxBody = 16 << 10

// Handle answers one command. The answer is JSON in every case: 400 for what cannot be
// understood, 401 and 403 for who may not, 409 for what is refused now. Repeating a command with
// its key is safe.
func (f Function) Handle(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	answer, err := f.answer(ctx, request)
	if err == nil {
		return respond(http.StatusOK, answer)
	}
	status, told := statusOf(err)
	if !told {
		return events.LambdaFunctionURLResponse{}, err
	}
	return respond(status, commands.Answer{As: answer.As, Class: fault.Of(err), Message: err.Error()})
}

func (f Function) answer(ctx context.Context, request events.LambdaFunctionURLRequest) (commands.Answer, error) {
	identity := identityOf(request)
	if identity == "" {
		return commands.Answer{}, fault.New(fault.Denied, "AWS named nobody; this URL takes signed requests only")
	}
	command, err := parse(request)
	if err != nil {
		return commands.Answer{}, err
	}
	caller, err := f.identify(ctx, identity, command)
	if err != nil {
		return commands.Answer{}, err
	}
	var answer commands.Answer
	switch command.Verb {
	case commands.Approve, commands.Reject, commands.Delay:
		answer, err = f.decide(ctx, caller, command)
	case commands.Show:
		answer, err = f.show(ctx, caller, command)
	case commands.Hold, commands.Lift:
		answer, err = f.hold(ctx, caller, command)
	default:
		answer, err = f.start(ctx, caller, command)
	}
	answer.As = caller.mail
	return answer, err
}

// identityOf is the ARN that AWS has verified the signature of; empty for none.
func identityOf(request events.LambdaFunctionURLRequest) string {
	if authorizer := request.RequestContext.Authorizer; authorizer != nil && authorizer.IAM != nil {
		return authorizer.IAM.UserARN
	}
	return ""
}

func parse(request events.LambdaFunctionURLRequest) (commands.Command, error) {
	if request.RequestContext.HTTP.Method != http.MethodPost {
		return commands.Command{}, fault.New(fault.Invalid, "commands are sent by POST")
	}
	body := []byte(request.Body)
	if request.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(request.Body)
		if err != nil {
			return commands.Command{}, fault.New(fault.Invalid, "the body cannot be read: %w", err)
		}
		body = decoded
	}
	if len(body) > maxBody {
		return commands.Command{}, fault.New(fault.Invalid, "the body has %d bytes; %d are the most", len(body), maxBody)
	}
	var command commands.Command
	if err := strict.Decode(body, &command); err != nil {
		return commands.Command{}, err
	}
	return command, command.Check()
}

// caller is who asks, and about which scope.
type caller struct {
	mail string
	// at is the scope of the command, with its configuration.
	at deploy.Configured
}

// identify finds the scope of a command and, in its configuration, the person whom AWS means.
func (f Function) identify(ctx context.Context, identity string, command commands.Command) (caller, error) {
	all, err := f.Services.All(ctx)
	if err != nil {
		return caller{}, err
	}
	at, err := f.scope(ctx, all, command)
	if err != nil {
		return caller{}, err
	}
	known := slices.IndexFunc(at.Environment.People, func(p deploy.Person) bool { return p.Identity == identity })
	if known < 0 {
		return caller{}, fault.New(fault.Denied, "AWS knows you as %s, and nobody among the people of %s has this identity; add it to pilotage.yaml", identity, at.Scope)
	}
	return caller{mail: at.Environment.People[known].Mail, at: at}, nil
}

// scope is that of the deployment that a command is about, or else the one that it names. Who may
// decide on a deployment is said by where it goes, and by nothing that the command says: it is
// fault.Invalid when the two differ.
func (f Function) scope(ctx context.Context, all []deploy.Configured, command commands.Command) (deploy.Configured, error) {
	if !command.AboutDeployment() {
		return admission.Only(all, command.Service, command.Environment)
	}
	entry, err := f.Ledger.Locate(ctx, command.Deployment)
	if err != nil {
		return deploy.Configured{}, err
	}
	for given, is := range map[string]string{command.Environment: entry.Scope.Environment, command.Service: entry.Scope.Service} {
		if given != "" && given != is {
			return deploy.Configured{}, fault.New(fault.Invalid, "deployment %s is one of %s, not of %s", entry.ID, is, given)
		}
	}
	return admission.Only(all, entry.Scope.Service, entry.Scope.Environment)
}

// statusOf is the HTTP status of an error, and whether its caller may be told. Others are
// failures of ours, which Lambda answers with 502.
func statusOf(err error) (status int, told bool) {
	switch fault.Of(err) {
	case fault.Invalid:
		return http.StatusBadRequest, true
	case fault.Denied:
		return http.StatusForbidden, true
	case fault.Rejected, fault.Locked, fault.Expired:
		return http.StatusConflict, true
	case fault.Transient:
		return http.StatusServiceUnavailable, true
	}
	return 0, false
}

func respond(status int, answer commands.Answer) (events.LambdaFunctionURLResponse, error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return events.LambdaFunctionURLResponse{}, fmt.Errorf("encode the answer: %w", err)
	}
	return events.LambdaFunctionURLResponse{
		StatusCode: status, Body: string(text) + "\n",
		Headers: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
	}, nil
}
