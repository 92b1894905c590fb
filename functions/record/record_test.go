package record_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/deploy"
)

// refusal is a request that is refused before there is a plan, and who must hear of what.
type refusal struct {
	prepare func(w *sim.World)
	request deploy.Request
	told    []string
	says    []string
}

func request(change func(*deploy.Request)) deploy.Request {
	made := sim.Deployment("1.1.0")
	change(&made)
	return made
}

func refusals() map[string]refusal {
	both := []string{sim.Team, sim.Requester}
	return map[string]refusal{
		"in Validate": {
			request: request(func(r *deploy.Request) { r.Release = "9.9.9" }),
			told:    both, says: []string{"Pilotage.Invalid in Validate", `there is no release "9.9.9"`, "Nothing was changed."},
		},
		"in Plan, for a migration": {
			prepare: func(w *sim.World) {
				broken := sim.Releases()[1]
				broken.Findings = []deploy.Finding{{
					File: "0002_drop.expand.sql", Line: 3, Rule: "drop", Severity: deploy.SeverityRefuse,
					Message: "drops a column that the running version reads", Advice: "put it into a contract migration",
				}}
				w.Publish(broken)
			},
			request: request(func(*deploy.Request) {}),
			told:    both, says: []string{"Pilotage.Rejected in Plan", "0002_drop.expand.sql:3: drops a column", "put it into a contract migration"},
		},
		"asked for by a system": {
			request: request(func(r *deploy.Request) { r.Release, r.RequestedBy, r.Source.Kind = "9.9.9", "ada", "github" }),
			told:    []string{sim.Team}, says: []string{"9.9.9"},
		},
		"to nowhere": {
			request: request(func(r *deploy.Request) { r.Scope.Environment = "moon" }),
			told:    []string{sim.Requester}, says: []string{"there is no environment running-app/moon"},
		},
		"without a scope": {
			request: request(func(r *deploy.Request) { r.Scope = deploy.Scope{} }),
			told:    []string{sim.Requester}, says: []string{"scope needs a service"},
		},
	}
}

func TestRefusalBeforeThePlanIsToldToTheTeamAndToWhoAsked(t *testing.T) {
	machines, err := sim.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range refusals() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, err := sim.New(sim.Options{Machines: machines})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = w.Close(context.Background()) }()
				if test.prepare != nil {
					test.prepare(w)
				}
				run, err := w.Run(t.Context(), "d1", test.request)
				if err != nil || run.Error != "Pilotage.Refused" {
					t.Fatalf("got %q and error %v, want a refusal", run.Error, err)
				}
				var told []string
				for _, mail := range w.Mails() {
					told = append(told, mail.To)
					body := strings.Join(strings.Fields(mail.Body), " ")
					for _, want := range test.says {
						if !strings.Contains(body, want) {
							t.Errorf("the mail to %s does not say %q:\n%s", mail.To, want, mail.Body)
						}
					}
				}
				if !slices.Equal(told, test.told) {
					t.Errorf("got mails to %v, want %v", told, test.told)
				}
			})
		})
	}
}
