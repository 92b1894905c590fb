package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/deploy"
)

// The people of this file, beside those of sim.
const (
	third  = "tony@example.com"
	fourth = "leslie@example.com"
)

// voting is an environment in which two of four have to agree, one of them of security.
func voting(e *deploy.Environment) {
	e.Approval = deploy.Approval{
		Required: true, Approvers: []string{sim.Approver, sim.Second, third}, Quorum: 2,
		Groups:         []deploy.Group{{Name: "security", Members: []string{fourth, third}, Quorum: 1}},
		ExpiresSeconds: 3600, RemindSeconds: 900, DelaySeconds: 1800,
	}
}

// asked starts a deployment that waits for people, lets act happen, waits for the end, and checks.
func asked(t *testing.T, act func(w world), check func(w world, run sim.Run)) {
	bubble(t, sim.Options{Configure: voting}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		synctest.Wait()
		act(w)
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		check(w, run)
	})
}

// mails are the subjects of the mails to somebody that contain a text.
func (w world) mails(to, text string) []string {
	var found []string
	for _, mail := range w.Mails() {
		if mail.To == to && strings.Contains(mail.Subject, text) {
			found = append(found, mail.Subject)
		}
	}
	return found
}

func (w world) outcome(id string) (deploy.Outcome, string) {
	w.t.Helper()
	entry, err := w.Ledger.Locate(w.t.Context(), id)
	w.must(err)
	return entry.Outcome, entry.Error.Error
}

func TestQuorum(t *testing.T) {
	for name, test := range map[string]struct {
		act  func(w world)
		want deploy.Outcome
		err  string
		by   string
	}{
		"two, one of security": {func(w world) {
			w.vote(sim.Approver, approval.Approve, 200)
			w.vote(fourth, approval.Approve, 200)
		}, deploy.Succeeded, "", sim.Approver + ", " + fourth},
		"one who is both is one only": {func(w world) {
			w.vote(third, approval.Approve, 200)
		}, deploy.Refused, "Pilotage.Expired", ""},
		"two, none of security, then one": {func(w world) {
			w.vote(sim.Approver, approval.Approve, 200)
			w.vote(sim.Second, approval.Approve, 200)
			if outcome, _ := w.outcome("d1"); outcome != "" {
				w.t.Errorf("it is %s without security", outcome)
			}
			w.vote(third, approval.Approve, 200)
		}, deploy.Succeeded, "", sim.Approver + ", " + sim.Second + ", " + third},
		"one rejects after another has agreed": {func(w world) {
			w.vote(sim.Approver, approval.Approve, 200)
			w.vote(sim.Second, approval.Reject, 200)
			w.vote(fourth, approval.Approve, 409)
		}, deploy.Refused, "Pilotage.Rejected", ""},
		"the whole group is void": {func(w world) {
			for _, member := range []string{third, fourth} {
				path, _ := w.Ballot(member)
				page, err := w.Browse(w.t.Context(), sim.Request(path, ""))
				w.must(err)
				for range 5 {
					_, err := w.Browse(w.t.Context(), sim.Request(path, "decision=approve&code=0000-0000&plan="+sim.Plan(page.Body)))
					w.must(err)
				}
			}
			synctest.Wait()
		}, deploy.Refused, "Pilotage.Rejected", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked(t, test.act, func(w world, _ sim.Run) {
				outcome, class := w.outcome("d1")
				if outcome != test.want || class != test.err {
					w.t.Errorf("got %s and %q, want %s and %q", outcome, class, test.want, test.err)
				}
				entry, err := w.Ledger.Locate(w.t.Context(), "d1")
				w.must(err)
				if entry.Approval.By != test.by {
					w.t.Errorf("approved by %q, want %q", entry.Approval.By, test.by)
				}
			})
		})
	}
}

func TestReminderComesOnceBeforeTheEndToThoseWhoHaveNotDecided(t *testing.T) {
	asked(t, func(w world) {
		w.vote(sim.Approver, approval.Approve, 200)
		time.Sleep(44 * time.Minute)
		if early := w.mails(sim.Second, "reminder"); len(early) > 0 {
			w.t.Errorf("reminded too early: %q", early)
		}
		time.Sleep(2 * time.Minute)
		first, code := w.Ballot(sim.Second)
		if len(w.mails(sim.Second, "reminder")) != 1 {
			w.t.Errorf("reminded %d times, want once", len(w.mails(sim.Second, "reminder")))
		}
		if path, again := w.Ballot(sim.Second); path != first || again != code {
			w.t.Error("the reminder has another link or another code")
		}
	}, func(w world, _ sim.Run) {
		if outcome, class := w.outcome("d1"); outcome != deploy.Refused || class != "Pilotage.Expired" {
			w.t.Errorf("got %s and %s, want it expired", outcome, class)
		}
		for person, want := range map[string]int{sim.Approver: 0, sim.Second: 1, third: 1, fourth: 1} {
			if got := w.mails(person, "reminder"); len(got) != want {
				w.t.Errorf("%s was reminded %d times, want %d", person, len(got), want)
			}
		}
	})
}

func TestDelayGivesEverybodyMoreTimeOnce(t *testing.T) {
	begun := time.Time{}
	asked(t, func(w world) {
		begun = time.Now()
		w.vote(third, approval.PutOff, 200)
		w.vote(third, approval.PutOff, 200) // the same wish again: it was granted, and gives no more
		w.vote(sim.Second, approval.PutOff, 200)
		time.Sleep(119 * time.Minute)
		w.vote(sim.Approver, approval.Approve, 200)
	}, func(w world, run sim.Run) {
		// An hour, and half an hour for each of the two who asked.
		if took := run.StopDate.Sub(begun).Round(time.Second); took != 2*time.Hour {
			w.t.Errorf("it was over after %s, want 2h", took)
		}
		if _, class := w.outcome("d1"); class != "Pilotage.Expired" {
			w.t.Errorf("got %s, want Pilotage.Expired", class)
		}
		for _, person := range []string{sim.Approver, fourth, sim.Requester} {
			if got := w.mails(person, "more time to decide"); len(got) != 2 {
				w.t.Errorf("%s was told of %d delays, want 2", person, len(got))
			}
		}
		if got := w.mails(fourth, "reminder"); len(got) != 1 {
			w.t.Errorf("reminded %d times, want once: before the end that it had in the end", len(got))
		}
	})
}

// TestNobodyApprovesTheirOwn: neither who asked nor who wrote it, under whichever of their names.
func TestNobodyApprovesTheirOwn(t *testing.T) {
	configure := func(e *deploy.Environment) {
		voting(e)
		e.Approval.Approvers = []string{sim.Requester, sim.Approver}
		e.Approval.Groups = nil
		e.People = []deploy.Person{{Mail: sim.Approver, GitHub: "Edsger-D"}}
	}
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		request := sim.Deployment("1.1.0")
		request.RequestedBy, request.Source = "edsger-d", deploy.Source{Kind: deploy.FromGitHub}
		w.run("d1", request)
		entry, err := w.Ledger.Locate(t.Context(), "d1")
		w.must(err)
		if entry.Outcome != deploy.Refused || entry.Error.Error != "Pilotage.Denied" || !strings.Contains(entry.Error.Cause, "2 must agree") {
			t.Errorf("got %s: %s %s, want it denied", entry.Outcome, entry.Error.Error, entry.Error.Cause)
		}
		if mails := w.mails(sim.Approver, "approve "); len(mails) > 0 {
			t.Errorf("who asked for it was asked to approve: %q", mails)
		}
	})
}

// TestChangeOfPlanVoidsTheBallots: the old links say so, the old codes decide nothing, and those
// who had agreed are asked again.
func TestChangeOfPlanVoidsTheBallots(t *testing.T) {
	asked(t, func(w world) {
		old, code := w.Ballot(third)
		w.vote(sim.Approver, approval.Approve, 200)
		w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Strategy.Steps[0].BakeSeconds = 31 })
		w.vote(fourth, approval.Approve, 200)
		page, err := w.Browse(w.t.Context(), sim.Request(old, ""))
		w.must(err)
		if !strings.Contains(page.Body, "The plan has changed since (schedule, configuration)") {
			w.t.Errorf("the old link shows\n%s", page.Body)
		}
		votes, err := w.Ledger.Votes(w.t.Context(), "d1")
		w.must(err)
		if len(votes) != 2 {
			w.t.Fatalf("got %d votes, want two", len(votes))
		}
		for _, vote := range votes {
			body := fmt.Sprintf("decision=approve&code=%s&plan=%s", code, vote.PlanDigest)
			refused, err := w.Browse(w.t.Context(), sim.Request(old, body))
			w.must(err)
			if refused.StatusCode != 409 {
				w.t.Errorf("the old code on plan %s: got %d, want 409", vote.PlanDigest, refused.StatusCode)
			}
		}
		w.vote(sim.Approver, approval.Approve, 200)
		w.vote(fourth, approval.Approve, 200)
	}, func(w world, _ sim.Run) {
		outcome, _ := w.outcome("d1")
		entry, err := w.Ledger.Locate(w.t.Context(), "d1")
		w.must(err)
		if outcome != deploy.Succeeded || entry.Approval.PlanDigest != entry.Plan.Digest {
			w.t.Errorf("got %s, approved plan %s, made plan %s", outcome, entry.Approval.PlanDigest, entry.Plan.Digest)
		}
		if got := w.mails(sim.Approver, "approve "); len(got) != 2 {
			w.t.Errorf("%s was asked %d times, want twice", sim.Approver, len(got))
		}
	})
}

// TestDecisionBetweenTwoWaitsCounts: the reminder is being sent, no token is waited for, and
// somebody decides.
func TestDecisionBetweenTwoWaitsCounts(t *testing.T) {
	configure := func(e *deploy.Environment) { voting(e); e.Approval.Quorum, e.Approval.Groups = 1, nil }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
		synctest.Wait()
		w.OnEnter("deploy", "Ask", func(string) { w.vote(sim.Approver, approval.Approve, 200) })
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.ends("d1", deploy.Succeeded)
		if asks := len(slices.DeleteFunc(slices.Clone(run.Path), func(s string) bool { return s != "Ask" })); asks != 2 {
			t.Errorf("asked %d times, want twice; the path was %v", asks, run.Path)
		}
	})
}
