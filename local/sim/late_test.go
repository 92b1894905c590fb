package sim_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

// TestNobodyIsAskedAboutWhatLostItsPlace: the newer one came between Enqueue and Ask, when there was no
// vote to withdraw.
func TestNobodyIsAskedAboutWhatLostItsPlace(t *testing.T) {
	configure := func(e *deploy.Environment) { voting(e); e.Queue.Policy = deploy.QueueSupersede }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.OnEnter("deploy", "Announce", func(string) {
			w.must(w.Start(t.Context(), "d2", sim.Deployment("1.2.0")))
			time.Sleep(10 * time.Second)
		})
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		time.Sleep(time.Minute)
		synctest.Wait()
		entry, err := w.Ledger.Locate(t.Context(), "d1")
		w.must(err)
		if entry.Outcome != deploy.Refused || entry.Error.Stage != "Ask" || !strings.Contains(entry.Error.Cause, "superseded by deployment d2") {
			t.Errorf("d1 is %q because of %+v, want it refused by now", entry.Outcome, entry.Error)
		}
		if asked := w.mails(sim.Approver, "approve "); len(asked) != 1 || !strings.Contains(asked[0], "1.2.0") {
			t.Errorf("asked by %q, want about 1.2.0 only", asked)
		}
	})
}

// TestAskThatEndsAfterTheWatchdogAsksNobody: a function runs on when its execution is stopped.
func TestAskThatEndsAfterTheWatchdogAsksNobody(t *testing.T) {
	bubble(t, sim.Options{Configure: voting}, func(t *testing.T, w world) {
		w.StopAt("deploy", "Ask")
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		history, err := w.Engine.History(t.Context(), run.Arn)
		w.must(err)
		doc := ""
		for _, event := range history {
			if event.StateExited != nil && event.StateExited.AssignedVariables["doc"] != "" {
				doc = event.StateExited.AssignedVariables["doc"]
			}
		}
		_, err = w.Call(t.Context(), "Ask", []byte(`{"stage":"Ask",`+strings.TrimPrefix(doc, "{")))
		if err == nil || !strings.Contains(err.Error(), "over already: it ended as refused") {
			t.Errorf("got error %v", err)
		}
		votes, err := w.Ledger.Votes(t.Context(), "d1")
		w.must(err)
		if len(votes) != 1 || votes[0].Void == "" || len(w.mails(sim.Approver, "approve ")) > 0 {
			t.Errorf("got votes %+v and mails %q, want a void one and nobody asked", votes, w.mails(sim.Approver, "approve "))
		}
	})
}

// TestRecordHasTheLedgersApproval: whoever has the token may say what they like to the execution.
func TestRecordHasTheLedgersApproval(t *testing.T) {
	asked(t, func(w world) {
		votes, err := w.Ledger.Votes(w.t.Context(), "d1")
		w.must(err)
		w.must(w.Engine.SendTaskSuccess(w.t.Context(), votes[0].TaskToken,
			[]byte(`{"by":"leslie@example.com, tony@example.com","at":"2000-01-01T00:00:00Z","planDigest":"`+votes[0].PlanDigest+`"}`)))
	}, func(w world, _ sim.Run) {
		told := 0
		for _, mail := range w.Mails() {
			if !strings.Contains(mail.Subject, ": refused") {
				continue
			}
			told++
			if strings.Contains(mail.Body, "leslie@example.com, tony@example.com") || strings.Contains(mail.Body, "errorMessage") {
				w.t.Errorf("it says who approved, or how Lambda writes errors:\n%s", mail.Body)
			}
		}
		if told == 0 {
			w.t.Error("nobody was told that it was refused")
		}
	})
}

// TestRefusedRollbackIsNotTakenOver: a person wrote the mode that pilotage goes back under, and the
// refusal could not be recorded.
func TestRefusedRollbackIsNotTakenOver(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Rollback.ApprovalRequired = true }}, func(t *testing.T, w world) {
		w.run("d1", sim.Deployment("1.1.0"))
		w.FailAt(sim.Fault{At: "Archive.Put", Attempt: 1, Moment: sim.Before, Error: "Pilotage.Internal"})
		w.must(w.Start(t.Context(), "r1", sim.Rollback(deploy.Automatic, "d1")))
		_, err := w.Finish(t.Context(), "r1")
		w.must(err)
		for _, execution := range w.Engine.List(t.Context(), "rollback") {
			if execution.Name != "r1" {
				t.Errorf("%s was started", execution.Name)
			}
		}
		live, err := w.Ledger.Locate(t.Context(), "d1")
		w.must(err)
		refused, err := w.Ledger.Locate(t.Context(), "r1")
		w.must(err)
		if w.Struck() == 0 || live.UndoneBy != "" || refused.Outcome != deploy.Refused {
			t.Errorf("d1 was undone by %q, and r1 is %q", live.UndoneBy, refused.Outcome)
		}
	})
}

// TestRoundsCountThoughNobodyCouldBeTold: a plan that comes back is asked about anew.
func TestRoundsCountThoughNobodyCouldBeTold(t *testing.T) {
	configure := func(e *deploy.Environment) {
		e.Rollback.ApprovalRequired, e.Approval.ExpiresSeconds = true, 86400
	}
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.run("d1", sim.Deployment("1.1.0"))
		for attempt := 2; attempt < 40; attempt++ {
			w.FailAt(sim.Fault{Machine: "rollback", At: "Announce", Attempt: attempt, Moment: sim.Before, Error: "Pilotage.Internal"})
		}
		w.must(w.Start(t.Context(), "r1", sim.Rollback(deploy.Standard, "d1")))
		synctest.Wait()
		for round := range 3 {
			w.firstBake(70 + round%2)
			w.vote(sim.Approver, approval.Approve, 200)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		entry, err := w.Ledger.Locate(t.Context(), "r1")
		w.must(err)
		votes, err := w.Ledger.Votes(t.Context(), "r1")
		w.must(err)
		if len(votes) != 3 || entry.Outcome != deploy.Refused || !strings.Contains(entry.Error.Cause, "the plan changed 3 times") {
			t.Errorf("got %d votes, and r1 is %q because of %s", len(votes), entry.Outcome, entry.Error.Cause)
		}
	})
}
