// Package approve is the stage that asks people to agree to a plan: it writes one mail to each
// approver, with a link and a code. The decision comes in through package decide.
package approve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

// Ballots keeps what is voted on.
type Ballots interface {
	PutBallot(ctx context.Context, id string, change func(*ledger.Ballot) error) error
}

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Catalog finds releases.
type Catalog interface {
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
}

// Stage asks for approval.
type Stage struct {
	Ballots  Ballots
	Notifier Notifier
	Catalog  Catalog
	Clock    clock.Clock
	// BaseURL is where approvers reach the decide function, without a slash at the end.
	BaseURL string
	// Secret keys the derivation of ballot ids and codes, so that a repeated invocation makes
	// the same ones; at least 32 bytes.
	Secret []byte
}

// Handle creates a ballot for each approver and writes to them. Neither the requester nor the
// author is asked; nobody left to ask is fault.Denied. It returns as soon as the mails are
// out; the execution waits for its task token. Repeating it writes to nobody twice.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.ApproveResult, error) {
	approvers := eligible(doc)
	if len(approvers) == 0 {
		return deploy.ApproveResult{}, fault.New(fault.Denied, "nobody can approve this: the approvers of %s are only %s, who asked for it or wrote it",
			doc.Request.Scope.Environment, strings.Join(doc.Plan.Environment.Approval.Approvers, ", "))
	}
	release, err := s.Catalog.Find(ctx, doc.Request.Scope.Service, doc.Plan.Release.Digest)
	if err != nil {
		return deploy.ApproveResult{}, err
	}
	summary := notify.Describe(doc, release.Changes)
	for _, approver := range approvers {
		if err := s.ask(ctx, doc, approver, summary); err != nil {
			return deploy.ApproveResult{}, err
		}
	}
	return deploy.ApproveResult{}, nil
}

func eligible(doc deploy.Document) []string {
	return slices.DeleteFunc(slices.Clone(doc.Plan.Environment.Approval.Approvers), func(approver string) bool {
		return strings.EqualFold(approver, doc.Request.RequestedBy) || strings.EqualFold(approver, doc.Plan.Release.Author)
	})
}

func (s Stage) ask(ctx context.Context, doc deploy.Document, approver, summary string) error {
	id, code := s.derive(doc, approver)
	expires := s.Clock.Now().Add(time.Duration(doc.Plan.Environment.Approval.ExpiresSeconds) * time.Second)
	err := s.Ballots.PutBallot(ctx, id, func(ballot *ledger.Ballot) error {
		if ballot.ID != "" {
			// A repeated invocation has a new task token, and only that.
			ballot.TaskToken = doc.TaskToken
			return nil
		}
		*ballot = ledger.Ballot{
			ID: id, Deployment: doc.ID, Scope: doc.Request.Scope, Approver: approver, PlanDigest: doc.Plan.Digest,
			Summary: summary, CodeHash: Hash(id, code), TaskToken: doc.TaskToken, ExpiresAt: expires,
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("create the ballot of %s: %w", approver, err)
	}
	_, err = s.Notifier.Tell(ctx, []string{approver}, notify.Message{
		ID: doc.ID + "#approve#" + doc.Plan.Digest, Scope: doc.Request.Scope,
		Subject: "[pilotage] approve " + notify.Headline(doc) + "?",
		Body:    mail(summary, s.BaseURL+"/approve/"+id, code, expires),
	})
	return err
}

func mail(summary, link, code string, expires time.Time) string {
	return fmt.Sprintf(`%s
To decide, open

  %s

and enter this code there:

  %s

Opening the page decides nothing. The code is yours alone and works once,
until %s.
`, summary, link, code, expires.UTC().Format("2006-01-02 15:04 MST"))
}
