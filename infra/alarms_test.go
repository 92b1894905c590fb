package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/statemachine"
)

// stages are the functions that a definition calls.
func stages() []string {
	return slices.Concat(statemachine.Functions(statemachine.Deploy()), statemachine.Functions(statemachine.Rollback()))
}

// alarmsAreForPeople: the pipeline calls those on call for what needs them, and not for refusals,
// automatic rollbacks and retries, at which executions count as failed and stages as erring.
func alarmsAreForPeople(t *testing.T, a assembly) {
	want := []string{
		"AWS/DynamoDB ReadThrottleEvents ${Ledger}", "AWS/DynamoDB WriteThrottleEvents ${Ledger}", "AWS/Lambda Invocations Page",
		"AWS/Lambda Throttles", "AWS/SQS ApproximateNumberOfMessagesVisible ${DeadLetters.QueueName}",
		"Pilotage/Pipeline BadEnds", "Pilotage/Pipeline Defects",
	}
	for _, machine := range []string{"${DeployMachine}", "${RollbackMachine}"} {
		for _, name := range []string{"ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled"} {
			want = append(want, "AWS/States "+name+" "+machine)
		}
	}
	for name := range functions.Table(functions.World{}) {
		if !slices.Contains(stages(), name) {
			want = append(want, "AWS/Lambda Errors "+name)
		}
	}
	stack := a["Pipeline"]
	var got []string
	for _, r := range stack.of("AWS::CloudWatch::Alarm") {
		about := plain(r.at("Dimensions.0.Value"))
		if function, found := stack.Resources[strings.Trim(about, "${}")]; found && function.Type == "AWS::Lambda::Function" {
			about = plain(function.at("Handler"))
		}
		got = append(got, strings.TrimSuffix(plain(r.at("Namespace"))+" "+plain(r.at("MetricName"))+" "+about, " null"))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("alarms are on\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// alarmsSayWhereToRead: whoever is woken finds what to do.
func alarmsSayWhereToRead(t *testing.T, a assembly) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^##+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		sections[strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")] = true
	}
	link := regexp.MustCompile(`docs/runbook\.md#([a-z-]+)$`)
	for id, r := range a["Pipeline"].of("AWS::CloudWatch::Alarm") {
		found := link.FindStringSubmatch(plain(r.at("AlarmDescription")))
		if found == nil || !sections[found[1]] {
			t.Errorf("%s says %q, which leads to no section of the runbook", id, r.at("AlarmDescription"))
		}
		if name := strings.TrimSuffix(id, "Alarm"); !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the runbook does not know %s", name)
		}
	}
}

// logsAreCountedByNeed runs the filters on what the machines log of each end and of each error.
func logsAreCountedByNeed(t *testing.T, a assembly) {
	events := map[string]bool{
		"ExecutionFailed States.Runtime": true, "ExecutionFailed States.DataLimitExceeded": true, "ExecutionSucceeded ": false,
		"ExecutionAborted ": false, "TaskFailed States.TaskFailed": false, "TaskFailed Lambda.TooManyRequestsException": false,
		"TaskFailed Lambda.Unknown": true, "TaskFailed Runtime.ExitError": true, "TaskFailed Sandbox.Timedout": true, "TaskTimedOut States.Timeout": false,
	}
	for _, class := range fault.Classes() {
		events["TaskFailed "+string(class)] = class == fault.Internal
	}
	for _, end := range ends(t) {
		events["ExecutionFailed "+end] = end == "Pilotage.FailedDirty"
	}
	var patterns []string
	groups := map[string]int{}
	for _, r := range a["Pipeline"].of("AWS::Logs::MetricFilter") {
		patterns = append(patterns, plain(r.at("FilterPattern")))
		groups[plain(r.at("LogGroupName"))]++
	}
	if !maps.Equal(groups, map[string]int{"${DeployMachineLogs}": 2, "${RollbackMachineLogs}": 2}) {
		t.Errorf("filters are on %v, want two on the log of each machine", groups)
	}
	for event, want := range events {
		kind, name, _ := strings.Cut(event, " ")
		counted := slices.ContainsFunc(patterns, func(pattern string) bool {
			return matches(t, pattern, map[string]string{"$.type": kind, "$.details.error": name})
		})
		if counted != want {
			t.Errorf("%s is counted: %v, want %v", event, counted, want)
		}
	}
}

// ends are the errors of the definitions' Fail states.
func ends(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, definition := range [][]byte{statemachine.Deploy(), statemachine.Rollback()} {
		var machine struct {
			States map[string]struct{ Type, Error string }
		}
		if err := json.Unmarshal(definition, &machine); err != nil {
			t.Fatalf("decode definition: %v", err)
		}
		for _, state := range machine.States {
			if state.Type == "Fail" {
				found = append(found, state.Error)
			}
		}
	}
	return found
}

// matches is CloudWatch Logs for patterns such as { $.a = "x" && ($.b = "y*" || $.b != "z") }.
func matches(t *testing.T, pattern string, fields map[string]string) bool {
	t.Helper()
	term := regexp.MustCompile(`^(\$[.a-z]+) (!?=) "([^"]+)"$`)
	holds := func(text string) bool {
		parts := term.FindStringSubmatch(text)
		if parts == nil {
			t.Fatalf("%q in pattern %q cannot be read", text, pattern)
		}
		value, known := fields[parts[1]]
		if !known {
			t.Fatalf("no event has %s", parts[1])
		}
		same := value == parts[3]
		if prefix, open := strings.CutSuffix(parts[3], "*"); open {
			same = strings.HasPrefix(value, prefix)
		}
		return same == (parts[2] == "=")
	}
	for _, all := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(pattern, "{ "), " }"), " && ") {
		if !slices.ContainsFunc(strings.Split(strings.Trim(all, "()"), " || "), holds) {
			return false
		}
	}
	return true
}
