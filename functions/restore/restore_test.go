package restore_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/restore"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
)

// slow is a database whose snapshots are never done.
type slow struct{}

func (slow) Restore(context.Context, deploy.Lease, string, string) (database.Snapshot, error) {
	return database.Snapshot{Status: database.Creating}, nil
}

func TestLongWaitsTakeFewRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var doc deploy.Document
		doc.Plan.SnapshotID, doc.Plan.Environment.Health.PollSeconds = "s1", 1
		doc.Results.Lock.Deadline = time.Now().Add(24 * time.Hour)
		s, rounds := restore.Stage{Backups: slow{}, Clock: clock.System{}}, 0
		for ; time.Now().Before(doc.Results.Lock.Deadline); rounds++ {
			result, err := s.Handle(t.Context(), doc)
			if err != nil || result.Ready {
				t.Fatalf("got %+v and error %v, want a wait", result, err)
			}
			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
			doc.Results.Restore = result
		}
		if rounds > 420 {
			t.Errorf("got %d rounds in a day, want at most 420", rounds)
		}
	})
}
