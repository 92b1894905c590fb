// Package restore is the stage that replaces a database by its snapshot. What was written
// since the snapshot is lost, so only a person starts this.
package restore

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Backups restores snapshots.
type Backups interface {
	Restore(ctx context.Context, lease deploy.Lease, instance, id string) (database.Snapshot, error)
}

// Stage restores databases.
type Stage struct {
	Backups Backups
	Clock   clock.Clock
}

// Handle restores the plan's snapshot, or says how far that is. A restore that failed is
// fault.Internal. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.RestoreResult, error) {
	instance := doc.Plan.Environment.Database.Instance
	snapshot, err := s.Backups.Restore(ctx, doc.Lease(), instance, doc.Plan.SnapshotID)
	if err != nil {
		return deploy.RestoreResult{}, err
	}
	result := deploy.RestoreResult{Instance: instance}
	switch snapshot.Status {
	case database.Available:
		result.Ready = true
	case database.Creating:
		now := s.Clock.Now()
		if result.Since = doc.Results.Restore.Since; result.Since.IsZero() {
			result.Since = now
		}
		result.WaitSeconds = deploy.PollSeconds(doc.Plan.Environment.Health.PollSeconds, now.Sub(result.Since), doc.Results.Lock.Deadline.Sub(result.Since))
		result.Reason = fmt.Sprintf("the restore of %s is at %d %%", doc.Plan.SnapshotID, snapshot.Percent)
	default:
		return deploy.RestoreResult{}, fault.New(fault.Internal, "restore %s from %s: %s %s", instance, doc.Plan.SnapshotID, snapshot.Status, snapshot.Reason)
	}
	return result, nil
}
