package statemachine_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// limited is the times of a state.
type limited struct {
	Type           string
	TimeoutSeconds any
	Next           string
	Default        string
	Retry          []struct {
		IntervalSeconds, MaxAttempts, BackoffRate, MaxDelaySeconds int
	}
}

func limits(t *testing.T, definition []byte) map[string]limited {
	t.Helper()
	var machine struct{ States map[string]limited }
	if err := json.Unmarshal(definition, &machine); err != nil {
		t.Fatalf("decode the definition: %v", err)
	}
	return machine.States
}

// patience is how long the retries of a state wait in total, at most.
func (s limited) patience() time.Duration {
	var total time.Duration
	for _, r := range s.Retry {
		for delay, i := r.IntervalSeconds, 0; i < r.MaxAttempts; delay, i = delay*r.BackoffRate, i+1 {
			total += time.Duration(min(delay, r.MaxDelaySeconds)) * time.Second
		}
	}
	return total
}

// TestRetriesOutlastAnOutage: a rollback that gives up at a short outage of a service pages.
func TestRetriesOutlastAnOutage(t *testing.T) {
	for name, definition := range definitions() {
		for task, state := range limits(t, definition) {
			if got, want := state.patience(), 2*time.Minute; state.Type == "Task" && got < want {
				t.Errorf("%s: the retries of %s last %s, want %s", name, task, got, want)
			}
		}
	}
}

// TestLeaseOutlastsEveryState: a lease that ends while its execution works is anybody's. It is
// renewed as each function begins.
func TestLeaseOutlastsEveryState(t *testing.T) {
	for name, definition := range definitions() {
		states := limits(t, definition)
		for task, state := range states {
			seconds, fixed := state.TimeoutSeconds.(float64)
			if !fixed {
				continue // people are waited for without the lock, and a child has a lease of its own
			}
			needed := time.Duration(seconds)*time.Second + state.patience()
			if after := states[state.Next]; after.Type == "Choice" && states[after.Default].Type == "Wait" {
				needed += deploy.LongestWait
			}
			if needed >= ledger.DefaultLease {
				t.Errorf("%s: %s may take %s with its retries and the wait after it, and a lease lasts %s", name, task, needed, ledger.DefaultLease)
			}
		}
	}
}
