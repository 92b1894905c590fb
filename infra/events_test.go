package main

import (
	"strings"
	"testing"
)

// queueOf is the id of the queue whose ARN a value is; empty where it is that of none.
func queueOf(a assembly, value any) string {
	id := strings.TrimSuffix(strings.Trim(plain(value), "${}"), ".Arn")
	if a["Pipeline"].Resources[id].Type != "AWS::SQS::Queue" {
		return ""
	}
	return id
}

func rulesHaveDeadLetters(t *testing.T, a assembly) {
	a.each(t, "AWS::Events::Rule", func(t *testing.T, name string, r resource) {
		targets, _ := r.at("Targets").([]any)
		for _, target := range targets {
			if queueOf(a, at(target, "DeadLetterConfig.Arn")) == "" || at(target, "RetryPolicy.MaximumRetryAttempts") == nil {
				t.Errorf("%s loses events that cannot be handed over", name)
			}
		}
	})
}

// failedEventsAreKept: EventBridge and CodePipeline are told that an event was taken as soon as
// Lambda has it. What a function then fails on each time is kept by its own configuration, or lost.
func failedEventsAreKept(t *testing.T, a assembly) {
	stack := a["Pipeline"]
	kept := map[string]bool{}
	for id, r := range stack.of("AWS::Lambda::EventInvokeConfig") {
		if queueOf(a, r.at("DestinationConfig.OnFailure.Destination")) == "" || r.at("MaximumRetryAttempts") == nil || r.at("MaximumEventAgeInSeconds") == nil {
			t.Errorf("%s keeps nothing, or does not say how often and how long it tries", id)
		}
		if version := r.at("Qualifier"); version != "$LATEST" {
			t.Errorf("%s is about version %v, and events go to the latest", id, version)
		}
		kept[strings.Trim(plain(r.at("FunctionName")), "${}")] = true
	}
	invoked := map[string]bool{}
	a.each(t, "AWS::Events::Rule", func(_ *testing.T, _ string, r resource) {
		targets, _ := r.at("Targets").([]any)
		for _, target := range targets {
			invoked[strings.TrimSuffix(strings.Trim(plain(at(target, "Arn")), "${}"), ".Arn")] = true
		}
	})
	for id, r := range stack.of("AWS::Lambda::Function") {
		// CodePipeline's actions invoke it by its name, which no template shows.
		if plain(r.at("Handler")) == "PipelineJob" {
			invoked[id] = true
		}
	}
	for id := range invoked {
		if !kept[id] {
			t.Errorf("%s loses the events that it fails on", id)
		}
	}
}

// lettersAreSeen: each queue of dead letters has an alarm of its own.
func lettersAreSeen(t *testing.T, a assembly) {
	watched := map[string]bool{}
	for _, r := range a["Pipeline"].of("AWS::CloudWatch::Alarm") {
		if r.at("MetricName") == "ApproximateNumberOfMessagesVisible" {
			watched[strings.TrimSuffix(strings.Trim(plain(r.at("Dimensions.0.Value")), "${}"), ".QueueName")] = true
		}
	}
	for id := range a["Pipeline"].of("AWS::SQS::Queue") {
		if !watched[id] {
			t.Errorf("nobody is told of what is in %s", id)
		}
	}
}

// publicFunctionsAreBounded: whoever floods an address that anybody can call takes a few of the
// account's concurrent executions, and not those of the pipeline.
func publicFunctionsAreBounded(t *testing.T, a assembly) {
	reserved := func(from assembly) map[string]any {
		found := map[string]any{}
		for _, r := range from["Pipeline"].of("AWS::Lambda::Url") {
			if r.at("AuthType") != "NONE" {
				continue
			}
			id := strings.TrimSuffix(strings.Trim(plain(r.at("TargetFunctionArn")), "${}"), ".Arn")
			function := from["Pipeline"].Resources[id]
			found[plain(function.at("Handler"))] = function.at("ReservedConcurrentExecutions")
		}
		return found
	}
	if got := reserved(synthesise(t, map[string]any{"publicConcurrency": "10"})); len(got) != 2 || got["Webhook"] != 10.0 || got["Decide"] != 10.0 {
		t.Errorf("public functions may run %v times at once, want 10 each", got)
	}
	if got := reserved(a); len(got) != 2 || got["Webhook"] != nil || got["Decide"] != nil {
		t.Errorf("unless somebody says so they may run %v times, want no limit: a new account has none to give", got)
	}
}
