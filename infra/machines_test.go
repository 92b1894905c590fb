package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/functions/report"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/statemachine"
)

func functionsAreTheTables(t *testing.T, a assembly) {
	want := slices.Sorted(maps.Keys(functions.Table(functions.World{})))
	var got []string
	for _, r := range a["Pipeline"].of("AWS::Lambda::Function") {
		name := plain(r.at("Handler"))
		got = append(got, name)
		if r.at("Runtime") != "provided.al2023" || plain(r.at("Architectures.0")) != "arm64" || plain(r.at("FunctionName")) != "pilotage-"+name {
			t.Errorf("%s has runtime %v on %v and is called %v", name, r.at("Runtime"), r.at("Architectures"), r.at("FunctionName"))
		}
		if r.at("TracingConfig.Mode") != "Active" {
			t.Errorf("%s is not traced", name)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("functions are %v, want %v", got, want)
	}
}

// limits are the shortest time limits of the states that call a function, in seconds.
func limits(t *testing.T) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for _, definition := range [][]byte{statemachine.Deploy(), statemachine.Rollback()} {
		var machine struct{ States map[string]map[string]any }
		if err := json.Unmarshal(definition, &machine); err != nil {
			t.Fatalf("decode definition: %v", err)
		}
		for _, state := range machine.States {
			name, _ := at(state, "Arguments.FunctionName").(string)
			name = strings.TrimSuffix(strings.TrimPrefix(name, "${"), "Function}")
			if seconds, ok := state["TimeoutSeconds"].(float64); ok && name != "" && (found[name] == 0 || seconds < found[name]) {
				found[name] = seconds
			}
		}
	}
	return found
}

func functionsStopInTime(t *testing.T, a assembly) {
	states := limits(t)
	for _, r := range a["Pipeline"].of("AWS::Lambda::Function") {
		name := plain(r.at("Handler"))
		timeout, _ := r.at("Timeout").(float64)
		if timeout <= 0 || timeout > 900 {
			t.Errorf("%s has a time limit of %v s", name, timeout)
		}
		if name == "Report" && timeout >= report.ClaimFor.Seconds() {
			t.Errorf("%s may run for %v s, and claims a deployment for %s", name, timeout, report.ClaimFor)
		}
		if limit, called := states[name]; called && (timeout >= limit || timeout < limit-5) {
			t.Errorf("%s may run for %v s, its states for %v s", name, timeout, limit)
		}
	}
}

func machinesAreWatched(t *testing.T, a assembly) {
	a.each(t, "AWS::StepFunctions::StateMachine", func(t *testing.T, name string, r resource) {
		if r.at("LoggingConfiguration.Level") != "ALL" || r.at("LoggingConfiguration.IncludeExecutionData") != true ||
			r.at("LoggingConfiguration.Destinations.0.CloudWatchLogsLogGroup.LogGroupArn") == nil {
			t.Errorf("%s does not log all", name)
		}
		if r.at("TracingConfiguration.Enabled") != true {
			t.Errorf("%s is not traced", name)
		}
	})
}

// executionsArePinned: what an execution began with is there until it ends, days later.
func executionsArePinned(t *testing.T, a assembly) {
	stack := a["Pipeline"]
	for id, machine := range stack.of("AWS::StepFunctions::StateMachine") {
		substitutions, _ := machine.at("DefinitionSubstitutions").(map[string]any)
		for name, value := range substitutions {
			if name == statemachine.BuildProject {
				continue // what was built with is in the release
			}
			target := stack.Resources[strings.Trim(plain(value), "${}")]
			if target.Type != "AWS::Lambda::Version" && target.Type != "AWS::StepFunctions::StateMachineVersion" {
				t.Errorf("%s: %s is a %q, not a version", id, name, target.Type)
			}
			if target.DeletionPolicy != "Retain" || target.UpdateReplacePolicy != "Retain" {
				t.Errorf("%s: the version of %s goes with the next one", id, name)
			}
		}
		definition := []byte(plain(machine.at("DefinitionString")))
		if open := statemachine.Substitutions(definition); len(open) != len(substitutions) {
			t.Errorf("%s leaves %v open and fills %d", id, open, len(substitutions))
		}
	}
	for id, alias := range stack.of("AWS::StepFunctions::StateMachineAlias") {
		if version := plain(alias.at("DeploymentPreference.StateMachineVersionArn")); stack.Resources[strings.Trim(version, "${}")].Type != "AWS::StepFunctions::StateMachineVersion" {
			t.Errorf("alias %s leads to %s", id, version)
		}
	}
}

// definitionsPassLints renders what is in the template, as CloudFormation will.
func definitionsPassLints(t *testing.T, a assembly) {
	stack := a["Pipeline"]
	known := statemachine.Known{Classes: []string{"Pilotage.Refused", "Pilotage.RolledBack", "Pilotage.FailedDirty"}}
	for _, class := range fault.Classes() {
		known.Classes = append(known.Classes, string(class))
	}
	for _, r := range stack.of("AWS::Lambda::Function") {
		known.Functions = append(known.Functions, plain(r.at("Handler")))
	}
	for id, machine := range stack.of("AWS::StepFunctions::StateMachine") {
		definition := []byte(plain(machine.at("DefinitionString")))
		values := map[string]string{}
		for _, name := range statemachine.Substitutions(definition) {
			values[name] = "arn:aws:lambda:eu-central-1:123456789012:function:" + name + ":1"
		}
		values[statemachine.RollbackStateMachine] = "arn:aws:states:eu-central-1:123456789012:stateMachine:pilotage-rollback:1"
		rendered, err := statemachine.Render(definition, values)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		for what, text := range map[string][]byte{"open": definition, "rendered": rendered} {
			for _, finding := range statemachine.Lint(text, known) {
				t.Errorf("%s, %s: %s", id, what, finding)
			}
		}
		path := filepath.Join(t.TempDir(), "definition.asl.json")
		if err := os.WriteFile(path, rendered, 0o600); err != nil {
			t.Fatalf("write the rendered definition: %v", err)
		}
		said, err := exec.CommandContext(t.Context(), filepath.Join("..", "node_modules", ".bin", "asl-validator"), "--json-path", path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: asl-validator: %v\n%s", id, err, said)
		}
	}
}
