package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pipelinesAreAwaited: where pilotage.yaml names pipelines, their success gets to Intake, which may
// look at them and at no others. Where it names none, there is neither rule nor right.
func pipelinesAreAwaited(t *testing.T, a assembly) {
	text, err := os.ReadFile(filepath.Join("..", "examples", "runningapp", "pilotage.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const branches = "    branches: [main]\n"
	named := strings.Replace(string(text), branches, branches+"    pipelines: [{name: app-build}, {name: app-all, stage: Build}]\n", 1)
	path := filepath.Join(t.TempDir(), "pilotage.yaml")
	if err := os.WriteFile(path, []byte(named), 0o600); err != nil {
		t.Fatal(err)
	}
	waiting := synthesise(t, map[string]any{"configuration": path})
	for id, want := range map[string]string{
		"PipelineSucceeded": `{"detail":{"pipeline":["app-build"],"state":["SUCCEEDED"]},"detail-type":["CodePipeline Pipeline Execution State Change"],"source":["aws.codepipeline"]}`,
		"StageSucceeded":    `{"detail":{"pipeline":["app-all"],"stage":["Build"],"state":["SUCCEEDED"]},"detail-type":["CodePipeline Stage Execution State Change"],"source":["aws.codepipeline"]}`,
	} {
		if got := plain(waiting["Pipeline"].Resources[id].at("EventPattern")); got != want {
			t.Errorf("%s matches %s, want %s", id, got, want)
		}
		if _, made := a["Pipeline"].Resources[id]; made {
			t.Errorf("%s is there although no pipeline is named", id)
		}
	}
	asked := func(from assembly) []string {
		for _, r := range from["Pipeline"].of("AWS::Lambda::Function") {
			if plain(r.at("Handler")) != "Intake" {
				continue
			}
			role := strings.TrimSuffix(strings.Trim(plain(r.at("Role")), "${}"), ".Arn")
			for _, s := range policies(from["Pipeline"])[role] {
				if contains(s.actions, "codepipeline:GetPipelineExecution") {
					return s.resources
				}
			}
		}
		return nil
	}
	const arn = "arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:"
	if got, want := asked(waiting), []string{arn + "app-build", arn + "app-all"}; !slices.Equal(got, want) {
		t.Errorf("Intake may look at %q, want %q", got, want)
	}
	if got := asked(a); got != nil {
		t.Errorf("Intake may look at %q although no pipeline is named", got)
	}
}
