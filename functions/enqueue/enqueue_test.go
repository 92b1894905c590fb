package enqueue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/functions/enqueue"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// desk remembers whose votes were withdrawn, and why. It fails once for one.
type desk struct {
	withdrawn []string
	failsFor  string
}

func (d *desk) Withdraw(_ context.Context, deployment, kept, reason string) error {
	if deployment == d.failsFor {
		d.failsFor = ""
		return errors.New("throttled")
	}
	d.withdrawn = append(d.withdrawn, deployment+"|"+kept+"|"+reason)
	return nil
}

func document(id, policy string) deploy.Document {
	doc := deploy.Document{ID: id, Request: deploy.Request{Kind: deploy.KindDeploy, Scope: deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}}}
	doc.Plan.Release.Version = "1.1.0"
	doc.Plan.Environment.Queue.Policy = policy
	return doc
}

func queue(t *testing.T, f func(t *testing.T, s enqueue.Stage, d *desk)) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		f(t, enqueue.Stage{Queue: l, Desk: d, Clock: clock.System{}}, d)
	})
}

func arrive(t *testing.T, s enqueue.Stage, doc deploy.Document) deploy.EnqueueResult {
	t.Helper()
	result, err := s.Handle(t.Context(), doc)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestPolicySaysWhatBecomesOfThoseThatWait(t *testing.T) {
	for policy, supersedes := range map[string]bool{deploy.QueueWait: false, deploy.QueueReject: false, deploy.QueueSupersede: true} {
		t.Run(policy, func(t *testing.T) {
			queue(t, func(t *testing.T, s enqueue.Stage, d *desk) {
				arrive(t, s, document("d1", policy))
				arrive(t, s, document("d2", policy))
				got := arrive(t, s, document("d3", policy))
				ahead, superseded := []string{"d1", "d2"}, []string(nil)
				if supersedes {
					ahead, superseded = nil, []string{"d2"}
				}
				if !slices.Equal(got.Ahead, ahead) || !slices.Equal(got.Superseded, superseded) {
					t.Errorf("got %+v, want %v ahead and %v superseded", got, ahead, superseded)
				}
				var want []string
				if supersedes {
					want = []string{
						"d1||superseded by deployment d2 (app 1.1.0 to prod), which is newer",
						"d2||superseded by deployment d3 (app 1.1.0 to prod), which is newer",
					}
				}
				if !slices.Equal(d.withdrawn, want) {
					t.Errorf("withdrawn were %q, want %q", d.withdrawn, want)
				}
			})
		})
	}
}

// TestWhatFailedHalfWayIsFinished: a superseded deployment must not go on waiting for people.
func TestWhatFailedHalfWayIsFinished(t *testing.T) {
	queue(t, func(t *testing.T, s enqueue.Stage, d *desk) {
		arrive(t, s, document("d1", deploy.QueueWait))
		arrive(t, s, document("d2", deploy.QueueWait))
		d.failsFor = "d2"
		if _, err := s.Handle(t.Context(), document("d3", deploy.QueueSupersede)); err == nil {
			t.Error("the failure did not strike")
		}
		d.withdrawn = nil
		got := arrive(t, s, document("d3", deploy.QueueSupersede))
		if !slices.Equal(got.Superseded, []string{"d1", "d2"}) || len(d.withdrawn) != 2 {
			t.Errorf("got %+v, withdrawn %q, want both", got, d.withdrawn)
		}
	})
}
