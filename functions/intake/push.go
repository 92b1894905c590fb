package intake

import (
	"context"
	"strings"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Push is the detail of a "Push" event.
type Push struct {
	Repository string `json:"repository"`
	Ref        string `json:"ref"`
	Branch     string `json:"branch"`
	Commit     string `json:"commit"`
	Subject    string `json:"subject"`
	Sender     string `json:"sender"`
	Key        string `json:"key"`
}

// push deploys to every environment that takes the branch.
func (f Function) push(ctx context.Context, push Push) (Result, error) {
	if push.Key == "" || push.Commit == "" || push.Repository == "" || push.Branch == "" {
		return Result{}, fault.New(fault.Invalid, "the push event names no repository, branch, commit or key")
	}
	all, err := f.Services.All(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := f.moveHead(ctx, push); err != nil {
		return Result{}, err
	}
	var orders []admission.Order
	for _, one := range all {
		if !strings.EqualFold(one.Repository, push.Repository) || !one.Environment.Takes(push.Branch) {
			continue
		}
		orders = append(orders, admission.Order{Key: push.Key, Request: deploy.Request{
			Kind: deploy.KindDeploy, Scope: one.Scope, Release: push.Commit,
			RequestedBy: one.Environment.MailOf(push.Sender), Reason: because("push to "+push.Branch, push.Subject),
			Source: deploy.Source{Kind: deploy.FromGitHub, Repository: push.Repository, Ref: push.Ref, Commit: push.Commit},
		}})
	}
	return f.admit(ctx, orders, "no environment deploys branch %q of %s", push.Branch, push.Repository)
}

// moveHead remembers what the branch was pushed to, once: a push that is delivered again after a
// newer one moves nothing back.
func (f Function) moveHead(ctx context.Context, push Push) error {
	mark, err := f.Ledger.Once(ctx, headMark, push.Key, push.Commit)
	if err != nil || mark.Done {
		return err
	}
	head := ledger.Head{Commit: push.Commit, Subject: push.Subject, By: push.Sender, At: f.Clock.Now()}
	if err := f.Ledger.SetHead(ctx, push.Repository, push.Branch, head); err != nil {
		return err
	}
	return f.Ledger.Finish(ctx, headMark, push.Key)
}

const headMark = "head"

func because(event, subject string) string {
	if subject == "" {
		return cut(event)
	}
	return cut(event + ": " + subject)
}
