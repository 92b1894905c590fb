// Package backup is the stage that takes a snapshot of the database.
package backup

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Backups takes snapshots.
type Backups interface {
	CreateSnapshot(ctx context.Context, lease deploy.Lease, instance, id string) error
	Snapshot(ctx context.Context, instance, id string) (database.Snapshot, error)
}

// Stage takes snapshots.
type Stage struct {
	Backups Backups
	Clock   clock.Clock
}

// Handle starts the snapshot that the plan names, or says how far it is. A plan without a
// snapshot is ready at once. A snapshot that failed is fault.Internal. Repeating it is safe:
// the name derives from the deployment.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.BackupResult, error) {
	result := deploy.BackupResult{SnapshotID: doc.Plan.SnapshotID}
	if doc.Plan.SnapshotID == "" {
		result.Ready = true
		return result, nil
	}
	instance := doc.Plan.Environment.Database.Instance
	snapshot, err := s.Backups.Snapshot(ctx, instance, doc.Plan.SnapshotID)
	if err != nil {
		return deploy.BackupResult{}, err
	}
	if snapshot.Status == database.Absent {
		if err := s.Backups.CreateSnapshot(ctx, doc.Lease(), instance, doc.Plan.SnapshotID); err != nil {
			return deploy.BackupResult{}, err
		}
	}
	switch snapshot.Status {
	case database.Available:
		result.Ready, result.At, result.Bytes = true, snapshot.At, snapshot.Bytes
	case database.Failed:
		return deploy.BackupResult{}, fault.New(fault.Internal, "snapshot %s of %s failed: %s", doc.Plan.SnapshotID, instance, snapshot.Reason)
	default:
		now := s.Clock.Now()
		if result.Since = doc.Results.Backup.Since; result.Since.IsZero() {
			result.Since = now
		}
		result.WaitSeconds = deploy.PollSeconds(doc.Plan.Environment.Health.PollSeconds, now.Sub(result.Since), doc.Results.Lock.Deadline.Sub(result.Since))
		result.Reason = fmt.Sprintf("snapshot %s is at %d %%", doc.Plan.SnapshotID, snapshot.Percent)
	}
	return result, nil
}
