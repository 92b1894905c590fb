package sim_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

func TestApproval(t *testing.T) {
	configure := func(e *deploy.Environment) { e.Approval.Required = true }
	for name, test := range map[string]struct {
		act  func(w world)
		want deploy.Outcome
		err  string
	}{
		"approved": {func(w world) { w.vote(sim.Approver, approval.Approve, 200) }, deploy.Succeeded, ""},
		"rejected": {func(w world) { w.vote(sim.Second, approval.Reject, 200) }, deploy.Refused, "Pilotage.Rejected"},
		"expired":  {func(world) {}, deploy.Refused, "Pilotage.Expired"},
		"approved, and rejected by another a moment later": {func(w world) {
			w.vote(sim.Approver, approval.Approve, 200)
			w.vote(sim.Second, approval.Reject, 409)
		}, deploy.Succeeded, ""},
		"approved twice": {func(w world) {
			w.vote(sim.Approver, approval.Approve, 200)
			w.vote(sim.Approver, approval.Approve, 409)
		}, deploy.Succeeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
				w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
				synctest.Wait()
				test.act(w)
				_, err := w.Finish(t.Context(), "d1")
				w.must(err)
				w.ends("d1", test.want)
				entry, err := w.Ledger.Locate(t.Context(), "d1")
				w.must(err)
				if entry.Error.Error != test.err {
					t.Errorf("got error %s (%s), want %s", entry.Error.Error, entry.Error.Cause, test.err)
				}
				if test.want == deploy.Succeeded && (entry.Approval.By != sim.Approver || entry.Approval.PlanDigest != entry.Plan.Digest) {
					t.Errorf("got approval %+v of plan %s", entry.Approval, entry.Plan.Digest)
				}
			})
		})
	}
}

func (w world) vote(approver, decision string, want int) {
	w.t.Helper()
	status, err := w.Vote(w.t.Context(), approver, decision)
	if err != nil || status != want {
		w.t.Errorf("%s of %s: got status %d and error %v, want %d", decision, approver, status, err, want)
	}
	synctest.Wait()
}

func TestNeitherRequesterNorAuthorIsAsked(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Approval.Required = true }}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		synctest.Wait()
		for person, want := range map[string]bool{sim.Approver: true, sim.Second: true, sim.Requester: false, sim.Author: false} {
			if path, _ := w.Ballot(person); (path != "") != want {
				t.Errorf("%s was asked: %v, want %v", person, path != "", want)
			}
		}
	})
}

func TestPlanThatChangesDuringApprovalIsVotedOnAgain(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Approval.Required = true }}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		synctest.Wait()
		first, code := w.Ballot(sim.Second)
		w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds = 31 })
		w.vote(sim.Approver, approval.Approve, 200)
		second, _ := w.Ballot(sim.Second)
		if first == second {
			t.Fatal("no new ballot was made for the changed plan")
		}
		response, err := w.Browse(t.Context(), sim.Request(first, "decision=approve&code="+code))
		w.must(err)
		if response.StatusCode != 409 {
			t.Errorf("a ballot on the old plan: got status %d, want 409", response.StatusCode)
		}
		synctest.Wait()
		w.vote(sim.Second, approval.Approve, 200)
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.ends("d1", deploy.Succeeded)
		if !slices.Contains(run.Path, "YieldLock") {
			t.Errorf("got path %v, want YieldLock in it", run.Path)
		}
	})
}

func TestPlanThatKeepsChangingIsRefused(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Approval.Required = true }}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		synctest.Wait()
		for range 3 {
			w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds++ })
			w.vote(sim.Approver, approval.Approve, 200)
		}
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.ends("d1", deploy.Refused)
		want := "Replan: the plan changed 3 times while it was waiting for approval, the last time in schedule, configuration; ask again when the environment is quiet"
		if got := message(run.Cause); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
