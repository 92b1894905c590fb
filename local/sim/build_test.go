package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/codebuild"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// missing is a world in which 1.1.0 is not published, and what the environment does then.
func missing(policy string, build sim.Building) sim.Options {
	return sim.Options{Unpublished: []string{"1.1.0"}, Build: build, Configure: func(e *deploy.Environment) { e.Build.WhenMissing = policy }}
}

// pushed is a push of the commit of a release.
func pushed(release deploy.Release) deploy.Request {
	request := sim.Deployment(release.Commit)
	request.RequestedBy, request.Source = "github", deploy.Source{Kind: deploy.FromGitHub, Repository: sim.Repository, Commit: release.Commit}
	return request
}

// pathTo is the path up to the first visit of a state, that included.
func pathTo(run sim.Run, state string) string {
	i := slices.Index(run.Path, state)
	return strings.Join(run.Path[:i+1], " ")
}

// refused checks that a deployment was refused in Validate, or where said, and with which words.
func (w world) refused(id, stage string, class fault.Class, says ...string) {
	w.t.Helper()
	w.ends(id, deploy.Refused)
	entry, err := w.Ledger.Locate(w.t.Context(), id)
	w.must(err)
	if entry.Error.Stage != stage || entry.Error.Error != string(class) {
		w.t.Errorf("got %s in %s, want %s in %s", entry.Error.Error, entry.Error.Stage, class, stage)
	}
	for _, word := range says {
		if !strings.Contains(entry.Error.Cause, word) {
			w.t.Errorf("%q is not in %q", word, entry.Error.Cause)
		}
	}
}

func TestMissingReleaseIsBuiltOnceAndShips(t *testing.T) {
	bubble(t, missing(deploy.MissingBuild, sim.Building{Takes: 4 * time.Minute}), func(t *testing.T, w world) {
		commit := sim.Releases()[1].Commit
		run := w.run("d1", pushed(sim.Releases()[1]))
		w.ends("d1", deploy.Succeeded)
		if got, want := pathTo(run, "Plan"), "Begin Validate CheckCatalog Build Validate CheckCatalog Plan"; got != want {
			t.Errorf("got path %s, want %s", got, want)
		}
		want := asl.BuildOrder{
			ProjectName: sim.BuildProject, SourceVersion: commit, IdempotencyToken: "d1", TimeoutInMinutesOverride: 10,
			EnvironmentVariablesOverride: []asl.BuildVariable{
				{Name: "RELEASE_COMMIT", Value: commit, Type: "PLAINTEXT"},
				{Name: "SERVICE", Value: "running-app", Type: "PLAINTEXT"},
				{Name: "ENVIRONMENT", Value: "production", Type: "PLAINTEXT"},
				{Name: "DEPLOYMENT", Value: "d1", Type: "PLAINTEXT"},
			},
		}
		got := w.Builds()
		if len(got) != 1 || got[0].SourceVersion != want.SourceVersion || got[0].TimeoutInMinutesOverride != want.TimeoutInMinutesOverride ||
			got[0].IdempotencyToken != want.IdempotencyToken || !slices.Equal(got[0].EnvironmentVariablesOverride, want.EnvironmentVariablesOverride) {
			t.Errorf("got builds %+v, want %+v", got, want)
		}
		if got := w.state(); got != w.deployed() {
			t.Errorf("got %+v, want %+v", got, w.deployed())
		}
		// What is published is not built again.
		w.run("d2", pushed(sim.Releases()[2]))
		w.ends("d2", deploy.Succeeded)
		if got := len(w.Builds()); got != 1 {
			t.Errorf("got %d builds, want 1", got)
		}
	})
}

func TestBuildThatPublishesNothingIsRefusedWithItsReason(t *testing.T) {
	for name, test := range map[string]struct {
		build sim.Building
		after time.Duration
		says  []string
	}{
		"it fails": {
			sim.Building{Takes: time.Minute, Status: codebuild.Failed},
			time.Minute,
			[]string{"commit 1c1c1c1 is not published", "build build:1 ended as FAILED in phase BUILD", "COMMAND_EXECUTION_ERROR: exit status 1", "its log: " + sim.BuildLog},
		},
		"CodeBuild gives it up": {sim.Building{Takes: time.Minute, Status: codebuild.TimedOut}, time.Minute, []string{"ended as TIMED_OUT", sim.BuildLog}},
		"the state gives it up": {sim.Building{Takes: time.Hour}, 10 * time.Minute, []string{"took longer than 10 min", "build.timeoutSeconds"}},
		"it was stopped":        {sim.Building{Status: codebuild.Stopped}, 0, []string{"ended as STOPPED"}},
		"it publishes nothing":  {sim.Building{Takes: time.Minute, Idle: true}, time.Minute, []string{"build:1", "ended well and published no release", "pilotage publish", sim.BuildLog}},
		"it faults":             {sim.Building{Status: codebuild.Fault}, 0, []string{"ended as FAULT"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, missing(deploy.MissingBuild, test.build), func(t *testing.T, w world) {
				run := w.run("d1", pushed(sim.Releases()[1]))
				w.refused("d1", "Validate", fault.Invalid, test.says...)
				if got, want := strings.Join(run.Path, " "), "Begin Validate CheckCatalog Build Validate RecordRefusal UnlockRefused Refused"; got != want {
					t.Errorf("got path %s, want %s", got, want)
				}
				if got := run.StopDate.Sub(run.StartDate); got != test.after {
					t.Errorf("it took %s, want %s", got, test.after)
				}
				if run.Error != "Pilotage.Refused" || len(w.Builds()) != 1 {
					t.Errorf("got %s after %d builds", run.Error, len(w.Builds()))
				}
				mails := w.Mails()
				if last := mails[len(mails)-1]; !strings.Contains(strings.Join(strings.Fields(last.Body), " "), test.says[0]) {
					t.Errorf("the mail does not say why:\n%s", last.Body)
				}
			})
		})
	}
}

// TestReleaseThatIsThereCounts: a build that failed because another one had published the commit
// already has what it wanted.
func TestReleaseThatIsThereCounts(t *testing.T) {
	bubble(t, missing(deploy.MissingBuild, sim.Building{Takes: time.Minute, Status: codebuild.Failed}), func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", pushed(sim.Releases()[1])))
		time.Sleep(30 * time.Second)
		w.Publish(sim.Releases()[1])
		_, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.ends("d1", deploy.Succeeded)
	})
}

func TestStoppedDuringTheBuildChangesNothing(t *testing.T) {
	bubble(t, missing(deploy.MissingBuild, sim.Building{Takes: 5 * time.Minute}), func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", pushed(sim.Releases()[1])))
		time.Sleep(time.Minute)
		running, err := w.Result(t.Context(), "d1")
		w.must(err)
		w.must(w.Engine.Stop(t.Context(), running.Arn, "", "stopped by a person"))
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.refused("d1", "execution", fault.Halted)
		if run.Status != asl.StatusAborted || run.Path[len(run.Path)-1] != "Build" {
			t.Errorf("got %s after %v", run.Status, run.Path)
		}
		// The build was stopped too: its release never comes.
		time.Sleep(time.Hour)
		if _, err := w.World.World.Catalog.Find(t.Context(), "running-app", "1.1.0"); err == nil {
			t.Error("the build went on and published its release")
		}
		place, err := w.Ledger.Enqueue(t.Context(), sim.Scope(), "d2", "line")
		w.must(err)
		if len(place.Ahead) > 0 {
			t.Errorf("%v still stand in the queue", place.Ahead)
		}
	})
}

func TestMissingReleaseIsWaitedForUntilItIsThere(t *testing.T) {
	bubble(t, missing(deploy.MissingWait, sim.Building{}), func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", pushed(sim.Releases()[1])))
		time.Sleep(7 * time.Minute)
		w.Publish(sim.Releases()[1])
		run, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.ends("d1", deploy.Succeeded)
		waits := 0
		for _, state := range run.Path {
			if state == "WaitForCatalog" {
				waits++
			}
		}
		// 5 s at first, then a twentieth of what was waited.
		if waits < 10 || waits > 60 || len(w.Builds()) != 0 {
			t.Errorf("got %d waits and %d builds", waits, len(w.Builds()))
		}
	})
}

func TestMissingReleaseIsWaitedForInVain(t *testing.T) {
	bubble(t, missing(deploy.MissingWait, sim.Building{}), func(t *testing.T, w world) {
		run := w.run("d1", pushed(sim.Releases()[1]))
		w.refused("d1", "Validate", fault.Invalid, "was not published within 10 min", "build.whenMissing")
		if got, want := run.StopDate.Sub(run.StartDate), 10*time.Minute; got != want {
			t.Errorf("it took %s, want %s", got, want)
		}
	})
}

// TestWhatIsForbiddenMeanwhileIsRefused: all checks are made again when the release is there.
func TestWhatIsForbiddenMeanwhileIsRefused(t *testing.T) {
	bubble(t, missing(deploy.MissingBuild, sim.Building{Takes: 5 * time.Minute}), func(t *testing.T, w world) {
		w.must(w.Start(t.Context(), "d1", pushed(sim.Releases()[1])))
		time.Sleep(time.Minute)
		w.Configure(sim.Scope(), func(e *deploy.Environment) {
			e.Freezes = []deploy.Freeze{{Name: "holidays", From: "1999-01-01T00:00:00Z", Until: "2001-01-01T00:00:00Z"}}
		})
		_, err := w.Finish(t.Context(), "d1")
		w.must(err)
		w.refused("d1", "Validate", fault.Denied, "holidays")
	})
}

// TestWhatWasOvertakenWhileItWasBuiltDoesNotGoBack: pushed first and built longer, an older commit
// must not replace the newer one. What a person asked for by name is done in its turn.
func TestWhatWasOvertakenWhileItWasBuiltDoesNotGoBack(t *testing.T) {
	for name, test := range map[string]struct {
		policy  string
		request deploy.Request
		takes   time.Duration
		// stage refuses the older one; empty when nothing does.
		stage string
	}{
		"queue, the newer is live":         {deploy.QueueWait, pushed(sim.Releases()[1]), 9 * time.Minute, "Replan"},
		"queue, the newer is at work":      {deploy.QueueWait, pushed(sim.Releases()[1]), 2 * time.Minute, "Replan"},
		"queue, a person asked":            {deploy.QueueWait, sim.Deployment(sim.Releases()[1].Commit), 9 * time.Minute, ""},
		"supersede, the newer is live":     {deploy.QueueSupersede, pushed(sim.Releases()[1]), 9 * time.Minute, "Enqueue"},
		"supersede, although a person did": {deploy.QueueSupersede, sim.Deployment(sim.Releases()[1].Commit), 9 * time.Minute, "Enqueue"},
	} {
		t.Run(name, func(t *testing.T) {
			options := missing(deploy.MissingBuild, sim.Building{Takes: test.takes})
			options.Configure = func(e *deploy.Environment) {
				e.Build.WhenMissing, e.Queue.Policy, e.Strategy.SettleSeconds = deploy.MissingBuild, test.policy, 0
			}
			bubble(t, options, func(t *testing.T, w world) {
				w.must(w.Start(t.Context(), "d1", test.request))
				time.Sleep(time.Minute)
				w.must(w.Start(t.Context(), "d2", pushed(sim.Releases()[2])))
				_, err := w.Finish(t.Context(), "d1")
				w.must(err)
				w.ends("d2", deploy.Succeeded)
				entry, err := w.Ledger.Locate(t.Context(), "d1")
				w.must(err)
				live := w.state().Live
				switch {
				case test.stage == "" && (entry.Outcome != deploy.Succeeded || live != "d1"):
					t.Errorf("d1 ended as %s (%s), and %s is live", entry.Outcome, entry.Error.Cause, live)
				case test.stage != "" && (entry.Outcome != deploy.Refused || live != "d2" || entry.Error.Stage != test.stage ||
					!strings.Contains(entry.Error.Cause, "superseded by deployment d2")):
					t.Errorf("d1 ended as %s in %s (%s), and %s is live", entry.Outcome, entry.Error.Stage, entry.Error.Cause, live)
				}
			})
		})
	}
}
