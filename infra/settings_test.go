package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettingsAreRefusedAtSynth says what is wrong before anything is built.
func TestSettingsAreRefusedAtSynth(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "examples", "runningapp", "pilotage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "pilotage.yaml")
	if err := os.WriteFile(bad, []byte(strings.Replace(string(text), "replicas: 2", "replicas: 0", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		context map[string]any
		want    []string
	}{
		"a configuration that cannot be":   {map[string]any{"configuration": bad}, []string{"pilotage.yaml:", "replicas"}},
		"a configuration that is not":      {map[string]any{"configuration": "nowhere.yaml"}, []string{"nowhere.yaml"}},
		"functions that are not built":     {map[string]any{"code": "nowhere"}, []string{"make functions"}},
		"a policy that is none":            {map[string]any{"data": "destroy"}, []string{`"keep" or "delete"`}},
		"a lock of no days":                {map[string]any{"recordLockDays": "ever"}, []string{"recordLockDays", "number"}},
		"a lock that nobody means":         {map[string]any{"recordLockDays": "36500"}, []string{"recordLockDays", "3650"}},
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
