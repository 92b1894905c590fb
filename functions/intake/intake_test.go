package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/intake"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// starter keeps what is started, by name.
type starter map[string]deploy.Request

func (s starter) Start(_ context.Context, machine, name string, input json.RawMessage) (string, error) {
	var request deploy.Request
	if err := json.Unmarshal(input, &request); err != nil {
		return "", err
	}
	if machine != "deploy" {
		return "", fmt.Errorf("machine %s", machine)
	}
	s[name] = request
	return "arn:" + name, nil
}

// services are production, which promotes from staging on Tuesdays; staging, which takes main; and
// development, which takes features.
type services struct{}

func (services) All(context.Context) ([]deploy.Configured, error) {
	people := []deploy.Person{{Mail: "anna@example.com", GitHub: "Anna-K"}}
	scope := func(environment string) deploy.Scope { s := sim.Scope(); s.Environment = environment; return s }
	return []deploy.Configured{
		{Scope: scope("production"), Repository: sim.Repository, Environment: deploy.Environment{PromoteFrom: "staging", People: people}},
		{Scope: scope("staging"), Repository: sim.Repository, Environment: deploy.Environment{Branches: []string{"main"}, People: people}},
		{Scope: scope("development"), Repository: sim.Repository, Environment: deploy.Environment{Branches: []string{"develop", "feature/*"}, People: people}},
		{Scope: scope("elsewhere"), Repository: "other/service", Environment: deploy.Environment{Branches: []string{"main"}}},
	}, nil
}

type desk struct {
	*testing.T
	intake.Function
	ledger  *ledger.Ledger
	started starter
}

func open(t *testing.T, f func(d desk)) {
	synctest.Test(t, func(t *testing.T) {
		l, s, n := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}, starter{}, 0
		id := func() string { n++; return fmt.Sprint("id", n) }
		door := admission.Door{Starter: s, Marks: l, Clock: clock.System{}, NewID: id}
		f(desk{t, intake.Function{Door: door, Services: services{}, Ledger: l, Clock: clock.System{}}, l, s})
	})
}

// take hands an event in, and says what it led to in a line.
func (d desk) take(source, kind, detail string) string {
	d.Helper()
	result, err := d.Handle(d.Context(), intake.Event{Source: source, DetailType: kind, Detail: json.RawMessage(detail)})
	if err != nil {
		return string(fault.Of(err)) + ": " + err.Error()
	}
	var words []string
	for _, one := range result.Deployments {
		word := d.started[one.Deployment].Scope.Environment
		if one.Repeated {
			word += " again"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ") + result.Reason
}

func push(branch, commit string) string {
	return fmt.Sprintf(`{"repository":%q,"ref":"refs/heads/%s","branch":%q,"commit":%q,"subject":"add orders","sender":"anna-k","key":"%s to %s"}`,
		sim.Repository, branch, branch, commit, branch, commit)
}

func TestPushesGoWhereTheirBranchIsTaken(t *testing.T) {
	open(t, func(d desk) {
		for _, test := range []struct{ branch, commit, want string }{
			{"main", "c1", "staging"},
			{"main", "c1", "staging again"},
			{"main", "c2", "staging"},
			{"develop", "c1", "development"},
			{"feature/shoes", "c3", "development"},
			{"feature/shoes/red", "c3", `no environment deploys branch "feature/shoes/red" of ` + sim.Repository},
			{"mainline", "c1", `no environment deploys branch "mainline" of ` + sim.Repository},
		} {
			if got := d.take("pilotage.github", "Push", push(test.branch, test.commit)); got != test.want {
				d.Errorf("%s to %s: got %q, want %q", test.commit, test.branch, got, test.want)
			}
		}
		for id, request := range d.started {
			if request.RequestedBy != "anna@example.com" || request.Source.Kind != deploy.FromGitHub || !strings.HasSuffix(request.Reason, ": add orders") {
				d.Errorf("%s: got %+v", id, request)
			}
		}
	})
}

// TestOldPushAgainDoesNotMoveTheBranchBack: GitHub delivers again what somebody asks it to, whenever.
func TestOldPushAgainDoesNotMoveTheBranchBack(t *testing.T) {
	open(t, func(d desk) {
		for _, commit := range []string{"old", "new", "old"} {
			d.take("pilotage.github", "Push", push("main", commit))
		}
		d.take("pilotage.schedule", "Scheduled Deployment", `{"scope":{"service":"running-app","environment":"staging","region":"eu-central-1"},"scheduledTime":"2026-12-01T09:00:00Z"}`)
		for id, request := range d.started {
			if request.Source.Kind == deploy.FromSchedule && request.Release != "new" {
				d.Errorf("%s deploys %q", id, request.Release)
			}
		}
		if len(d.started) != 3 {
			d.Errorf("got %d deployments, want one for each push and the schedule's", len(d.started))
		}
	})
}

// built is production, which promotes from staging, and staging, which both take what pipeline "build"
// built, in this order.
type built struct{}

func (built) All(context.Context) ([]deploy.Configured, error) {
	var all []deploy.Configured
	for name, from := range map[string]string{"production": "staging", "staging": ""} {
		scope := sim.Scope()
		scope.Environment = name
		all = append(all, deploy.Configured{
			Scope: scope, Repository: sim.Repository,
			Environment: deploy.Environment{PromoteFrom: from, Pipelines: []deploy.Pipeline{{Name: "build"}}},
		})
	}
	slices.SortFunc(all, func(a, b deploy.Configured) int { return strings.Compare(a.Scope.Environment, b.Scope.Environment) })
	return all, nil
}

// Commits implements intake.Pipelines.
func (built) Commits(context.Context, string, string) ([]string, error) {
	return []string{strings.Repeat("a", 40)}, nil
}

func TestPipelineDeploysWhereItCanAndSaysWhyNotElsewhere(t *testing.T) {
	open(t, func(d desk) {
		d.Services, d.Pipelines = built{}, built{}
		got := d.take("aws.codepipeline", "CodePipeline Pipeline Execution State Change", `{"pipeline":"build","execution-id":"e1","state":"SUCCEEDED"}`)
		if len(d.started) != 1 || !strings.HasPrefix(got, "stagingproduction takes only what staging has verified") {
			d.Errorf("got %q", got)
		}
	})
}

func TestSchedulesDeployWhatIsNewest(t *testing.T) {
	open(t, func(d desk) {
		due := func(environment, at string) string {
			return fmt.Sprintf(`{"scope":{"service":"running-app","environment":%q,"region":"eu-central-1"},"scheduledTime":%q}`, environment, at)
		}
		take := func(environment, at string) string {
			return d.take("pilotage.schedule", "Scheduled Deployment", due(environment, at))
		}
		const nine, ten = "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"
		if got := take("production", nine); got != "there is nothing to deploy to running-app/production@eu-central-1: staging has verified nothing yet" {
			d.Errorf("nothing verified: got %q", got)
		}
		if got := take("staging", nine); got != "there is nothing to deploy to running-app/staging@eu-central-1: its branch was never pushed to" {
			d.Errorf("nothing pushed: got %q", got)
		}
		// People name executions as they like: it is not the last of the alphabet that is newest.
		d.verified("yesterday", "c1", false)
		time.Sleep(time.Hour)
		d.verified("s2", "c2", false)
		d.verified("s3", "c3", true)
		d.take("pilotage.github", "Push", push("main", "c9"))
		for _, test := range []struct{ environment, at, want string }{
			{"production", ten, "production"}, {"production", ten, "production again"}, {"production", nine, "production"}, {"staging", ten, "staging"},
		} {
			if got := take(test.environment, test.at); got != test.want {
				d.Errorf("%s at %s: got %q, want %q", test.environment, test.at, got, test.want)
			}
		}
		for id, request := range d.started {
			switch {
			case request.Source.Kind != deploy.FromSchedule:
			case request.Scope.Environment == "production" && request.Promotes != "s2":
				d.Errorf("%s promotes %q, want the newest that was not taken back", id, request.Promotes)
			case request.Scope.Environment == "staging" && request.Release != "c9":
				d.Errorf("%s deploys %q, want what main was pushed to", id, request.Release)
			}
		}
	})
}

// verified is a deployment that staging has verified, and maybe taken back.
func (d desk) verified(id, commit string, undone bool) {
	d.Helper()
	scope := sim.Scope()
	scope.Environment = "staging"
	entry := ledger.Deployment{ID: id, Kind: deploy.KindDeploy, Scope: scope, Promoted: true, Outcome: deploy.Succeeded, EndedAt: time.Now()}
	entry.Plan.Release.Commit, entry.Plan.Release.Digest = commit, "sha256:"+commit
	if undone {
		entry.UndoneBy = "r1"
	}
	if err := d.ledger.Begin(d.Context(), entry); err != nil {
		d.Fatal(err)
	}
}

func TestRefusesWhatIsNoEventOfOurs(t *testing.T) {
	for name, test := range map[string]struct{ source, kind, detail, want string }{
		"another source":       {"aws.ec2", "Push", "{}", `Pilotage.Invalid: the event "Push" of "aws.ec2" is none that deployments begin with`},
		"no detail":            {"pilotage.github", "Push", "", `Pilotage.Invalid: read the detail of the event "Push"`},
		"a push of nothing":    {"pilotage.github", "Push", `{"repository":"a/b","branch":"main"}`, "Pilotage.Invalid: the push event names no repository"},
		"a schedule without":   {"pilotage.schedule", "Scheduled Deployment", `{"scope":{"service":"running-app","environment":"staging","region":"eu-central-1"}}`, "Pilotage.Invalid: the schedule's event has no scheduledTime"},
		"a schedule of nobody": {"pilotage.schedule", "Scheduled Deployment", `{"scope":{"service":"x","environment":"y","region":"z"},"scheduledTime":"t"}`, "Pilotage.Invalid: the schedule is for x/y@z: x/y is not configured; configured are running-app/production, "},
	} {
		open(t, func(d desk) {
			if got := d.take(test.source, test.kind, test.detail); !strings.HasPrefix(got, test.want) || len(d.started) > 0 {
				d.Errorf("%s: got %q, want %q", name, got, test.want)
			}
		})
	}
}
