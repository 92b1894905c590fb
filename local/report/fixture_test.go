package report

import (
	"fmt"
	"math"
	"time"
)

// fixture is a demonstration as it might be: a promotion, a rollback at the first percent, a
// refusal and a failure. It is the same each time.
func fixture() Report {
	promotion, errors50, refused, dirty := goodScenario(), errorsScenario(), refusedScenario(), dirtyScenario()
	return Report{OK: false, Scenarios: []Scenario{promotion, errors50, refused, dirty}}
}

var fixtureStart = time.Date(2026, 7, 14, 9, 30, 0, 0, time.UTC)

// script writes a scenario down state by state.
type script struct {
	Scenario
	at float64
}

func (s *script) enter(machine, state string, seconds float64) {
	s.Path = append(s.Path, StateAt{
		Seconds: s.at, At: fixtureStart.Add(time.Duration(s.at * float64(time.Second))),
		Machine: machine, Execution: machine + "-" + s.Name, State: state,
	})
	s.at += seconds
	s.Transitions++
}

func (s *script) weigh(blue, green int) {
	s.Weights = append(s.Weights, WeightAt{Seconds: s.at, At: fixtureStart.Add(time.Duration(s.at * 1e9)), Blue: blue, Green: green})
}

func (s *script) loop(machine, state, check, wait string, rounds int, each float64) {
	for i := range rounds {
		s.enter(machine, state, 0.1)
		s.enter(machine, check, 0)
		if i < rounds-1 {
			s.enter(machine, wait, each)
		}
	}
}

func (s *script) prepare() {
	for _, state := range []string{"Begin", "Validate", "Plan", "Announce", "CheckApproval"} {
		s.enter("deploy", state, 0.12)
	}
	s.mail("ops@example.com", "About to deploy running-app 1.1.0 to production", "What         running-app 1.1.0 to production\nNow          1.0.0 in slot blue\nWhy          demonstration\nTraffic      1, 5, 25, 50, 100 % to slot green\n")
	s.enter("deploy", "Approve", 2.4)
	for _, state := range []string{"Lock", "CheckLock", "Replan", "CheckPlan"} {
		s.enter("deploy", state, 0.1)
	}
	s.loop("deploy", "Backup", "CheckBackup", "WaitForBackup", 3, 1)
	s.enter("deploy", "Migrate", 0.6)
	s.loop("deploy", "Release", "CheckRelease", "WaitForRelease", 4, 0.7)
	s.enter("deploy", "SmokeTest", 0.4)
}

func (s *script) shift(green, rounds int) {
	s.enter("deploy", "Shift", 0.1)
	s.weigh(100-green, green)
	s.at += 0.1
	s.loop("deploy", "Prove", "CheckProof", "WaitForProof", 2, 0.4)
	s.loop("deploy", "Observe", "CheckVerdict", "WaitToObserve", rounds, 2)
}

func (s *script) mail(to, subject, body string) {
	s.Mails = append(s.Mails, Mail{Seconds: s.at, To: to, Subject: subject, Body: body})
}

// traffic makes a series from the weights: about 200 requests a second, of which the candidate
// fails a share.
func (s *script) traffic(failing float64) {
	s.Seconds = s.at
	for second := 0; float64(second) < s.at; second++ {
		green := 0
		for _, w := range s.Weights {
			if w.Seconds <= float64(second)+0.5 {
				green = w.Green
			}
		}
		total := 200 + int(9*math.Sin(float64(second)*1.7)+6*math.Cos(float64(second)*0.6))
		candidate := int(math.Round(float64(total*green) / 100))
		releases := map[string]Tally{}
		if total > candidate {
			releases["1.0.0"] = Tally{Requests: total - candidate, P99Millis: 18 + float64(second%5)}
		}
		if candidate > 0 {
			failed := int(math.Round(float64(candidate) * failing))
			releases["1.1.0"] = Tally{Requests: candidate, Failed: failed, P99Millis: 21 + float64(second%7)}
			s.Failed += failed
		}
		s.Requests += total
		s.Series = append(s.Series, Second{Seconds: float64(second), Releases: releases})
	}
}

func goodScenario() Scenario {
	s := &script{Scenario: Scenario{
		Name: "promotion", Description: "A good release goes through all weights and is promoted, its migration included.",
		Expected: "succeeded", Outcome: "succeeded", OK: true, SchemaBefore: 3, SchemaAfter: 4,
		ForecastSeconds: 58,
	}}
	s.weigh(100, 0)
	s.prepare()
	for _, green := range []int{1, 5, 25, 50, 100} {
		s.shift(green, 4)
	}
	for _, state := range []string{"Verify", "CheckMaintenance", "Promote", "Record", "Unlock"} {
		s.enter("deploy", state, 0.2)
	}
	s.mail("ops@example.com", "Deployed running-app 1.1.0 to production", "It took 55 s.\nNo request failed.\n")
	s.enter("deploy", "Settle", 3)
	for _, state := range []string{"LockToRetire", "CheckRetire", "Retire", "UnlockRetired", "Succeeded"} {
		s.enter("deploy", state, 0.15)
	}
	s.ActiveSeconds = 54.6
	s.Record = fixtureRecord("succeeded")
	s.traffic(0)
	return s.Scenario
}

func errorsScenario() Scenario {
	s := &script{Scenario: Scenario{
		Name: "errors50", Description: "Half of the candidate's answers are errors. It has to be noticed at the first percent.",
		Expected: "rolled-back", Outcome: "rolled-back", OK: true, SchemaBefore: 3, SchemaAfter: 3,
		ForecastSeconds: 58,
	}}
	s.weigh(100, 0)
	s.prepare()
	s.shift(1, 5)
	bad := s.at - 6
	s.enter("deploy", "Rollback", 0.1)
	for _, state := range []string{"Begin", "Plan", "Announce", "CheckApproval", "Lock", "CheckLock", "Replan", "CheckPlan", "RestoreCapacity", "CheckCapacity", "SmokeTest", "RestoreTraffic"} {
		s.enter("rollback", state, 0.08)
	}
	s.weigh(100, 0)
	s.SecondsToRestore = s.at - bad
	s.loop("rollback", "ProveTraffic", "CheckProof", "WaitForProof", 2, 0.4)
	for _, state := range []string{"Abandon", "CheckSchema", "RevertSchema", "RestoreMaintenance", "Verify", "Hold", "Record", "Unlock", "Restored"} {
		s.enter("rollback", state, 0.25)
	}
	s.mail("ops@example.com", "Rolled back running-app 1.1.0 in production", "Why   5xx of 1.1.0 is 50 %, of 1.0.0 0 % (p < 0.001)\n")
	s.mail("oncall@example.com", "Hold on running-app in production", "No automatic deployment until a person lifts it.\n")
	s.enter("deploy", "RolledBack", 4)
	s.ActiveSeconds = 17.2
	s.Record = fixtureRecord("rolled-back")
	s.traffic(0.5)
	return s.Scenario
}

func refusedScenario() Scenario {
	s := &script{Scenario: Scenario{
		Name: "refused", Description: "Evidence is missing, so that nothing is touched.",
		Expected: "refused", Outcome: "refused", OK: true, SchemaBefore: 3, SchemaAfter: 3,
	}}
	s.weigh(100, 0)
	for _, state := range []string{"Begin", "Validate", "RecordRefusal", "UnlockRefused", "Refused"} {
		s.enter("deploy", state, 0.6)
	}
	s.at += 4
	s.mail("dev@example.com", "Refused running-app 1.2.0 to production", "What   evidence \"security\" is missing\nDo     run the security check on this digest\n")
	s.Record = fixtureRecord("refused")
	s.traffic(0)
	return s.Scenario
}

func dirtyScenario() Scenario {
	s := &script{Scenario: Scenario{
		Name: "kill-database-while-it-is-migrated", Description: "The database goes away, and comes back.",
		Expected: "rolled-back", Outcome: "failed-dirty", SchemaBefore: 3, SchemaAfter: 3, ForecastSeconds: 58,
		Problems: []string{
			"outcome: expected rolled-back, saw failed-dirty",
			"invariant 5: expected the lock of running-app/production to be free, saw it held by deploy-kill-database-while-it-is-migrated since 09:30:12",
		},
	}}
	s.weigh(100, 0)
	s.prepare()
	s.enter("deploy", "Rollback", 0.4)
	for _, state := range []string{"Begin", "Plan", "Page", "FailedDirty"} {
		s.enter("rollback", state, 0.7)
	}
	for _, state := range []string{"Page", "FailedDirty"} {
		s.enter("deploy", state, 0.7)
	}
	s.ActiveSeconds = 9.8
	s.Record = fixtureRecord("failed-dirty")
	s.traffic(0)
	last := &s.Series[len(s.Series)-3]
	last.Releases["1.0.0"] = Tally{Requests: 120, Failed: 31, P99Millis: 900}
	last.Releases["(unknown)"] = Tally{Requests: 70, Lost: 70}
	s.Failed, s.Lost = 31, 70
	return s.Scenario
}

func fixtureRecord(outcome string) string {
	return fmt.Sprintf(`Change record 01J2Q8Z7
Outcome      %s
What         running-app 1.1.0 to production
Who          asked by dev@example.com, approved by ops@example.com
When         2026-07-14 09:30:00 UTC
Why          demonstration
Plan         sha256:4c1f7d0be7a1
Chain        14 entries, verified
`, outcome)
}
