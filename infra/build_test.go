package main

import (
	"strings"
	"testing"
)

// commitsAreBuilt: the project builds the service's repository by its buildspec, logs to a group of
// its own, and can publish releases and nothing else.
func commitsAreBuilt(t *testing.T, a assembly) {
	stack := a["Pipeline"]
	projects := stack.of("AWS::CodeBuild::Project")
	if len(projects) != 1 {
		t.Fatalf("got %d projects, want 1: staging has commits built", len(projects))
	}
	for id, project := range projects {
		for path, want := range map[string]any{
			"Name": "pilotage-build", "Source.Type": "GITHUB", "Source.Location": "https://github.com/pilotage/running-app.git",
			"Source.BuildSpec": "examples/runningapp/buildspec.yml", "Artifacts.Type": "NO_ARTIFACTS", "Environment.Type": "ARM_CONTAINER",
			"LogsConfig.CloudWatchLogs.Status": "ENABLED",
		} {
			if got := project.at(path); got != want {
				t.Errorf("%s: %s is %v, want %v", id, path, got, want)
			}
		}
		group := stack.Resources[strings.Trim(plain(project.at("LogsConfig.CloudWatchLogs.GroupName")), "${}")]
		if group.Type != "AWS::Logs::LogGroup" || group.at("KmsKeyId") == nil || group.at("RetentionInDays") == nil {
			t.Errorf("%s logs to %+v", id, group)
		}
		role := strings.TrimSuffix(strings.Trim(plain(project.at("ServiceRole")), "${}"), ".Arn")
		for _, s := range policies(stack)[role] {
			for _, action := range s.actions {
				writes := action == "s3:PutObject" || strings.HasPrefix(action, "ecr:Put")
				for _, resource := range s.resources {
					if writes && resource != "${Archive.Arn}/releases/*" && resource != "${Images.Arn}" {
						t.Errorf("a build may do %s on %s", action, resource)
					}
				}
			}
		}
	}
}
