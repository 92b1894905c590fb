// Package announce is the stage that tells the team what is about to be done, and what was
// left to be done.
package announce

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/notify"
)

// Notifier tells people once.
type Notifier interface {
	Tell(ctx context.Context, to []string, message notify.Message) ([]string, error)
}

// Stage tells people.
type Stage struct{ Notifier Notifier }

// Handle tells the team of the plan, or of what could not be tidied up when it runs as
// ReportLeftover. Repeating it sends nothing twice.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.AnnounceResult, error) {
	round := doc.Results.Announce.Round + 1
	message := notify.Message{
		ID: fmt.Sprintf("%s#announce#%d", doc.ID, round), Scope: doc.Request.Scope,
		Subject: "[pilotage] " + notify.Headline(doc) + ": starting",
		Body:    notify.Describe(doc, deploy.Release{}),
	}
	if doc.Plan.ApprovalRequired {
		message.Subject = "[pilotage] " + notify.Headline(doc) + ": waiting for approval"
	}
	if doc.Stage == "ReportLeftover" {
		message.ID = doc.ID + "#leftover"
		message.Subject = "[pilotage] " + notify.Headline(doc) + ": something is left to tidy up"
		message.Body = fmt.Sprintf("The release is live and stays so. Stage %s did not finish:\n%s\nThe next deployment takes it up.\n", doc.Error.Stage, doc.Error.Cause)
	}
	told, err := s.Notifier.Tell(ctx, doc.Plan.Environment.Notify.Team, message)
	return deploy.AnnounceResult{Told: told, Round: round}, err
}
