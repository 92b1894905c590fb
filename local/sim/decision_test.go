package sim_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// firstBake changes how long the first step bakes, and so the plan. It returns what it was.
func (w world) firstBake(seconds int) (before int) {
	w.t.Helper()
	w.Configure(sim.Scope(), func(e *deploy.Environment) {
		before, e.Strategy.Steps[0].BakeSeconds = e.Strategy.Steps[0].BakeSeconds, seconds
	})
	return before
}

// approves lets two who are enough agree to what they are asked now.
func (w world) approves() {
	w.t.Helper()
	w.vote(sim.Approver, approval.Approve, 200)
	w.vote(fourth, approval.Approve, 200)
	synctest.Wait()
}

// TestPlanThatComesBackIsAskedAboutAnew: what was said about it in the round before is void.
func TestPlanThatComesBackIsAskedAboutAnew(t *testing.T) {
	asked(t, func(w world) {
		first, _ := w.Ballot(sim.Approver)
		before := w.firstBake(77)
		w.approves() // the plan changes under the lock, and another is asked about
		w.firstBake(before)
		w.approves() // it changes back
		third, _ := w.Ballot(sim.Approver)
		if outcome, _ := w.outcome("d1"); outcome != "" || third == first {
			w.t.Errorf("got outcome %q and ballot %s after %s, want the first plan asked about anew", outcome, third, first)
		}
		if mails := w.mails(sim.Approver, "approve "); len(mails) != 3 {
			w.t.Errorf("asked %d times, want 3", len(mails))
		}
		w.approves()
	}, func(w world, _ sim.Run) {
		entry, err := w.Ledger.Locate(w.t.Context(), "d1")
		w.must(err)
		votes, err := w.Ledger.Votes(w.t.Context(), "d1")
		w.must(err)
		if entry.Outcome != deploy.Succeeded || len(votes) != 3 || entry.Approval.PlanDigest != entry.Plan.Digest {
			w.t.Errorf("got %s after %d votes, approved by %+v, want it to succeed after 3", entry.Outcome, len(votes), entry.Approval)
		}
		for _, v := range votes {
			if v.Void == "" && v.ID != approval.VoteID("d1", entry.Plan.Digest, 3) {
				w.t.Errorf("vote %s of %s still counts", v.ID, v.OpenedAt)
			}
		}
	})
}

// TestWhoHasTheTokenDoesNotApprove: the token stands in the history of the execution, and whoever
// may read that and answer tasks is no approver.
func TestWhoHasTheTokenDoesNotApprove(t *testing.T) {
	asked(t, func(w world) {
		votes, err := w.Ledger.Votes(w.t.Context(), "d1")
		w.must(err)
		w.must(w.Engine.SendTaskSuccess(w.t.Context(), votes[0].TaskToken, []byte(`{"by":"mallory@example.com"}`)))
	}, func(w world, _ sim.Run) {
		entry, err := w.Ledger.Locate(w.t.Context(), "d1")
		w.must(err)
		if entry.Outcome != deploy.Refused || entry.Error.Error != "Pilotage.Rejected" || !strings.Contains(entry.Error.Cause, "it is not: it takes 2 of 4") {
			w.t.Errorf("got %s because of %+v, want it rejected: nobody has approved", entry.Outcome, entry.Error)
		}
	})
}

// TestRollbackWaitsForItsApproversToo, whoever has its token.
func TestRollbackWaitsForItsApproversToo(t *testing.T) {
	bubble(t, sim.Options{Configure: func(e *deploy.Environment) { e.Rollback.ApprovalRequired = true }}, func(t *testing.T, w world) {
		w.run("d1", sim.Deployment("1.1.0"))
		w.must(w.Start(t.Context(), "r1", sim.Rollback(deploy.Standard, "d1")))
		synctest.Wait()
		votes, err := w.Ledger.Votes(t.Context(), "r1")
		w.must(err)
		w.must(w.Engine.SendTaskSuccess(t.Context(), votes[0].TaskToken, []byte(`{}`)))
		_, err = w.Finish(t.Context(), "r1")
		w.must(err)
		if outcome, class := w.outcome("r1"); outcome != deploy.Refused || class != "Pilotage.Rejected" {
			t.Errorf("got %s and %s, want it rejected: nobody has approved", outcome, class)
		}
	})
}

// TestTheFirstDeploymentIsTakenBackByVote: there is no release to go back to, and so none to look up.
func TestTheFirstDeploymentIsTakenBackByVote(t *testing.T) {
	empty(t, sim.Options{Configure: func(e *deploy.Environment) { e.Rollback.ApprovalRequired = true }}, func(t *testing.T, w world) {
		w.FailAt(sim.Fault{Machine: "deploy", At: "Verify", Moment: sim.Before, Error: "Pilotage.Unhealthy"})
		w.FailAt(sim.Fault{Machine: "rollback", At: "Abandon", Moment: sim.After, Attempt: 1, Error: "Pilotage.LeaseLost"})
		w.FailAt(sim.Fault{Machine: "rollback", At: "Hold", Moment: sim.Before, Attempt: 1, Error: "Pilotage.Internal"})
		w.run("d1", sim.Deployment("1.1.0"))
		w.must(w.Start(t.Context(), "r1", sim.Rollback(deploy.Standard, "d1")))
		synctest.Wait()
		if mails := w.mails(sim.Approver, "approve "); len(mails) != 1 {
			t.Errorf("asked by %q, want one mail", mails)
		}
		_, err := w.Finish(t.Context(), "r1")
		w.must(err)
	})
}

// TestSupersededWhileItIsBuilt asks nobody about what has lost its place.
func TestSupersededWhileItIsBuilt(t *testing.T) {
	options := missing(deploy.MissingBuild, sim.Building{Takes: 10 * time.Minute})
	building := options.Configure
	options.Configure = func(e *deploy.Environment) {
		building(e)
		voting(e)
		e.Queue.Policy, e.Build.TimeoutSeconds = deploy.QueueSupersede, 3600
	}
	bubble(t, options, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", pushed(sim.Releases()[1])))
		time.Sleep(time.Minute)
		w.must(w.Start(t.Context(), "d2", sim.Deployment("1.2.0")))
		_, err := w.Finish(t.Context(), "d1")
		w.must(err)
		entry, err := w.Ledger.Locate(t.Context(), "d1")
		w.must(err)
		if entry.Outcome != deploy.Refused || !strings.Contains(entry.Error.Cause, "superseded by deployment d2") {
			t.Errorf("got %s because of %+v, want it superseded", entry.Outcome, entry.Error)
		}
		for _, mail := range w.mails(sim.Approver, "approve ") {
			if strings.Contains(mail, "1.1.0") {
				t.Errorf("asked about what has lost its place: %s", mail)
			}
		}
		_, err = w.Finish(t.Context(), "d2")
		w.must(err)
	})
}

// TestDecisionThatCannotBeDeliveredAtOnce is delivered by the same attempt, or by the next.
func TestDecisionThatCannotBeDeliveredAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		fails int
		want  int
	}{"once": {1, 200}, "until the approver tries again": {3, 0}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{Configure: func(e *deploy.Environment) {
				e.Approval.Required, e.Approval.ExpiresSeconds = true, 86400
			}}, func(t *testing.T, w world) {
				w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
				synctest.Wait()
				for attempt := range test.fails {
					w.FailAt(sim.Fault{At: "Tokens.SendTaskSuccess", Attempt: attempt + 1, Moment: sim.Before, Error: "Pilotage.Transient"})
				}
				began := time.Now()
				status, err := w.Vote(t.Context(), sim.Approver, approval.Approve)
				if status != test.want || (err != nil) != (test.want == 0) {
					t.Errorf("got %d and error %v, want %d", status, err, test.want)
				}
				if test.want == 0 {
					w.vote(sim.Approver, approval.Approve, 200)
				}
				run, err := w.Finish(t.Context(), "d1")
				w.must(err)
				if outcome, _ := w.outcome("d1"); outcome != deploy.Succeeded || run.StopDate.Sub(began) > time.Hour {
					t.Errorf("got %s after %s, want it to succeed at once", outcome, run.StopDate.Sub(began))
				}
			})
		})
	}
}

// TestMoreTimeIsToldThoughTheFirstMailFailed: asking again tells the rest, and gives no more time.
func TestMoreTimeIsToldThoughTheFirstMailFailed(t *testing.T) {
	asked(t, func(w world) {
		w.FailAt(sim.Fault{At: "Sender.Send", Attempt: 1, Moment: sim.Before, Error: "Pilotage.Transient"})
		if status, err := w.Vote(w.t.Context(), third, approval.PutOff); err == nil {
			w.t.Errorf("got %d, want an error: a mail failed", status)
		}
		w.vote(third, approval.PutOff, 200)
		for _, person := range []string{sim.Approver, sim.Second, fourth} {
			if told := w.mails(person, "more time"); len(told) != 1 {
				w.t.Errorf("%s was told %d times, want once", person, len(told))
			}
		}
	}, func(world, sim.Run) {})
}

// TestNobodyIsAskedOnAboutWhatWasRefused: Ask failed for good after the first mails.
func TestNobodyIsAskedOnAboutWhatWasRefused(t *testing.T) {
	bubble(t, sim.Options{Configure: voting}, func(t *testing.T, w world) {
		w.FailAt(sim.Fault{At: "Sender.Send", Attempt: 4, Moment: sim.Before, Error: "Pilotage.Invalid"})
		w.run("d1", sim.Deployment("1.1.0"))
		if outcome, _ := w.outcome("d1"); outcome != deploy.Refused {
			t.Fatalf("got %s, want it refused", outcome)
		}
		path, _ := w.Ballot(sim.Approver)
		page, err := w.Browse(t.Context(), sim.Request(path, ""))
		w.must(err)
		if sim.Plan(page.Body) != "" || !strings.Contains(page.Body, "The deployment was refused in Ask") {
			t.Errorf("the page still asks, or does not say why it does not:\n%s", page.Body)
		}
	})
}

// TestApproversHearThatNobodyCheckedWhoAsked: whoever starts an execution by hand gives any name, and
// might otherwise agree to a deployment of their own.
func TestApproversHearThatNobodyCheckedWhoAsked(t *testing.T) {
	bubble(t, sim.Options{Configure: voting}, func(t *testing.T, w world) {
		request := sim.Deployment("1.1.0")
		request.RequestedBy, request.Source = "somebody", deploy.Source{Kind: deploy.FromGitHub, Key: "made up"}
		w.must(w.Start(t.Context(), "d1", request))
		synctest.Wait()
		asked := 0
		for _, mail := range w.Mails() {
			if !strings.Contains(mail.Subject, "approve ") {
				continue
			}
			asked++
			if text := strings.Join(strings.Fields(mail.Body), " "); !strings.Contains(text, "somebody (says the request: it was started by hand in Step Functions, where nobody checks the name)") {
				t.Errorf("%s is not told:\n%s", mail.To, mail.Body)
			}
		}
		if asked == 0 {
			t.Error("nobody was asked")
		}
	})
}

// TestWatchdogFinishesWhatItBegan: a call failed while it tidied up after an execution.
func TestWatchdogFinishesWhatItBegan(t *testing.T) {
	bubble(t, sim.Options{Configure: voting}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		synctest.Wait()
		for attempt := range 3 {
			w.FailAt(sim.Fault{At: "Tokens.SendTaskFailure", Attempt: attempt + 1, Moment: sim.Before, Error: "Pilotage.Transient"})
		}
		for _, execution := range w.Engine.List(t.Context(), "") {
			w.must(w.Engine.Stop(t.Context(), execution.Arn, "x", "y"))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		votes, err := w.Ledger.Votes(t.Context(), "d1")
		w.must(err)
		place, err := w.Ledger.Enqueue(t.Context(), sim.Scope(), "d2", ledger.Line)
		w.must(err)
		if outcome, _ := w.outcome("d1"); outcome != deploy.Refused || votes[0].Void == "" || len(place.Ahead) > 0 {
			t.Errorf("got %q, vote void because of %q, ahead of the next %v; want it refused, void, and nobody", outcome, votes[0].Void, place.Ahead)
		}
	})
}
