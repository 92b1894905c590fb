package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/local/asl"
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
		wrong("expect.outcome: %s was expected, %s was seen (%s in %s: %s)", expect.Outcome, orNothing(result.Outcome), entry.Error.Error, entry.Error.Stage, record.Message(entry.Error.Cause))
	}
	if expect.Error != "" && entry.Error.Error != expect.Error {
		wrong("expect.error: %s was expected, %s was seen (%s)", expect.Error, orNothing(entry.Error.Error), entry.Error.Cause)
	}
	if expect.Schema != result.SchemaAfter {
		wrong("expect.schema: %d was expected, %d was seen", expect.Schema, result.SchemaAfter)
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
		problems = append(problems, fmt.Sprintf("expect.states: %s was not entered after %s", s.file.Expect.States[next], strings.Join(s.file.Expect.States[:next], ", ")))
	}
	return problems
}

// invariants checks what must hold at the end of every scenario, expected or not.
func (s *run) invariants(ctx context.Context, result report.Scenario) []string {
	var problems []string
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	scope := s.scope()
	routing, err := s.world.Ports.Balancer.Routing(ctx, scope)
	if err != nil {
		return []string{err.Error()}
	}
	active := routing.Weights.Heaviest()
	if routing.Weights.Of(active) != 100 {
		wrong("world: traffic is divided at the end (%s)", routing.Weights)
	}
	if routing.Maintenance {
		wrong("world: the maintenance page is still shown")
	}
	state, err := s.world.Ports.Fleet.Describe(ctx, scope, active)
	if err != nil {
		wrong("world: %v", err)
	}
	if !state.Ready() {
		wrong("world: slot %s has all traffic and %d of %d tasks healthy", active, state.Healthy, state.Count)
	}
	if want := s.file.Expect.Release; want != "" && state.Version != want {
		wrong("expect.release: %s was expected to be live, %s is", want, state.Version)
	}
	hold, err := s.world.Ports.Ledger.Hold(ctx, scope)
	if err != nil {
		wrong("world: %v", err)
	}
	if want := s.file.Expect.Hold; want != "" && hold.Active() != (want == "set") {
		wrong("expect.hold: %s was expected, %q was seen", want, hold.Reason)
	}
	lock, err := s.world.Ports.Ledger.Lock(ctx, scope)
	if err != nil {
		wrong("world: %v", err)
	}
	if lock.Owner != "" && result.Outcome != string(deploy.FailedDirty) {
		wrong("world: the lock is still held by %s", lock.Owner)
	}
	return append(problems, s.executions(ctx)...)
}

// executions names what ended in a way that no outcome stands for.
func (s *run) executions(ctx context.Context) []string {
	var problems []string
	for _, execution := range s.world.Engine.List(ctx, "") {
		known := strings.HasPrefix(execution.Error, "Pilotage.")
		if execution.Status == asl.StatusFailed && !known {
			problems = append(problems, fmt.Sprintf("world: execution %s failed with %s: %s", execution.Name, execution.Error, execution.Cause))
		}
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
