package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/local/report"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/record"
)

// judge looks at the world after the scenario and compares it with what was expected.
func (s *run) judge(ctx context.Context, schemaBefore int64) (report.Scenario, error) {
	entry, err := s.subject(ctx)
	if err != nil {
		return report.Scenario{}, err
	}
	result := report.Scenario{
		Name: s.file.Name, Description: s.file.Description, Expected: s.file.Expect.Outcome, Outcome: string(entry.Outcome),
		Weights: s.weights, Path: s.path, Transitions: len(s.path), SchemaBefore: schemaBefore,
		Seconds: s.runner.Clock.Now().Sub(s.began).Seconds(), Mails: s.mails(),
		ForecastSeconds: float64(entry.Plan.Forecast.Seconds), ActiveSeconds: s.active(),
	}
	if result.SchemaAfter, err = s.schema(ctx); err != nil {
		return report.Scenario{}, err
	}
	if entry.RecordKey != "" {
		archive, _ := s.world.Ports.Archive.(world.Archive)
		result.Record, err = archive.Get(entry.RecordKey + ".txt")
		if err != nil {
			s.note(fmt.Errorf("read the change record: %w", err))
		}
	}
	s.traffic(&result, entry)
	result.Problems = append(s.expectations(entry, result), s.invariants(ctx, result)...)
	for _, problem := range s.problems {
		result.Problems = append(result.Problems, problem.Error())
	}
	result.OK = len(result.Problems) == 0
	return result, nil
}

// subject is the deployment that the scenario is about: the newest one of the watched scope, or
// the rollback when that is all there is.
func (s *run) subject(ctx context.Context) (ledger.Deployment, error) {
	entries, err := s.world.Ports.Ledger.Deployments(ctx, s.scope(), 100)
	if err != nil {
		return ledger.Deployment{}, err
	}
	for _, entry := range entries {
		if entry.Kind == deploy.KindDeploy && !entry.StartedAt.Before(s.began) {
			return entry, nil
		}
	}
	for _, entry := range entries {
		if !entry.StartedAt.Before(s.began) {
			return entry, nil
		}
	}
	return ledger.Deployment{}, nil
}

// active is the time from having the lock to the end of the last execution's work under it.
func (s *run) active() float64 {
	var from, until time.Time
	for _, state := range s.path {
		if state.State == "Replan" && from.IsZero() {
			from = state.At
		}
		if strings.HasPrefix(state.State, "Unlock") && state.State != "UnlockRetired" {
			until = state.At
		}
	}
	if from.IsZero() || until.Before(from) {
		return 0
	}
	return until.Sub(from).Seconds()
}

// traffic puts what users saw into the result.
func (s *run) traffic(result *report.Scenario, entry ledger.Deployment) {
	if s.users == nil {
		return
	}
	seen := s.users.Snapshot()
	var toNobody int
	lb := s.world.Balancer.Router(s.world.Scope(s.file.Traffic.Environment))
	for _, slot := range deploy.Slots() {
		total := lb.Totals(string(slot))
		toNobody += total.Lost + total.ConnectionErrors
	}
	result.Requests, result.Lost = seen.Requests, seen.Lost+toNobody
	// What the router answered because nobody was there is lost, and so not failed as well.
	result.Failed = max(0, seen.Failed-toNobody)
	for _, second := range s.users.Series() {
		if second.At.Before(s.began) {
			continue
		}
		one := report.Second{Seconds: second.At.Sub(s.began).Seconds(), Releases: map[string]report.Tally{}}
		for _, release := range second.Releases {
			one.Releases[release.Name] = report.Tally{
				Requests: release.Requests, Failed: release.Failed, Lost: release.Lost, P99Millis: float64(release.P99) / float64(time.Millisecond),
			}
		}
		result.Series = append(result.Series, one)
	}
	if seen.FirstBad == nil || entry.Outcome != deploy.RolledBack {
		return
	}
	home := entry.Plan.Capsule.Weights
	for _, change := range s.weights {
		if change.At.After(seen.FirstBad.At) && change.Blue == int(home.Blue) && change.Green == int(home.Green) {
			result.SecondsToRestore = change.At.Sub(seen.FirstBad.At).Seconds()
		}
	}
}

// expectations names each expectation that was not met.
func (s *run) expectations(entry ledger.Deployment, result report.Scenario) []string {
	var problems []string
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	expect := s.file.Expect
	if result.Outcome != expect.Outcome {
		wrong("expect.outcome: %s was expected, %s was seen%s", expect.Outcome, orNothing(result.Outcome), why(entry))
	}
	if expect.Error != "" && entry.Error.Error != expect.Error {
		wrong("expect.error: %s was expected, %s was seen%s", expect.Error, orNothing(entry.Error.Error), why(entry))
	}
	if want := expect.Schema; want != nil && *want != result.SchemaAfter {
		wrong("expect.schema: %d was expected, %d was seen", *want, result.SchemaAfter)
	}
	for _, bound := range []struct {
		name  string
		seen  float64
		bound Bound
	}{
		{"requests", float64(result.Requests), expect.Requests},
		{"failed", float64(result.Failed), expect.Failed},
		{"lost", float64(result.Lost), expect.Lost},
		{"secondsToRestore", result.SecondsToRestore, expect.SecondsToRestore},
	} {
		if b := bound.bound.AtLeast; b != nil && bound.seen < *b {
			wrong("expect.%s: at least %v was expected, %.4g was seen", bound.name, *b, bound.seen)
		}
		if b := bound.bound.AtMost; b != nil && bound.seen > *b {
			wrong("expect.%s: at most %v was expected, %.4g was seen", bound.name, *b, bound.seen)
		}
	}
	return append(problems, s.pathProblems()...)
}

// why is the failure of a deployment, in brackets.
func why(entry ledger.Deployment) string {
	switch {
	case entry.ID == "":
		return " (no deployment was started)"
	case entry.Error.Error == "":
		return ""
	}
	return fmt.Sprintf(" (%s in %s: %s)", entry.Error.Error, entry.Error.Stage, record.Message(entry.Error.Cause))
}

func (s *run) pathProblems() []string {
	var problems []string
	next := 0
	for _, state := range s.path {
		if next < len(s.file.Expect.States) && state.State == s.file.Expect.States[next] {
			next++
		}
		if slices.Contains(s.file.Expect.Never, state.State) {
			problems = append(problems, fmt.Sprintf("expect.never: state %s was entered after %.1f s", state.State, state.Seconds))
		}
	}
	if next < len(s.file.Expect.States) {
		after := ""
		if next > 0 {
			after = " after " + strings.Join(s.file.Expect.States[:next], ", ")
		}
		problems = append(problems, fmt.Sprintf("expect.states: %s was not entered%s", s.file.Expect.States[next], after))
	}
	return problems
}

// mails are those that were sent since the scenario began, in order.
func (s *run) mails() []report.Mail {
	var sent []report.Mail
	for _, mail := range s.world.Mails() {
		if !mail.At.Before(s.began) {
			sent = append(sent, report.Mail{Seconds: mail.At.Sub(s.began).Seconds(), To: mail.To, Subject: mail.Subject, Body: mail.Body})
		}
	}
	return sent
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}
