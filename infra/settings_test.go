package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
)

// TestSettingsAreRefusedAtSynth says what is wrong before anything is built.
func TestSettingsAreRefusedAtSynth(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "examples", "runningapp", "pilotage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(old, changed string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "pilotage.yaml")
		if !strings.Contains(string(text), old) {
			t.Fatalf("pilotage.yaml has no %q", old)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, changed, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// The place of the first such line of an environment, as messages say it.
	place := func(environment, begins string) string {
		t.Helper()
		inside := false
		for i, line := range strings.Split(string(text), "\n") {
			inside = inside || strings.HasPrefix(line, "  "+environment+":")
			if trimmed := strings.TrimLeft(line, " "); inside && strings.HasPrefix(trimmed, begins+":") {
				return fmt.Sprintf("pilotage.yaml:%d:", i+1)
			}
		}
		t.Fatalf("%s has no %s", environment, begins)
		return ""
	}
	long := "contains: '" + strings.Repeat("a", 7000) + "'"
	for name, test := range map[string]struct {
		context map[string]any
		want    []string
	}{
		"a configuration that cannot be":   {map[string]any{"configuration": wrong("replicas: 2", "replicas: 0")}, []string{place("staging", "replicas"), "replicas"}},
		"a size that Fargate has not":      {map[string]any{"configuration": wrong("cpuMillis: 2000", "cpuMillis: 32000")}, []string{place("production", "capacity"), " environments.production.capacity: ", "largest is 16000"}},
		"settings that fit no parameter":   {map[string]any{"configuration": wrong(`contains: '"status":"ready"'`, long)}, []string{place("staging", "staging"), " environments.staging: ", place("production", "production"), " environments.production: ", "8192"}},
		"an account that is none":          {map[string]any{"account": "acme"}, []string{`"acme"`, "12 digits"}},
		"a configuration that is not":      {map[string]any{"configuration": "nowhere.yaml"}, []string{"nowhere.yaml"}},
		"functions that are not built":     {map[string]any{"code": "nowhere"}, []string{"make functions"}},
		"a policy that is none":            {map[string]any{"data": "destroy"}, []string{`"keep" or "delete"`}},
		"a lock of no days":                {map[string]any{"recordLockDays": "ever"}, []string{"recordLockDays", "number"}},
		"a lock that nobody means":         {map[string]any{"recordLockDays": "36500"}, []string{"recordLockDays", "3650"}},
		"a concurrency that is none":       {map[string]any{"publicConcurrency": "-1"}, []string{"publicConcurrency", "number"}},
		"a certificate that is not an ARN": {map[string]any{"certificate:staging": "mine"}, []string{"certificate:staging", "ARN"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := read(t, test.context)
			if got.err == nil {
				t.Fatal("it was taken")
			}
			for _, want := range test.want {
				if !strings.Contains(got.err.Error(), want) {
					t.Errorf("the error %q does not say %q", got.err, want)
				}
			}
		})
	}
}

// TestBlocks holds the networks apart, and each where it is.
func TestBlocks(t *testing.T) {
	got, err := blocks([]string{"production", "staging"})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := blocks([]string{"staging"})
	if err != nil {
		t.Fatal(err)
	}
	if got["staging"] == got["production"] || got["staging"] != alone["staging"] {
		t.Errorf("blocks are %v, of staging alone %v", got, alone)
	}
	if _, err := blocks([]string{"staging", "staging"}); err == nil {
		t.Error("two environments of one network were taken")
	}
}

// TestPlacesNeedNoLookUp: where account and region are known, the CDK would ask AWS for the names
// of its zones, and nobody could synthesise without credentials.
func TestPlacesNeedNoLookUp(t *testing.T) {
	got, app := read(t, map[string]any{"account": "123456789012"})
	if got.err != nil {
		t.Fatal(got.err)
	}
	got.settings.Region = "eu-central-1"
	if err := build(app, got.settings); err != nil {
		t.Fatal(err)
	}
	made := app.Synth(nil)
	if missing := made.Manifest().Missing; missing != nil && len(*missing) > 0 {
		t.Errorf("%d things have to be looked up, the first is %s", len(*missing), *(*missing)[0].Key)
	}
	if where := *made.GetStackArtifact(jsii.String("staging")).Environment().Name; where != "aws://123456789012/eu-central-1" {
		t.Errorf("staging goes to %s", where)
	}
}
