package plan

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// overtaken refuses what nobody asked for by name when its release had to be waited for, and what
// began after it has gone live meanwhile: users would get older code than they have. The lock is
// held, so that nobody else is on the way there.
func (s Stage) overtaken(ctx context.Context, doc deploy.Document) error {
	since := doc.Results.Validate.Since
	if since.IsZero() || !doc.Request.Source.Automatic() {
		return nil
	}
	live, err := s.Ledger.Live(ctx, doc.Request.Scope)
	if err != nil || !live.Known() {
		return err
	}
	newer, err := s.Ledger.Locate(ctx, live.Deployment)
	if err != nil {
		return err
	}
	if newer.StartedAt.After(since) {
		return fault.New(fault.Locked, "superseded by deployment %s, which is newer and went live while this one's release was waited for", newer.ID)
	}
	return nil
}
