// Package ask is the stage that asks people to agree to a plan: it opens the vote, writes one
// mail to each approver with a link and a code, reminds those who have not decided, and closes
// the vote when its time is over.
package ask

import (
	"context"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

// Votes keeps votes.
type Votes interface {
	PutVote(ctx context.Context, id string, change func(*approval.Vote) error) error
	IndexBallot(ctx context.Context, ballot, vote string) error
}

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Catalog finds releases.
type Catalog interface {
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	admission.Marked
	Deployment(ctx context.Context, scope deploy.Scope, id string) (ledger.Deployment, error)
	Place(ctx context.Context, scope deploy.Scope, deployment string) (ledger.Place, error)
}

// Stage asks people.
type Stage struct {
	Votes    Votes
	Notifier Notifier
	Catalog  Catalog
	Ledger   Ledger
	Clock    clock.Clock
	Keys     approval.Keys
	// BaseURL is where approvers reach the decide function, without a slash at the end.
	BaseURL string
}

// Handle opens the vote on the document's plan, or looks at it again: it reminds people when it
// is time to. It says until when the execution has to wait before it asks again. A vote that is
// over is fault.Expired, one that was withdrawn fault.Locked; too few who may agree is fault.Denied.
// Repeating it writes to nobody twice.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.AskResult, error) {
	summary, err := s.summary(ctx, doc)
	if err != nil {
		return deploy.AskResult{}, err
	}
	now := s.Clock.Now()
	fresh, codes, err := approval.New(s.Keys, approval.Question{
		Deployment: doc.ID, Scope: doc.Request.Scope, Environment: doc.Plan.Environment, PlanDigest: doc.Plan.Digest, Round: doc.Results.Announce.Round,
		Headline: notify.Headline(doc), Summary: summary,
		RequestedBy: doc.Request.RequestedBy, Author: doc.Plan.Release.Author,
	}, now)
	if err != nil {
		return deploy.AskResult{}, err
	}
	var v approval.Vote
	err = s.Votes.PutVote(ctx, fresh.ID, func(known *approval.Vote) error {
		if known.ID == "" {
			*known = fresh
		}
		known.Expire(now)
		v = *known
		return nil
	})
	if err != nil {
		return deploy.AskResult{}, fmt.Errorf("open the vote on %s: %w", doc.ID, err)
	}
	if v.Void != "" {
		return deploy.AskResult{}, fault.New(fault.Locked, "%s", v.Void)
	}
	if v.Outcome.Kind == approval.Expired {
		return deploy.AskResult{}, fault.New(fault.Expired, "%s", v.Story())
	}
	if err := s.wanted(ctx, doc, v.ID); err != nil {
		return deploy.AskResult{}, err
	}
	if err := s.write(ctx, v, codes); err != nil {
		return deploy.AskResult{}, err
	}
	if err := s.remind(ctx, &v, codes, now); err != nil {
		return deploy.AskResult{}, err
	}
	return result(v, now), nil
}

// wanted reports whether the deployment still waits for people. It looks after the vote was opened: who
// takes a deployment out closes the votes that there are, and one opened at the same moment is seen by
// the one side or by the other. One that lost its place is fault.Locked, one whose record is closed
// fault.Halted.
func (s Stage) wanted(ctx context.Context, doc deploy.Document, vote string) error {
	place, err := s.Ledger.Place(ctx, doc.Request.Scope, doc.ID)
	if err != nil {
		return err
	}
	over := place.Lost()
	if over == nil {
		entry, err := s.Ledger.Deployment(ctx, doc.Request.Scope, doc.ID)
		if err != nil {
			return err
		}
		if entry.Open() {
			return nil
		}
		over = fault.New(fault.Halted, "the deployment is over already: it ended as %s", entry.Outcome)
	}
	err = s.Votes.PutVote(ctx, vote, func(v *approval.Vote) error {
		v.Withdraw(over.Error(), s.Clock.Now())
		return nil
	})
	if err != nil {
		return fmt.Errorf("withdraw the vote on %s: %w", doc.ID, err)
	}
	return over
}

// summary is the plan in words. Where nobody checked who asked, it says so: approvers must not take a
// name for a proof that it is not their own deployment which somebody agrees to.
func (s Stage) summary(ctx context.Context, doc deploy.Document) (string, error) {
	release, err := s.release(ctx, doc)
	if err != nil {
		return "", err
	}
	checked, err := admission.Checked(ctx, s.Ledger, doc.ID, doc.Request)
	if err != nil {
		return "", err
	}
	if !checked {
		doc.Request.RequestedBy += " (says the request: it was started by hand in Step Functions, where nobody checks the name)"
	}
	return notify.Describe(doc, release), nil
}

// release is what is going to be deployed, with its migrations. A rollback may go back to where
// there was none.
func (s Stage) release(ctx context.Context, doc deploy.Document) (deploy.Release, error) {
	if doc.Request.Kind == deploy.KindRollback {
		return deploy.Release{}, nil
	}
	return s.Catalog.Find(ctx, doc.Request.Scope.Service, doc.Plan.Release.Digest)
}

func result(v approval.Vote, now time.Time) deploy.AskResult {
	// Rounded up: a wait that ends before its time would ask once more for nothing.
	wait := int((v.WaitUntil(now).Sub(now) + time.Second - 1) / time.Second)
	made := deploy.AskResult{WaitSeconds: max(1, wait), Until: v.ExpiresAt}
	for _, b := range v.Ballots {
		made.Asked = append(made.Asked, b.Approver)
	}
	return made
}

// write makes the links work, and then writes to everybody who was not written to yet.
func (s Stage) write(ctx context.Context, v approval.Vote, codes map[string]string) error {
	for _, b := range v.Ballots {
		if err := s.Votes.IndexBallot(ctx, b.ID, v.ID); err != nil {
			return fmt.Errorf("index the ballot of %s: %w", b.Approver, err)
		}
		_, err := s.Notifier.Tell(ctx, []string{b.Approver}, notify.Message{
			ID: v.ID + "#approve", Scope: v.Scope, Subject: "[pilotage] approve " + v.Headline + "?",
			Body: s.mail(v, b, codes[b.Approver]),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// remind writes to those who have not decided, once before each end of the vote.
func (s Stage) remind(ctx context.Context, v *approval.Vote, codes map[string]string, now time.Time) error {
	if !v.RemindNow(now) {
		return nil
	}
	for _, approver := range v.Undecided() {
		b, _ := v.BallotOf(approver)
		_, err := s.Notifier.Tell(ctx, []string{approver}, notify.Message{
			ID: fmt.Sprintf("%s#remind#%d", v.ID, v.ExpiresAt.Unix()), Scope: v.Scope,
			Subject: "[pilotage] reminder: approve " + v.Headline + "?", Body: s.mail(*v, b, codes[approver]),
		})
		if err != nil {
			return err
		}
	}
	end := v.ExpiresAt
	return s.Votes.PutVote(ctx, v.ID, func(known *approval.Vote) error {
		known.RemindedOf = end
		*v = *known
		return nil
	})
}
