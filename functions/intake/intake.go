// Package intake turns events from the bus into deployments: pushes to GitHub, pipelines of
// CodePipeline, and schedules. Each event starts a deployment once.
package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Door starts what is asked for, once.
type Door interface {
	Admit(ctx context.Context, order admission.Order) (admission.Admitted, error)
}

// Services knows what is deployed where.
type Services interface {
	// All is every scope with its configuration.
	All(ctx context.Context) ([]deploy.Configured, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	Once(ctx context.Context, kind, key, value string) (ledger.Mark, error)
	Finish(ctx context.Context, kind, key string) error
	SetHead(ctx context.Context, repository, branch string, head ledger.Head) error
	Head(ctx context.Context, repository, branch string) (ledger.Head, error)
	Deployments(ctx context.Context, scope deploy.Scope, limit int) ([]ledger.Deployment, error)
}

// Pipelines knows what executions of CodePipeline were about.
type Pipelines interface {
	// Commits are the commits that an execution took from its sources, each once.
	Commits(ctx context.Context, pipeline, execution string) ([]string, error)
}

// Event is an event of the bus.
type Event struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Time       time.Time       `json:"time"`
	Detail     json.RawMessage `json:"detail"`
}

// Result says which deployments an event led to.
type Result struct {
	Deployments []admission.Admitted `json:"deployments,omitempty"`
	// Reason says why there are none, or not everywhere.
	Reason string `json:"reason,omitempty"`
}

// Function takes events in.
type Function struct {
	Door      Door
	Services  Services
	Ledger    Ledger
	Pipelines Pipelines
	Clock     clock.Clock
}

// The events that are taken in, by source and detail type.
const (
	PushSource       = "pilotage.github"
	PushType         = "Push"
	ScheduleSource   = "pilotage.schedule"
	ScheduleType     = "Scheduled Deployment"
	PipelineSource   = "aws.codepipeline"
	PipelineEnded    = "CodePipeline Pipeline Execution State Change"
	PipelineStageEnd = "CodePipeline Stage Execution State Change"
)

// Handle starts the deployments that an event asks for. The same event delivered again, at the
// same time or later, leads to the same deployments. An event that nobody asked for is a result
// with a reason; one that cannot be read is fault.Invalid.
func (f Function) Handle(ctx context.Context, event Event) (Result, error) {
	switch event.Source + " " + event.DetailType {
	case PushSource + " " + PushType:
		return handle(ctx, event, f.push)
	case PipelineSource + " " + PipelineEnded, PipelineSource + " " + PipelineStageEnd:
		return handle(ctx, event, f.pipeline)
	case ScheduleSource + " " + ScheduleType:
		return handle(ctx, event, f.schedule)
	}
	return Result{}, fault.New(fault.Invalid, "the event %q of %q is none that deployments begin with", event.DetailType, event.Source)
}

func handle[D any](ctx context.Context, event Event, take func(context.Context, D) (Result, error)) (Result, error) {
	var detail D
	if err := json.Unmarshal(event.Detail, &detail); err != nil {
		return Result{}, fault.New(fault.Invalid, "read the detail of the event %q: %w", event.DetailType, err)
	}
	return take(ctx, detail)
}

// admit starts orders one after the other, each whatever comes of the others. Repeating the event
// finishes what failed.
func (f Function) admit(ctx context.Context, orders []admission.Order, otherwise string, args ...any) (Result, error) {
	if len(orders) == 0 {
		return Result{Reason: fmt.Sprintf(otherwise, args...)}, nil
	}
	var result Result
	var failed []error
	for _, order := range orders {
		admitted, err := f.Door.Admit(ctx, order)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		result.Deployments = append(result.Deployments, admitted)
	}
	return result, errors.Join(failed...)
}

// cut bounds a reason that was put together from others' texts.
func cut(text string) string {
	const most = 200
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
