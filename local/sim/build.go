package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/codebuild"
	"github.com/pilotage/pilotage/shared/deploy"
)

// BuildProject is the project that builds.
const BuildProject = "build"

// BuildLog is where the log of every build is.
const BuildLog = "https://logs.example/build"

// Building is how builds go. The zero Building publishes what is unpublished at once.
type Building struct {
	Takes time.Duration
	// Status is how it ends; empty is codebuild.Succeeded. Others publish nothing.
	Status string
	// Idle ends well and publishes nothing.
	Idle bool
}

// Builds lists what was ordered of each build so far.
func (w *World) Builds() []asl.BuildOrder {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.builds)
}

// build is CodeBuild. A fault in the state Build strikes here: before the release is published, or
// after.
func (w *World) build(ctx context.Context, order asl.BuildOrder, started func(codebuild.Build)) (codebuild.Build, error) {
	w.mu.Lock()
	w.builds = append(w.builds, order)
	build := codebuild.Build{
		ID: fmt.Sprintf("%s:%d", order.ProjectName, len(w.builds)), ProjectName: order.ProjectName, SourceVersion: order.SourceVersion,
		Status: codebuild.InProgress, Logs: codebuild.Logs{DeepLink: BuildLog},
	}
	w.mu.Unlock()
	started(build)
	execution := w.arn("deploy", order.IdempotencyToken)
	build.Complete, build.Status = true, codebuild.Succeeded
	if err := w.faults.hit("deploy", "Build", Before, execution); err != nil {
		return faulted(build), nil
	}
	if err := w.World.Clock.Wait(ctx, w.options.Build.Takes); err != nil {
		build.Status = codebuild.Stopped
		return build, nil //nolint:nilerr // that it was stopped is its status
	}
	if status := w.options.Build.Status; status != "" {
		build.Status = status
		build.Phases = []codebuild.Phase{{
			Type: "BUILD", Status: status, Contexts: []codebuild.Context{{StatusCode: "COMMAND_EXECUTION_ERROR", Message: "exit status 1"}},
		}}
	}
	if build.Status == codebuild.Succeeded && !w.options.Build.Idle {
		w.publishCommit(order.SourceVersion)
	}
	if err := w.faults.hit("deploy", "Build", After, execution); err != nil {
		return faulted(build), nil
	}
	return build, nil
}

// faulted is a build that an injected fault ended.
func faulted(build codebuild.Build) codebuild.Build {
	build.Status = codebuild.Fault
	return build
}

// publishCommit publishes the release of a commit that was held back.
func (w *World) publishCommit(commit string) {
	for _, release := range Releases() {
		if release.Commit == commit {
			w.Publish(release)
		}
	}
}

// published are the releases without those that are held back.
func published(versions []string) []deploy.Release {
	return slices.DeleteFunc(Releases(), func(r deploy.Release) bool { return slices.Contains(versions, r.Version) })
}
