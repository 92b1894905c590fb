package release_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/release"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
)

// stuck is a fleet in which nothing ever gets ready.
type stuck struct{}

func (stuck) Describe(context.Context, deploy.Scope, deploy.Slot) (deploy.SlotState, error) {
	return deploy.SlotState{}, nil
}

func (stuck) Run(context.Context, deploy.Lease, deploy.Scope, fleet.Order) (string, error) {
	return "task:1", nil
}

func TestGivesUpInTimeAndAfterFewRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var doc deploy.Document
		doc.Plan.Workload.Count = 2
		doc.Plan.Environment.Health = deploy.Health{ReadyWithinSeconds: 3600, PollSeconds: 1}
		s := release.Stage{Fleet: stuck{}, Clock: clock.System{}}
		begun, rounds := time.Now(), 0
		for {
			result, err := s.Handle(t.Context(), doc)
			if rounds++; err != nil {
				if took := time.Since(begun); !fault.Is(err, fault.Unhealthy) || took != time.Hour || rounds > 150 {
					t.Errorf("got %v after %s and %d rounds, want Unhealthy after an hour and at most 150", err, took, rounds)
				}
				return
			}
			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
			doc.Results.Release = result
		}
	})
}
