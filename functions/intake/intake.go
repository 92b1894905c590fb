// Package intake is the one door through which deployments begin: it turns an event from the
// bus into the start of an execution, once per event.
package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Starter starts executions. Starting the same name with the same input again is safe.
type Starter interface {
	Start(ctx context.Context, machine, name string, input json.RawMessage) (execution string, err error)
}

// Marks remembers which events were taken in.
type Marks interface {
	Once(ctx context.Context, kind, key, value string) (ledger.Mark, error)
}

// Services maps pushes to what they deploy.
type Services interface {
	// Targets are the scopes that a push to a branch of a repository is deployed to.
	Targets(ctx context.Context, repository, branch string) ([]deploy.Scope, error)
}

// Push is the detail of a "Push" event on the bus.
type Push struct {
	Repository string `json:"repository"`
	Ref        string `json:"ref"`
	Branch     string `json:"branch"`
	Commit     string `json:"commit"`
	Subject    string `json:"subject"`
	Sender     string `json:"sender"`
	Key        string `json:"key"`
}

// Result says which deployments an event led to.
type Result struct {
	Deployments []string `json:"deployments"`
	// Repeated says that they had been started before, by an earlier delivery.
	Repeated bool `json:"repeated"`
}

// Function takes events in.
type Function struct {
	Starter  Starter
	Marks    Marks
	Services Services
	Clock    clock.Clock
	// NewID makes a short random suffix for deployment ids.
	NewID func() string
}

// DeployMachine is the name under which Starter knows the deploy machine.
const DeployMachine = "deploy"

// Handle starts a deployment for each scope that the pushed branch is deployed to. The same
// push delivered again, at the same time or later, leads to the same deployments.
func (f Function) Handle(ctx context.Context, event struct {
	Detail Push `json:"detail"`
},
) (Result, error) {
	push := event.Detail
	if push.Key == "" || push.Commit == "" || push.Repository == "" {
		return Result{}, fault.New(fault.Invalid, "the push event names no repository, commit or key")
	}
	scopes, err := f.Services.Targets(ctx, push.Repository, push.Branch)
	if err != nil {
		return Result{}, err
	}
	var result Result
	for _, scope := range scopes {
		id, repeated, err := f.start(ctx, scope, push)
		if err != nil {
			return Result{}, err
		}
		result.Deployments = append(result.Deployments, id)
		result.Repeated = result.Repeated || repeated
	}
	return result, nil
}

func (f Function) start(ctx context.Context, scope deploy.Scope, push Push) (id string, repeated bool, err error) {
	fresh := NewDeploymentID(f.Clock.Now(), f.NewID())
	mark, err := f.Marks.Once(ctx, "event", push.Key+"#"+scope.String(), fresh)
	if err != nil {
		return "", false, err
	}
	request := deploy.Request{
		SchemaVersion: deploy.SchemaVersion, Kind: deploy.KindDeploy, Scope: scope, Release: push.Commit,
		RequestedBy: push.Sender, Reason: reason(push), RequestedAt: mark.At,
		Source: deploy.Source{Kind: "github", Repository: push.Repository, Ref: push.Ref, Commit: push.Commit, Key: push.Key},
	}
	input, err := json.Marshal(request)
	if err != nil {
		return "", false, fmt.Errorf("encode the request of %s: %w", mark.Value, err)
	}
	if _, err := f.Starter.Start(ctx, DeployMachine, mark.Value, input); err != nil {
		return "", false, fmt.Errorf("start deployment %s: %w", mark.Value, err)
	}
	return mark.Value, mark.Value != fresh, nil
}

func reason(push Push) string {
	subject := strings.TrimSpace(push.Subject)
	text := fmt.Sprintf("push to %s", push.Branch)
	if subject != "" {
		text += ": " + subject
	}
	if runes := []rune(text); len(runes) > 120 {
		text = string(runes[:120])
	}
	return text
}

// NewDeploymentID is an id that sorts by time: "20261124-031500-" and the suffix.
func NewDeploymentID(now time.Time, suffix string) string {
	return now.UTC().Format("20060102-150405") + "-" + suffix
}
