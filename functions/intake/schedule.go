package intake

import (
	"context"
	"strings"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Scheduled is the detail of a "Scheduled Deployment" event: what EventBridge Scheduler is told
// to send.
type Scheduled struct {
	Scope deploy.Scope `json:"scope"`
	// Time is when it was due, as Scheduler writes it: one time is one deployment.
	Time string `json:"scheduledTime"`
}

// schedule deploys what is newest: the newest verified deployment of where the environment
// promotes from, or what its branch was last pushed to.
func (f Function) schedule(ctx context.Context, due Scheduled) (Result, error) {
	if due.Time == "" {
		return Result{}, fault.New(fault.Invalid, "the schedule's event has no scheduledTime; give it <aws.scheduler.scheduled-time>")
	}
	one, err := f.find(ctx, due.Scope)
	if err != nil {
		return Result{}, err
	}
	request := deploy.Request{
		Kind: deploy.KindDeploy, Scope: one.Scope, RequestedBy: "schedule", Reason: "scheduled for " + due.Time,
		Source: deploy.Source{Kind: deploy.FromSchedule, Repository: one.Repository},
	}
	var nothing string
	if from := one.Environment.PromoteFrom; from != "" {
		request.Promotes, err = admission.Newest(ctx, f.Ledger, admission.Sibling(one.Scope, from), "")
		nothing = from + " has verified nothing yet"
	} else {
		request.Release, err = f.head(ctx, one)
		request.Source.Commit, nothing = request.Release, "its branch was never pushed to"
	}
	if err != nil {
		return Result{}, err
	}
	if request.Promotes == "" && request.Release == "" {
		return Result{Reason: "there is nothing to deploy to " + one.Scope.String() + ": " + nothing}, nil
	}
	return f.admit(ctx, []admission.Order{{Key: "schedule " + due.Time, Request: request}}, "")
}

func (f Function) find(ctx context.Context, scope deploy.Scope) (deploy.Configured, error) {
	all, err := f.Services.All(ctx)
	if err != nil {
		return deploy.Configured{}, err
	}
	found, err := admission.Only(all, scope.Service, scope.Environment)
	if err == nil && found.Scope != scope {
		err = fault.New(fault.Invalid, "it is in region %s", found.Scope.Region)
	}
	if err != nil {
		return deploy.Configured{}, fault.New(fault.Invalid, "the schedule is for %s: %w", scope, err)
	}
	return found, nil
}

// head is what the first branch without a pattern was last pushed to; nothing when nobody did.
func (f Function) head(ctx context.Context, one deploy.Configured) (string, error) {
	for _, branch := range one.Environment.Branches {
		if strings.ContainsAny(branch, "*?[") {
			continue
		}
		head, err := f.Ledger.Head(ctx, one.Repository, branch)
		return head.Commit, err
	}
	return "", nil
}
