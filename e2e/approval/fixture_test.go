// Package approval_test is approval as people, scanners and browsers meet it: a whole world on
// this machine, a promotion that waits for people, their mails, and what they find behind the links.
package approval_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/mailbox"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/local/world"
	sharedapproval "github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/aws/lambdaurl"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/commands"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
)

// The people of the example. Anna asks, Ben wrote the release, so that neither of them is asked.
const (
	anna     = "anna@running-app.example.com"
	ben      = "ben@running-app.example.com"
	clara    = "clara@running-app.example.com"
	approver = "release-approvers@running-app.example.com"
)

// waiting is a world in which a promotion to production waits for two people.
type waiting struct {
	*testing.T
	*world.World
	// id is the promotion's, verified that of the staging deployment that it promotes.
	id       string
	verified string
	// folder is the world's.
	folder string
}

// open makes the world: 1.0.0 is live, staging has verified 1.1.0, and Anna promotes it.
func open(t *testing.T) waiting {
	t.Helper()
	w := waiting{T: t}
	w.World, w.folder = start(t)
	w.verified = w.ship()
	answer := w.command(anna, commands.Command{
		Verb: commands.Promote, Environment: "production", Deployment: w.verified, Reason: "RUN-112: runners can note their shoe", Key: "promote-0001",
	})
	w.id = answer.Deployment
	return w
}

// start makes the world, and returns its folder as well.
func start(t *testing.T) (*world.World, string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	example, dir := filepath.Join(root, "examples", "runningapp"), t.TempDir()
	settings, err := config.Load(filepath.Join(example, "pilotage.local.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, env := range settings.Environments {
		env.Strategy.Kind, env.Strategy.Steps, env.Strategy.SettleSeconds = "blue-green", deploy.Schedule{{Weight: 100, BakeSeconds: 1}}, 0
		settings.Environments[name] = env
	}
	catalog := &releases.Catalog{Service: settings.Service, Dir: filepath.Join(example, "releases"), Root: root, Out: filepath.Join(dir, "programs")}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		if _, err := catalog.Publish(t.Context(), version); err != nil {
			t.Fatal(err)
		}
	}
	w, err := world.Open(t.Context(), world.Options{
		Dir: filepath.Join(dir, "world"), Settings: world.Settings{File: settings}, Catalog: catalog, Environments: []string{"staging", "production"},
		Postgres: pgtest.Binaries(t), Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, environment := range []string{"staging", "production"} {
		if err := w.Seed(t.Context(), environment, "1.0.0"); err != nil {
			t.Fatal(err)
		}
	}
	return w, filepath.Join(dir, "world")
}

// ship deploys 1.1.0 to staging, from the console with a plain input, and returns the deployment.
func (w waiting) ship() string {
	w.Helper()
	input, err := json.Marshal(map[string]any{
		"scope": w.Scope("staging"), "release": "1.1.0", "requestedBy": anna, "reason": "started in the console",
	})
	if err != nil {
		w.Fatal(err)
	}
	const id = "by-hand-1"
	arn, err := w.Engine.Start(w.Context(), world.DeployMachine, id, input)
	if err != nil {
		w.Fatal(err)
	}
	execution, err := w.Engine.Wait(w.Context(), arn)
	if err != nil || execution.Status != asl.StatusSucceeded {
		w.Fatalf("staging: got %s, %s %s and error %v", execution.Status, execution.Error, execution.Cause, err)
	}
	return id
}

// command sends a command, signed with a person's access key.
func (w waiting) command(by string, command commands.Command) commands.Answer {
	w.Helper()
	client, err := lambdaurl.NewLocal(w.CommandURL, world.Region, w.Keys[by].ID, w.Keys[by].Secret, time.Now)
	if err != nil {
		w.Fatal(err)
	}
	answer, err := client.Send(w.Context(), command)
	if err != nil {
		w.Fatalf("%s by %s: %v", command.Verb, by, err)
	}
	return answer
}

// ballot is what an approver's mail has: the link and the code.
func (w waiting) ballot(of string) (link, code string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	mail, err := w.Mailbox.Wait(ctx, of, func(m mailbox.Mail) bool { return strings.Contains(m.Subject, "approve ") })
	if err != nil {
		w.Fatal(err)
	}
	link = regexp.MustCompile(`http://\S+/approve/\S+`).FindString(mail.Body)
	found := regexp.MustCompile(`(?m)^\s+(\d{4}-\d{4})$`).FindStringSubmatch(mail.Body)
	if link == "" || len(found) != 2 {
		w.Fatalf("the mail has no link or no code:\n%s", mail.Body)
	}
	return link, found[1]
}

// vote is the one vote on the promotion.
func (w waiting) vote() sharedapproval.Vote {
	w.Helper()
	votes, err := w.Ports.Ledger.Votes(w.Context(), w.id)
	if err != nil || len(votes) != 1 {
		w.Fatalf("got %d votes and error %v, want one", len(votes), err)
	}
	return votes[0]
}

// end waits for the end of the promotion.
func (w waiting) end() asl.Execution {
	w.Helper()
	for _, execution := range w.Engine.List(w.Context(), world.DeployMachine) {
		if execution.Name == w.id {
			ended, err := w.Engine.Wait(w.Context(), execution.Arn)
			if err != nil {
				w.Fatal(err)
			}
			return ended
		}
	}
	w.Fatalf("there is no execution %s", w.id)
	return asl.Execution{}
}

// running reports whether the promotion still waits.
func (w waiting) running() bool {
	w.Helper()
	for _, execution := range w.Engine.List(w.Context(), world.DeployMachine) {
		if execution.Name == w.id {
			return execution.Status == asl.StatusRunning
		}
	}
	return false
}
