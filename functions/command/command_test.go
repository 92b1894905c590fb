package command_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

const arn = "arn:aws:iam::111122223333:user/"

// console is a simulated world with people in it whom AWS knows, and the Command function.
type console struct {
	*testing.T
	*sim.World
}

func open(t *testing.T, f func(c console)) {
	synctest.Test(t, func(t *testing.T) {
		machines, err := sim.Shipped()
		if err != nil {
			t.Fatal(err)
		}
		w, err := sim.New(sim.Options{Machines: machines, Configure: func(e *deploy.Environment) {
			e.People = []deploy.Person{
				{Mail: sim.Requester, Identity: arn + "ada"}, {Mail: sim.Approver, Identity: arn + "edsger"}, {Mail: "eve@example.com", Identity: arn + "eve"},
			}
			e.Force = []string{sim.Requester}
			e.Approval.Required = true
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := w.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		if err := w.GoLive(t.Context(), "1.0.0", deploy.Blue); err != nil {
			t.Fatal(err)
		}
		f(console{t, w})
	})
}

// ask sends a command as somebody whom AWS has identified; nobody when who is empty.
func (c console) ask(who string, command any) (commands.Answer, int) {
	c.Helper()
	body, err := json.Marshal(command)
	if err != nil {
		c.Fatal(err)
	}
	request := events.LambdaFunctionURLRequest{RawPath: "/", Body: string(body)}
	request.RequestContext.HTTP.Method = "POST"
	if who != "" {
		request.RequestContext.Authorizer = &events.LambdaFunctionURLRequestContextAuthorizerDescription{
			IAM: &events.LambdaFunctionURLRequestContextAuthorizerIAMDescription{UserARN: arn + who},
		}
	}
	payload, err := json.Marshal(request)
	if err != nil {
		c.Fatal(err)
	}
	text, err := functions.Table(c.World.World)["Command"](c.Context(), payload)
	if err != nil {
		c.Fatal(err)
	}
	var response events.LambdaFunctionURLResponse
	var answer commands.Answer
	if err := json.Unmarshal(text, &response); err != nil {
		c.Fatal(err)
	}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
		c.Fatalf("got %q: %v", response.Body, err)
	}
	return answer, response.StatusCode
}

func deployment(key string) commands.Command {
	return commands.Command{Verb: commands.Deploy, Environment: "production", Release: "1.1.0", Reason: "OPS-1", Key: key}
}

func TestDeploysOnceInTheNameOfWhomAWSMeans(t *testing.T) {
	open(t, func(c console) {
		first, status := c.ask("ada", deployment("key-00001"))
		if status != 200 || first.As != sim.Requester || first.Deployment == "" || first.Repeated {
			c.Fatalf("got %d and %+v", status, first)
		}
		again, _ := c.ask("ada", deployment("key-00001"))
		if again.Deployment != first.Deployment || !again.Repeated {
			c.Errorf("the same key: got %+v, want %s again", again, first.Deployment)
		}
		other, _ := c.ask("edsger", deployment("key-00001"))
		if other.Deployment == first.Deployment {
			c.Errorf("somebody else's command with the same key started the same: %+v", other)
		}
		synctest.Wait()
		entry, err := c.Ledger.Locate(c.Context(), first.Deployment)
		if err != nil || entry.Request.RequestedBy != sim.Requester || entry.Request.Source.Kind != deploy.FromCLI || entry.Request.Reason != "OPS-1" {
			c.Errorf("got %+v and error %v", entry.Request, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		who     string
		command any
		status  int
		want    string
	}{
		"nobody":                    {"", deployment("key-00001"), 403, "AWS named nobody"},
		"somebody unknown":          {"mallory", deployment("key-00001"), 403, "AWS knows you as " + arn + "mallory, and nobody among the people"},
		"an unknown verb":           {"ada", commands.Command{Verb: "destroy"}, 400, `there is no command "destroy"`},
		"an unknown field":          {"ada", map[string]string{"verb": "show", "deployment": "d1", "as": sim.Approver}, 400, `unknown field "as"`},
		"no reason":                 {"ada", commands.Command{Verb: commands.Deploy, Environment: "production", Release: "1.1.0", Key: "key-00001"}, 400, "deploy needs reason"},
		"no key":                    {"ada", commands.Command{Verb: commands.Deploy, Environment: "production", Release: "1.1.0", Reason: "x"}, 400, "deploy needs key"},
		"a key that is none":        {"ada", deployment("a key"), 400, `key "a key" is not`},
		"an endless reason":         {"ada", commands.Command{Verb: commands.Hold, Environment: "production", Reason: strings.Repeat("x", 501)}, 400, "501 characters"},
		"an unknown environment":    {"ada", commands.Command{Verb: commands.Hold, Environment: "moon", Reason: "x"}, 400, "moon is not configured; configured are running-app/production, running-app/staging"},
		"an unknown deployment":     {"ada", commands.Command{Verb: commands.Show, Deployment: "nothing"}, 400, `the ledger knows no deployment "nothing"`},
		"a mode that is none":       {"ada", commands.Command{Verb: commands.Rollback, Environment: "production", Mode: deploy.Automatic, Reason: "x", Key: "key-00001"}, 400, `mode is "automatic"`},
		"force by who may not":      {"edsger", forced(deployment("key-00001")), 403, "edsger@example.com may not force deployments to production: " + sim.Requester + " may"},
		"a forced rollback":         {"ada", forced(commands.Command{Verb: commands.Rollback, Environment: "production", Mode: deploy.Standard, Reason: "x", Key: "key-00001"}), 400, "a rollback needs no force"},
		"lifting nothing":           {"ada", commands.Command{Verb: commands.Lift, Environment: "production", Reason: "x"}, 400, "has no hold"},
		"deciding on nothing":       {"edsger", commands.Command{Verb: commands.Approve, Deployment: "before", Plan: "sha256:x"}, 400, "nobody was asked about deployment before"},
		"rejecting without reason":  {"edsger", commands.Command{Verb: commands.Reject, Deployment: "before", Plan: "sha256:x"}, 400, "reject needs reason"},
		"deciding without the plan": {"edsger", commands.Command{Verb: commands.Approve, Deployment: "before"}, 400, "approve needs plan"},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, func(c console) {
				answer, status := c.ask(test.who, test.command)
				if status != test.status || !strings.Contains(answer.Message, test.want) || answer.Class == "" {
					c.Errorf("got %d, %s and %q, want %d and %q", status, answer.Class, answer.Message, test.status, test.want)
				}
				synctest.Wait()
				if n := len(c.Engine.List(c.Context(), "")); n != 0 {
					c.Errorf("%d executions were started", n)
				}
			})
		})
	}
}

func forced(c commands.Command) commands.Command {
	c.Force = true
	return c
}

func TestDecidesAsThePersonWhomAWSKnows(t *testing.T) {
	open(t, func(c console) {
		started, _ := c.ask("ada", deployment("key-00001"))
		synctest.Wait()
		shown, _ := c.ask("edsger", commands.Command{Verb: commands.Show, Deployment: started.Deployment})
		if shown.Vote == nil || !shown.Vote.Open || !strings.Contains(shown.Vote.Summary, "running-app 1.1.0 to production") || strings.Contains(shown.Vote.Summary, "by hand") {
			c.Fatalf("got %+v", shown)
		}
		text, err := json.Marshal(shown)
		if err != nil || strings.Contains(string(text), "taskToken") || strings.Contains(string(text), "codeHash") {
			c.Errorf("it tells too much: %s (%v)", text, err)
		}
		for who, want := range map[string]string{"ada": "was not asked", "eve": "was not asked"} {
			answer, status := c.ask(who, commands.Command{Verb: commands.Approve, Deployment: started.Deployment, Plan: shown.Vote.Plan})
			if status != 403 || !strings.Contains(answer.Message, want) {
				c.Errorf("%s: got %d and %+v", who, status, answer)
			}
		}
		if answer, status := c.ask("edsger", commands.Command{Verb: commands.Approve, Deployment: started.Deployment, Plan: "sha256:other"}); status != 403 || !strings.Contains(answer.Message, "another plan") {
			c.Errorf("another plan: got %d and %+v", status, answer)
		}
		answer, status := c.ask("edsger", commands.Command{Verb: commands.Approve, Deployment: started.Deployment, Plan: shown.Vote.Plan})
		if status != 200 || !strings.HasPrefix(answer.Text, "approved by "+sim.Approver) {
			c.Errorf("got %d and %+v", status, answer)
		}
		if again, status := c.ask("edsger", commands.Command{Verb: commands.Approve, Deployment: started.Deployment, Plan: shown.Vote.Plan}); status != 403 || !strings.Contains(again.Message, "You decided already") {
			c.Errorf("again: got %d and %+v", status, again)
		}
		if _, err := c.Finish(c.Context(), started.Deployment); err != nil {
			c.Fatal(err)
		}
		entry, err := c.Ledger.Locate(c.Context(), started.Deployment)
		if err != nil || entry.Outcome != deploy.Succeeded || len(entry.Approval.Voices) != 1 || entry.Approval.Voices[0].Via != approval.ByIdentity {
			c.Errorf("got %s, approved by %+v, error %v", entry.Outcome, entry.Approval, err)
		}
		votes, err := c.Ledger.Votes(c.Context(), started.Deployment)
		if err != nil || votes[0].RefusedCount != 4 {
			c.Errorf("got %+v and error %v, want four attempts that did not count", votes[0].Refused, err)
		}
	})
}

// TestNobodyDecidesThroughAnotherEnvironment: who may decide on a deployment is said by where it goes.
// Mallory is one of staging's people, with the address of production's approver.
func TestNobodyDecidesThroughAnotherEnvironment(t *testing.T) {
	open(t, func(c console) {
		staging := sim.Scope()
		staging.Environment = "staging"
		c.Configure(staging, func(e *deploy.Environment) {
			e.People = []deploy.Person{{Mail: sim.Approver, Identity: arn + "mallory"}}
		})
		started, _ := c.ask("ada", deployment("key-00001"))
		synctest.Wait()
		votes, err := c.Ledger.Votes(c.Context(), started.Deployment)
		if err != nil || len(votes) != 1 {
			c.Fatalf("got %d votes and error %v", len(votes), err)
		}
		for name, test := range map[string]struct {
			environment string
			status      int
			want        string
		}{
			"as it is":              {"", 403, "nobody among the people of running-app/production@"},
			"through staging":       {"staging", 400, "is one of production, not of staging"},
			"naming the production": {"production", 403, "nobody among the people of running-app/production@"},
		} {
			for _, verb := range []string{commands.Show, commands.Approve} {
				command := commands.Command{Verb: verb, Environment: test.environment, Deployment: started.Deployment}
				if verb == commands.Approve {
					command.Plan = votes[0].PlanDigest
				}
				answer, status := c.ask("mallory", command)
				if status != test.status || answer.Vote != nil || !strings.Contains(answer.Message, test.want) {
					c.Errorf("%s, %s: got %d and %+v, want %d and %q", verb, name, status, answer, test.status, test.want)
				}
			}
		}
		if votes, err = c.Ledger.Votes(c.Context(), started.Deployment); err != nil || votes[0].Outcome.Kind != "" {
			c.Errorf("it was decided: %+v (%v)", votes[0].Outcome, err)
		}
	})
}

func TestHoldsAndLifts(t *testing.T) {
	open(t, func(c console) {
		if answer, status := c.ask("ada", commands.Command{Verb: commands.Hold, Environment: "production", Reason: "a fair"}); status != 200 || !strings.Contains(answer.Text, "is on hold") {
			c.Fatalf("got %d and %+v", status, answer)
		}
		hold, err := c.Ledger.Hold(c.Context(), sim.Scope())
		if err != nil || hold.By != sim.Requester || hold.Reason != "a fair" || hold.Dirty {
			c.Errorf("got %+v and error %v", hold, err)
		}
		if answer, status := c.ask("ada", commands.Command{Verb: commands.Hold, Environment: "production", Reason: "again"}); status != 400 || !strings.Contains(answer.Message, "on hold already") {
			c.Errorf("held twice: got %d and %+v", status, answer)
		}
		time.Sleep(time.Hour)
		if answer, status := c.ask("edsger", commands.Command{Verb: commands.Lift, Environment: "production", Reason: "the fair is over"}); status != 200 || !strings.Contains(answer.Text, "is lifted") {
			c.Errorf("got %d and %+v", status, answer)
		}
		if hold, err := c.Ledger.Hold(c.Context(), sim.Scope()); err != nil || hold.Active() {
			c.Errorf("got %+v and error %v", hold, err)
		}
		for _, name := range []string{"set", "lifted"} {
			if kept := string(c.Document("records/eu-central-1/running-app/production/holds/20000101-000000-" + name + ".json")); !strings.Contains(kept, `"did": "`+name+`"`) {
				c.Errorf("%s: got document %q", name, kept)
			}
		}
		if mails := c.Mails(); len(mails) != 2 || !strings.Contains(mails[1].Body, "the fair is over") {
			c.Errorf("got mails %+v", mails)
		}
	})
}

// TestDirtyHoldIsLiftedByCommand: the rollback that could not go back left it.
func TestDirtyHoldIsLiftedByCommand(t *testing.T) {
	open(t, func(c console) {
		dirty := ledger.Hold{By: "pilotage", Reason: "d1 failed in Restore", Deployment: "d1", At: time.Now(), Dirty: true}
		if err := c.Ledger.SetHold(c.Context(), sim.Scope(), dirty); err != nil {
			c.Fatal(err)
		}
		if answer, status := c.ask("ada", commands.Command{Verb: commands.Lift, Environment: "production", Reason: "the schema is mended"}); status != 200 {
			c.Errorf("got %d and %+v", status, answer)
		}
		mails := c.Mails()
		if len(mails) != 1 || !strings.Contains(mails[0].Body, "dirty: nobody could deploy") || !strings.Contains(mails[0].Body, "d1 failed in Restore") {
			c.Errorf("got mails %+v", mails)
		}
	})
}
