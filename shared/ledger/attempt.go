package ledger

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
)

// recent is how many entries AmendAttempts looks through: attempts are among the newest.
const recent = 50

// AmendAttempts lets change edit every open rollback of a deployment: those that were stopped
// or lost their lease, once another one has come to an end in their place. Repeating it is
// safe. change may be called more than once.
func (l *Ledger) AmendAttempts(ctx context.Context, scope deploy.Scope, deployment string, change func(*Deployment)) error {
	entries, err := l.Deployments(ctx, scope, recent)
	if err != nil {
		return err
	}
	for _, attempt := range entries {
		same := attempt.Plan.Undoes == deployment || attempt.Request.Rollback.Deployment == deployment
		if attempt.Kind != deploy.KindRollback || !attempt.Open() || !same {
			continue
		}
		if err := l.Amend(ctx, scope, attempt.ID, change); err != nil {
			return err
		}
	}
	return nil
}
