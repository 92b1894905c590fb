package sim_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

func push(branch string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"source":"pilotage.github","detail-type":"Push","detail":{"repository":"example/running-app","ref":"refs/heads/%s","branch":%q,
		"commit":%q,"subject":"add orders","sender":"grace","key":"push-1"}}`, branch, branch, sim.Releases()[1].Commit))
}

func TestPushDeliveredTenTimesAtOnceDeploysOnce(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		answers := make([]string, 10)
		var work sync.WaitGroup
		for i := range answers {
			work.Go(func() {
				answer, err := w.Call(t.Context(), "Intake", push("main"))
				if err != nil {
					t.Error(err)
				}
				var result struct{ Deployments []struct{ Deployment string } }
				if err := json.Unmarshal(answer, &result); err != nil || len(result.Deployments) != 1 {
					t.Errorf("got %s, want one deployment", answer)
					return
				}
				answers[i] = result.Deployments[0].Deployment
			})
		}
		work.Wait()
		for _, answer := range answers {
			if answer != answers[0] {
				t.Errorf("got deployments %v, want the same ten times", answers)
			}
		}
		if n := len(w.Engine.List(t.Context(), "deploy")); n != 1 {
			t.Errorf("got %d executions, want 1", n)
		}
		_, err := w.Finish(t.Context(), answers[0])
		w.must(err)
		w.ends(answers[0], deploy.Succeeded)
		if _, err := w.Call(t.Context(), "Intake", push("main")); err != nil {
			t.Errorf("delivered once more after the end: %v", err)
		}
	})
}

func TestPushToAnotherBranchDeploysNothing(t *testing.T) {
	bubble(t, sim.Options{}, func(t *testing.T, w world) {
		answer, err := w.Call(t.Context(), "Intake", push("topic"))
		if err != nil || string(answer) != `{"reason":"no environment deploys branch \"topic\" of example/running-app"}` {
			t.Errorf("got %s and error %v, want no deployment", answer, err)
		}
	})
}

func TestHoldThatIsSetWhileADeploymentWaitsStopsIt(t *testing.T) {
	for name, test := range map[string]struct {
		hold ledger.Hold
		from string
		want deploy.Outcome
	}{
		"an ordinary hold stops a push":        {ledger.Hold{By: "x", Reason: "y"}, "github", deploy.Refused},
		"an ordinary hold lets people through": {ledger.Hold{By: "x", Reason: "y"}, "cli", deploy.Succeeded},
		"a dirty hold stops people":            {ledger.Hold{By: "x", Reason: "y", Dirty: true}, "cli", deploy.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{}, func(t *testing.T, w world) {
				w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
				time.Sleep(10 * time.Second)
				request := sim.Deployment("1.2.0")
				request.Source.Kind = test.from
				w.must(w.Start(t.Context(), "d2", request))
				synctest.Wait()
				w.must(w.Ledger.SetHold(t.Context(), sim.Scope(), test.hold))
				_, err := w.Finish(t.Context(), "d2")
				w.must(err)
				entry, err := w.Ledger.Locate(t.Context(), "d2")
				w.must(err)
				if entry.Outcome != test.want {
					t.Errorf("got %q (%s), want %q", entry.Outcome, entry.Error.Cause, test.want)
				}
			})
		})
	}
}

func TestPersonsRollbackStoppedWhileItWaitsForApprovalChangesNothing(t *testing.T) {
	configure := func(e *deploy.Environment) { e.Rollback.ApprovalRequired = true }
	bubble(t, sim.Options{Configure: configure}, func(t *testing.T, w world) {
		w.run("d1", sim.Deployment("1.1.0"))
		w.must(w.Start(t.Context(), "r1", sim.Rollback(deploy.Standard, "d1")))
		synctest.Wait()
		run, err := w.Result(t.Context(), "r1")
		w.must(err)
		w.must(w.Engine.Stop(t.Context(), run.Arn, "", "changed my mind"))
		_, err = w.Finish(t.Context(), "r1")
		w.must(err)
		w.sound()
		if got := w.state(); got != w.deployed() {
			t.Errorf("got %+v, want %+v", got, w.deployed())
		}
		entry, err := w.Ledger.Locate(t.Context(), "r1")
		w.must(err)
		if entry.Outcome != deploy.Refused {
			t.Errorf("got %q, want %q", entry.Outcome, deploy.Refused)
		}
	})
}

func TestRollbackByAPersonAfterTheSlotWasRetired(t *testing.T) {
	for _, schema := range []string{deploy.SchemaDown, deploy.SchemaRestore, deploy.SchemaKeep} {
		t.Run(schema, func(t *testing.T) {
			bubble(t, sim.Options{Behaviours: map[string]sim.Behaviour{"1.0.0": {ReadyAfter: 20 * time.Second}}}, func(t *testing.T, w world) {
				w.run("d1", sim.Deployment("1.1.0"))
				request := sim.Rollback(deploy.Standard, "")
				request.Rollback.Schema = schema
				run := w.run("r1", request)
				if run.Error != "" {
					t.Errorf("it failed: %s %s", run.Error, run.Cause)
				}
				want := w.start
				if schema == deploy.SchemaKeep {
					w.Configure(sim.Scope(), func(e *deploy.Environment) { e.Rollback.Schema = schema })
					want.Schema = 2
				}
				w.sound()
				if got := w.state(); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		})
	}
}

func TestDeploymentStoppedWhileItOnlyWaitsDisturbsNobody(t *testing.T) {
	for name, configure := range map[string]func(*deploy.Environment){
		"for the lock":   func(*deploy.Environment) {},
		"for its voters": func(e *deploy.Environment) { e.Approval.Required = true },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, sim.Options{}, func(t *testing.T, w world) {
				w.must(w.Start(t.Context(), "d1", sim.Deployment("1.1.0")))
				time.Sleep(10 * time.Second)
				w.Configure(sim.Scope(), configure)
				w.must(w.Start(t.Context(), "d2", sim.Deployment("1.2.0")))
				time.Sleep(10 * time.Second)
				run, err := w.Result(t.Context(), "d2")
				w.must(err)
				w.must(w.Engine.Stop(t.Context(), run.Arn, "", "changed my mind"))
				_, err = w.Finish(t.Context(), "d1")
				w.must(err)
				w.ends("d1", deploy.Succeeded)
				entry, err := w.Ledger.Locate(t.Context(), "d2")
				w.must(err)
				hold, err := w.Ledger.Hold(t.Context(), sim.Scope())
				w.must(err)
				if entry.Outcome != deploy.Refused || entry.Error.Error != "Pilotage.Halted" || hold.Active() {
					t.Errorf("got %q, %+v and hold %+v, want it refused and no hold", entry.Outcome, entry.Error, hold)
				}
				if n := len(w.Engine.List(t.Context(), "rollback")); n != 0 {
					t.Errorf("got %d rollbacks, want none", n)
				}
			})
		})
	}
}
