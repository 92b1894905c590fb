package sim_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

// ended are the deployments in the order of their ends, with their outcomes.
func (w world) ended(ids ...string) string {
	w.t.Helper()
	type end struct {
		id, outcome string
		at          time.Time
	}
	var ends []end
	for _, id := range ids {
		entry, err := w.Ledger.Locate(w.t.Context(), id)
		w.must(err)
		ends = append(ends, end{id, string(entry.Outcome), entry.EndedAt})
	}
	slices.SortStableFunc(ends, func(a, b end) int { return a.at.Compare(b.at) })
	var words []string
	for _, one := range ends {
		words = append(words, one.id+" "+one.outcome)
	}
	return strings.Join(words, ", ")
}

// begin starts deployments a second apart; each is at rest before the next one comes.
func (w world) begin(releases ...string) {
	w.t.Helper()
	for i, release := range releases {
		w.must(w.Start(w.t.Context(), "d"+string(rune('1'+i)), sim.Deployment(release)))
		time.Sleep(time.Second)
		synctest.Wait()
	}
}

func TestQueueKeepsTheOrderOfArrival(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		// The second and the third wait for the first; the third must not get ahead.
		w.begin("1.1.0", "1.2.0", "1.1.0")
		_, err := w.Finish(t.Context(), "d3")
		w.must(err)
		if got := w.ended("d1", "d2", "d3"); got != "d1 succeeded, d2 succeeded, d3 succeeded" {
			t.Errorf("got %s", got)
		}
	})
}

func TestNewestTakesThePlaceOfThoseThatWait(t *testing.T) {
	configure := func(e *deploy.Environment) { e.Queue.Policy = deploy.QueueSupersede }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.begin("1.1.0", "1.1.0", "1.2.0")
		run, err := w.Finish(t.Context(), "d2")
		w.must(err)
		if got := w.ended("d1", "d2", "d3"); got != "d2 refused, d1 succeeded, d3 succeeded" {
			t.Errorf("got %s", got)
		}
		if !strings.Contains(run.Cause, "superseded by deployment d3") {
			t.Errorf("d2 ended with %q, which does not point to d3", run.Cause)
		}
		w.sound()
	})
}

func TestSupersededWhileItWaitsForPeople(t *testing.T) {
	configure := func(e *deploy.Environment) { e.Queue.Policy, e.Approval.Required = deploy.QueueSupersede, true }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.begin("1.1.0")
		old, code := w.Ballot(sim.Approver)
		page, err := w.Browse(t.Context(), sim.Request(old, ""))
		w.must(err)
		w.must(w.Start(t.Context(), "d2", sim.Deployment("1.2.0")))
		synctest.Wait()
		entry, err := w.Ledger.Locate(t.Context(), "d1")
		w.must(err)
		if entry.Outcome != deploy.Refused || entry.Error.Error != "Pilotage.Locked" || !strings.Contains(entry.Error.Cause, "superseded by deployment d2 (running-app 1.2.0 to production), which is newer") {
			t.Errorf("d1 is %s: %+v", entry.Outcome, entry.Error)
		}
		for _, body := range []string{"", "decision=approve&code=" + code + "&plan=" + sim.Plan(page.Body)} {
			shown, err := w.Browse(t.Context(), sim.Request(old, body))
			w.must(err)
			if !strings.Contains(shown.Body, "superseded by deployment d2") {
				t.Errorf("the old link shows\n%s", shown.Body)
			}
		}
		w.vote(sim.Approver, approval.Approve, 200)
		_, err = w.Finish(t.Context(), "d2")
		w.must(err)
		w.ends("d2", deploy.Succeeded)
		if mails := w.mails(sim.Team, "running-app 1.1.0 to production: refused"); len(mails) != 1 {
			t.Errorf("the team was told %d times of the refusal, want once", len(mails))
		}
	})
}

// TestWhoIsAtWorkIsNotSuperseded: changing one's mind in the middle is a rollback, not a queue.
func TestWhoIsAtWorkIsNotSuperseded(t *testing.T) {
	configure := func(e *deploy.Environment) { e.Queue.Policy = deploy.QueueSupersede }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.begin("1.1.0", "1.2.0")
		_, err := w.Finish(t.Context(), "d2")
		w.must(err)
		if got := w.ended("d1", "d2"); got != "d1 succeeded, d2 succeeded" {
			t.Errorf("got %s", got)
		}
	})
}

// TestStoppedInTheQueueHoldsUpNobody: the watchdog takes its place away, and the next one goes on.
func TestStoppedInTheQueueHoldsUpNobody(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.begin("1.1.0", "1.2.0", "1.2.0")
		for _, execution := range w.Engine.List(t.Context(), "deploy") {
			if execution.Name == "d2" {
				w.must(w.Engine.Stop(t.Context(), execution.Arn, "", "not needed"))
			}
		}
		_, err := w.Finish(t.Context(), "d3")
		w.must(err)
		if got := w.ended("d1", "d2", "d3"); got != "d2 refused, d1 succeeded, d3 succeeded" {
			t.Errorf("got %s", got)
		}
		w.sound()
	})
}

// TestRefusedLeavesNoPlaceBehind: who waits for people, or for the lock, and is refused leaves
// no place behind.
func TestRefusedLeavesNoPlaceBehind(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Approval.Required = true }}, func(t *testing.T, w world) {
		w.begin("1.1.0")
		w.vote(sim.Approver, approval.Reject, 200)
		place, err := w.Ledger.Turn(t.Context(), sim.Scope(), "next")
		w.must(err)
		if len(place.Ahead) > 0 {
			t.Errorf("%v are ahead of the next, want nobody", place.Ahead)
		}
	})
}
