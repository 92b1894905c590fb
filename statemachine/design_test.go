package statemachine_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/statemachine"
)

// part is a part of a definition, and where the failures of its tasks may lead: the table
// "Errors, and what the machine does" of the design, as data.
type part struct {
	name   string
	states []string
	catch  []string
}

func deployParts() []part {
	return []part{
		{"before anything is changed", []string{"Validate", "Plan", "Enqueue", "Announce", "Ask", "Lock", "Replan", "YieldLock"}, []string{"RecordRefusal"}},
		{"building what is not published", []string{"Build"}, []string{"Validate"}},
		{"waiting for people", []string{"Approve"}, []string{"Ask", "RecordRefusal"}},
		{"after something was changed", []string{
			"EnterMaintenance", "Backup", "Migrate", "Release", "SmokeTest", "Shift", "Prove", "Observe", "Verify", "LeaveMaintenance", "Promote",
		}, []string{"LeaseLost", "Rollback"}},
		{"promoted, the lock held", []string{"Record", "Unlock"}, []string{"Page"}},
		{"tidying up", []string{"LockToRetire", "Retire", "UnlockRetired"}, []string{"ReportLeftover", "UnlockRetired"}},
		{"reporting what is left", []string{"ReportLeftover"}, []string{"Succeeded"}},
		{"refusing", []string{"RecordRefusal"}, []string{"UnlockRefused"}},
		{"refused", []string{"UnlockRefused"}, []string{"Refused"}},
		{"going back", []string{"Rollback"}, []string{"CheckRollback"}},
		{"calling for a person", []string{"Page"}, []string{"FailedDirty"}},
	}
}

func rollbackParts() []part {
	return []part{
		{"before anything is changed", []string{"Plan", "Ask", "Lock", "YieldLock"}, []string{"JudgeRefusal"}},
		{"waiting for people", []string{"Approve"}, []string{"Ask", "JudgeRefusal"}},
		{"under the lock, nothing changed yet", []string{"Replan"}, []string{"LeaseLost", "JudgeRefusal"}},
		{"telling people never stops a rollback", []string{"Announce"}, []string{"CheckApproval"}},
		{"after something was changed", []string{
			"RestoreCapacity", "SmokeTest", "RestoreTraffic", "ProveTraffic", "RevertSchema", "EnterMaintenance", "RestoreDatabase",
			"RestoreMaintenance", "Verify", "Hold", "Record", "Unlock",
		}, []string{"LeaseLost", "Page"}},
		{"scaling in may be left to the next", []string{"Abandon"}, []string{"LeaseLost", "CheckSchema"}},
		{"refusing", []string{"RecordRefusal"}, []string{"UnlockRefused"}},
		{"refused", []string{"UnlockRefused"}, []string{"Refused"}},
		{"calling for a person", []string{"Page"}, []string{"FailedDirty"}},
	}
}

func TestFailuresLeadWhereTheDesignSays(t *testing.T) {
	for name, parts := range map[string][]part{"deploy": deployParts(), "rollback": rollbackParts()} {
		machine := read(t, definitions()[name])
		seen := map[string]bool{}
		for _, part := range parts {
			for _, task := range part.states {
				seen[task] = true
				for _, target := range machine.States[task].targets() {
					if !slices.Contains(part.catch, target) {
						t.Errorf("%s, %s: a failure of %s leads to %s, want one of %q", name, part.name, task, target, part.catch)
					}
				}
			}
		}
		for task, state := range machine.States {
			if state.Type == "Task" && !seen[task] {
				t.Errorf("%s: task %s belongs to no part of the design", name, task)
			}
		}
	}
}

// TestEveryFunctionIsCalled finds functions that no state calls: a stage that was written and
// never put into the pipeline.
func TestEveryFunctionIsCalled(t *testing.T) {
	called := []string{"Webhook", "Intake", "PipelineJob", "Report", "Watchdog", "Decide", "Command"} // Events and people call these.
	for _, definition := range definitions() {
		called = append(called, statemachine.Functions(definition)...)
	}
	for name := range functions.Table(functions.World{}) {
		if !slices.Contains(called, name) {
			t.Errorf("function %s is called by no state", name)
		}
	}
}

// TestEndsAreNamedAlike compares the ends of the machines with their errors: a person who sees
// one in the console finds it under the other in the runbook.
func TestEndsAreNamedAlike(t *testing.T) {
	for name, definition := range definitions() {
		for end, state := range read(t, definition).States {
			if got, want := state.Error, "Pilotage."+end; state.Type == "Fail" && got != want {
				t.Errorf("%s: the end %s fails with %q, want %q", name, end, got, want)
			}
		}
	}
}

// parsed is what these tests need of a definition.
type parsed struct {
	States map[string]parsedState
}

type parsedState struct {
	Type  string
	Error string
	Catch []struct{ Next string }
}

func (s parsedState) targets() []string {
	var targets []string
	for _, c := range s.Catch {
		targets = append(targets, c.Next)
	}
	return targets
}

func read(t *testing.T, definition []byte) parsed {
	t.Helper()
	var machine parsed
	if err := json.Unmarshal(definition, &machine); err != nil {
		t.Fatalf("decode the definition: %v", err)
	}
	return machine
}
