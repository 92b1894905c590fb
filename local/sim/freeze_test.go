package sim_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// weekends freezes every weekend of Berlin. The bubble's time begins on Saturday, 2000-01-01.
func weekends(e *deploy.Environment) {
	e.Freezes = []deploy.Freeze{{
		Name: "weekend", From: "1999-10-01T17:00:00+02:00", Until: "1999-10-04T06:00:00+02:00", Repeats: "FREQ=WEEKLY;BYDAY=FR", Timezone: "Europe/Berlin",
	}}
}

const (
	monday   = 2*24*time.Hour + 5*time.Hour  // 2000-01-03 06:00 in Berlin, from the start
	friday   = 6*24*time.Hour + 16*time.Hour // 2000-01-07 17:00
	frozenAt = "production is frozen until Mon 2000-01-03 06:00 CET (weekend, again from Fri 2000-01-07 17:00 CET by FREQ=WEEKLY;BYDAY=FR); deploy after that"
	pastIt   = "freeze weekend until Mon 2000-01-03 06:00 CET"
)

// until lets time pass up to a moment, counted from the start of the bubble.
func until(from time.Time, moment time.Duration) {
	time.Sleep(time.Until(from.Add(moment)))
}

func (w world) says(run sim.Run, want string) {
	w.t.Helper()
	if got := message(run.Cause); got != want {
		w.t.Errorf("got %q, want %q", got, want)
	}
}

func TestDeploymentInARepeatedWindowIsRefusedAndRunsAfterIt(t *testing.T) {
	bubble(t, sim.Options{Configure: weekends}, func(t *testing.T, w world) {
		begun := time.Now()
		w.says(w.run("d1", sim.Deployment("1.1.0")), "Validate: "+frozenAt)
		w.ends("d1", deploy.Refused)
		if mails := w.mails(sim.Requester, "refused"); len(mails) != 1 {
			t.Errorf("got mails %q to who asked, want one", mails)
		}
		until(begun, monday-time.Second)
		w.run("d2", sim.Deployment("1.1.0"))
		w.ends("d2", deploy.Refused)
		until(begun, monday)
		w.run("d3", sim.Deployment("1.1.0"))
		w.ends("d3", deploy.Succeeded)
		until(begun, friday)
		run := w.run("d4", sim.Deployment("1.2.0"))
		if want := "is frozen until Mon 2000-01-10 06:00 CET"; !strings.Contains(run.Cause, want) {
			t.Errorf("the next weekend: got %q, want %q in it", run.Cause, want)
		}
	})
}

// TestWindowThatOpensMeanwhile: what waits for people is stopped under the lock, what is at work
// is not.
func TestWindowThatOpensMeanwhile(t *testing.T) {
	for name, test := range map[string]struct {
		approve time.Duration // when, from the start
		want    deploy.Outcome
	}{
		"approved in time":       {friday - time.Second, deploy.Succeeded},
		"approved a little late": {friday, deploy.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			configure := func(e *deploy.Environment) {
				weekends(e)
				e.Approval.Required = true
			}
			bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
				begun := time.Now()
				until(begun, friday-30*time.Minute)
				w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
				synctest.Wait()
				until(begun, test.approve)
				w.vote(sim.Approver, approval.Approve, 200)
				run, err := w.Finish(t.Context(), "d1")
				w.must(err)
				w.ends("d1", test.want)
				if test.want == deploy.Refused {
					w.says(run, "Replan: production is frozen until Mon 2000-01-10 06:00 CET (weekend, again from Fri 2000-01-14 17:00 CET by FREQ=WEEKLY;BYDAY=FR); deploy after that")
				}
			})
		})
	}
}

func TestRollbacksAreNeverFrozen(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		w.run("d1", sim.Deployment("1.1.0"))
		w.Configure(sim.Scope(), weekends)
		w.run("r1", sim.Rollback(deploy.Standard, "d1"))
		w.ends("r1", deploy.RolledBack)
	})
}

const anna = "arn:aws:iam::111122223333:user/anna"

// forcible makes Requester one who may force, and whom AWS knows as anna.
func forcible(e *deploy.Environment) {
	e.People = []deploy.Person{{Mail: sim.Requester, Identity: anna}}
	e.Force = []string{sim.Requester}
}

// command sends a command of anna.
func (w world) command(command commands.Command) commands.Answer {
	w.t.Helper()
	body, err := json.Marshal(command)
	w.must(err)
	request := events.LambdaFunctionURLRequest{RawPath: "/", Body: string(body)}
	request.RequestContext.HTTP.Method = "POST"
	request.RequestContext.Authorizer = &events.LambdaFunctionURLRequestContextAuthorizerDescription{
		IAM: &events.LambdaFunctionURLRequestContextAuthorizerIAMDescription{UserARN: anna},
	}
	payload, err := json.Marshal(request)
	w.must(err)
	text, err := w.Call(w.t.Context(), "Command", payload)
	w.must(err)
	var response events.LambdaFunctionURLResponse
	w.must(json.Unmarshal(text, &response))
	var answer commands.Answer
	w.must(json.Unmarshal([]byte(response.Body), &answer))
	if response.StatusCode != 200 {
		w.t.Fatalf("%s: got status %d: %s", command.Verb, response.StatusCode, answer.Message)
	}
	return answer
}

func (w world) force(release string) string {
	w.t.Helper()
	return w.command(commands.Command{Verb: commands.Deploy, Environment: "production", Release: release, Reason: "OPS-1", Force: true, Key: "key-of-" + release[:1] + "-force"}).Deployment
}

// forced checks what a deployment is said to have gone past: in the ledger, in its record and in the
// last mail.
func (w world) forced(id string, want ...string) {
	w.t.Helper()
	entry, err := w.Ledger.Locate(w.t.Context(), id)
	w.must(err)
	if !slices.Equal(entry.Forced, want) {
		w.t.Errorf("the ledger says that %s went past %q, want %q", id, entry.Forced, want)
	}
	var kept struct{ Forced []string }
	w.must(json.Unmarshal(w.Document("records/eu-central-1/running-app/production/"+id+".json"), &kept))
	if !slices.Equal(kept.Forced, want) {
		w.t.Errorf("the record says that %s went past %q, want %q", id, kept.Forced, want)
	}
	mails := w.Mails()
	last := strings.Join(strings.Fields(mails[len(mails)-1].Body), " ")
	if said := strings.Contains(last, "Forced past"); said != (len(want) > 0) {
		w.t.Errorf("the last mail: %s", last)
	}
	for _, one := range want {
		if !strings.Contains(last, one) {
			w.t.Errorf("the last mail does not say %q: %s", one, last)
		}
	}
}

func TestForceByCommandGoesPastAFreezeAndIsRecorded(t *testing.T) {
	configure := func(e *deploy.Environment) {
		weekends(e)
		forcible(e)
		e.Evidence = []string{"tests", "lint"}
	}
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		id := w.force("1.1.0")
		_, err := w.Finish(t.Context(), id)
		w.must(err)
		w.ends(id, deploy.Succeeded)
		w.forced(id, pastIt, "no evidence of lint")
		starting := w.mails(sim.Team, "starting")
		if len(starting) != 1 {
			t.Fatalf("got mails %q, want one that it starts", starting)
		}
		for _, mail := range w.Mails() {
			if strings.Contains(mail.Subject, "starting") && !strings.Contains(strings.Join(strings.Fields(mail.Body), " "), "Forced past "+pastIt+"; no evidence of lint") {
				t.Errorf("the mail that it starts does not say what it is forced past:\n%s", mail.Body)
			}
		}
	})
}

// TestForceInTheInputOfAnExecution: who may start executions may not force by that.
func TestForceInTheInputOfAnExecution(t *testing.T) {
	for name, configure := range map[string]func(*deploy.Environment){
		"in a freeze": func(e *deploy.Environment) { weekends(e); forcible(e) },
		"at any time": forcible,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
				request := sim.Deployment("1.1.0")
				request.Force = true
				w.says(w.run("d1", request), "Validate: force counts only when it is asked for by command (pilotage deploy --force), by who may: for production, pilotage.yaml lists ada@example.com")
				w.ends("d1", deploy.Refused)
			})
		})
	}
}

// TestForcePastWhatBeganMeanwhile: the record has what was passed under the lock as well.
func TestForcePastWhatBeganMeanwhile(t *testing.T) {
	for name, test := range map[string]struct {
		act  func(w world)
		want deploy.Outcome
		past []string
	}{
		"a freeze":       {func(w world) { w.Configure(sim.Scope(), weekends) }, deploy.Succeeded, []string{pastIt}},
		"an open window": {func(w world) { w.Configure(sim.Scope(), func(*deploy.Environment) {}) }, deploy.Succeeded, nil},
		"a dirty hold": {func(w world) {
			w.must(w.Ledger.SetHold(w.t.Context(), sim.Scope(), ledger.Hold{By: "x", Reason: "y", Dirty: true}))
		}, deploy.Refused, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{Configure: forcible}, func(t *testing.T, w world) {
				w.must(w.Start(t.Context(), "d0", sim.Deployment("1.1.0")))
				time.Sleep(10 * time.Second)
				id := w.force("1.2.0")
				synctest.Wait()
				test.act(w)
				_, err := w.Finish(t.Context(), id)
				w.must(err)
				if outcome, class := w.outcome(id); outcome != test.want {
					t.Errorf("got %q (%s), want %q", outcome, class, test.want)
				}
				w.forced(id, test.past...)
			})
		})
	}
}

// TestForcedDeploymentThatIsTakenBackSaysSoInItsRecord: that record is made from the ledger when the
// execution itself was stopped.
func TestForcedDeploymentThatIsTakenBackSaysSoInItsRecord(t *testing.T) {
	configure := func(e *deploy.Environment) { weekends(e); forcible(e) }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		id := w.force("1.1.0")
		time.Sleep(30 * time.Second)
		run, err := w.Result(t.Context(), id)
		w.must(err)
		w.must(w.Engine.Stop(t.Context(), run.Arn, "", "stopped by hand"))
		_, err = w.Finish(t.Context(), id)
		w.must(err)
		w.ends(id, deploy.RolledBack)
		var kept struct{ Forced []string }
		w.must(json.Unmarshal(w.Document("records/eu-central-1/running-app/production/"+id+".json"), &kept))
		if !slices.Equal(kept.Forced, []string{pastIt}) {
			t.Errorf("the record says that it went past %q, want %q", kept.Forced, pastIt)
		}
	})
}
