package builder_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/builder"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/codebuild"
)

// place is a checkout with a buildspec, and a builder of it.
type place struct {
	*testing.T
	*builder.Builder
}

func checkout(t *testing.T, spec string) place {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "buildspec.yml"), []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	ids := 0
	return place{t, &builder.Builder{
		Root: root, Buildspec: "buildspec.yml", Dir: filepath.Join(t.TempDir(), "builds"), Clock: clock.System{},
		NewID: func() string { ids++; return fmt.Sprint(ids) },
	}}
}

// build runs one build, and returns it with its log.
func (p place) build(ctx context.Context, order asl.BuildOrder) (codebuild.Build, string) {
	p.Helper()
	order.ProjectName = "project"
	begun := 0
	build, err := p.Build(ctx, order, func(b codebuild.Build) {
		begun++
		if b.Status != codebuild.InProgress || b.ID == "" {
			p.Errorf("started as %+v", b)
		}
	})
	if err != nil || begun != 1 || !build.Complete || build.EndTime < build.StartTime {
		p.Fatalf("got %+v and error %v, started %d times", build, err, begun)
	}
	text, err := os.ReadFile(build.Logs.DeepLink)
	if err != nil {
		p.Fatal(err)
	}
	return build, string(text)
}

func (p place) read(name string) string {
	p.Helper()
	text, err := os.ReadFile(filepath.Join(p.Root, name))
	if err != nil {
		p.Error(err)
	}
	return string(text)
}

const header = "version: 0.2\nenv: {shell: bash}\n"

// indent puts commands into one phase.
func phase(name string, commands ...string) string {
	text := "  " + name + ":\n    commands:\n"
	for _, command := range commands {
		text += "      - " + command + "\n"
	}
	return text
}

// states are the phases with their statuses.
func states(build codebuild.Build) string {
	var all []string
	for _, phase := range build.Phases {
		all = append(all, phase.Type+" "+phase.Status)
	}
	return strings.Join(all, ", ")
}

func TestCommandsShareOneShell(t *testing.T) {
	p := checkout(t, `version: 0.2
env:
  shell: bash
  variables: {A: spec, B: spec, C: spec}
phases:
  pre_build:
    commands:
      - export EXPORTED=1
      - PLAIN=2
      - hello() { echo "hello $1"; }
      - mkdir -p below && cd below
  build:
    commands:
      - echo "$EXPORTED $PLAIN $(hello you) $(basename "$PWD") $A $B $C" > ../out
      - |
        if [ "$RELEASE_COMMIT" = c0ffee ]; then
          echo "$CODEBUILD_RESOLVED_SOURCE_VERSION $CODEBUILD_BUILD_SUCCEEDING" >> ../out
        fi
      - set -- a b; cat; echo "$# $AWS_SECRET_ACCESS_KEY" >> ../out # standard input is empty
  post_build:
    commands: [echo "after $CODEBUILD_BUILD_SUCCEEDING" >> ../out]
artifacts:
  files: ["**/*"]
`)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	p.Variables = map[string]string{"B": "project", "C": "project"}
	build, log := p.build(t.Context(), asl.BuildOrder{SourceVersion: "c0ffee", EnvironmentVariablesOverride: []asl.BuildVariable{
		{Name: "C", Value: "order"}, {Name: "RELEASE_COMMIT", Value: "c0ffee"},
	}})
	if got, want := p.read("out"), "1 2 hello you below spec project order\nc0ffee 1\n2 \nafter 1\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	want := "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD SUCCEEDED, POST_BUILD SUCCEEDED"
	if got := states(build); build.Status != codebuild.Succeeded || got != want {
		t.Errorf("got %s: %s", build.Status, got)
	}
	if !strings.Contains(log, "Running command export EXPORTED=1\n") {
		t.Errorf("got log\n%s", log)
	}
}

func TestFailures(t *testing.T) {
	const fine = "echo fine"
	for name, test := range map[string]struct {
		spec   string
		want   string
		status string
		says   string
		// ran is what the commands wrote into "ran".
		ran string
	}{
		"a command of install": {
			spec: phase("install", "exit 3", "echo install >> ran") + phase("build", "echo build >> ran"),
			want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL FAILED", says: "Error while executing command: exit 3. Reason: exit status 3",
		},
		"a command of build: post_build runs": {
			spec: phase("build", "test -e nothing", "echo build >> ran") + phase("post_build", `echo "post $CODEBUILD_BUILD_SUCCEEDING" >> ran`),
			want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD FAILED, POST_BUILD SUCCEEDED",
			says: "Error while executing command: test -e nothing. Reason: exit status 1", ran: "post 0\n",
		},
		"a command of build that aborts": {
			spec: phase("build", "test -e nothing") + "    on-failure: ABORT\n" + phase("post_build", "echo post >> ran"),
			want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD FAILED", says: "exit status 1",
		},
		"what is run finally": {
			spec: phase("pre_build", "test -e nothing") + "    finally: [echo finally >> ran]\n" + phase("build", fine),
			want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD FAILED", says: "exit status 1", ran: "finally\n",
		},
		"what is run finally fails": {
			spec: phase("pre_build", fine) + "    finally: [exit 4]\n" + phase("build", fine),
			want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD FAILED", says: "exit 4. Reason: exit status 4",
		},
		"a command that is no bash": {
			spec: phase("build", `"if true"`), want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD FAILED, POST_BUILD SUCCEEDED",
			says: "COMMAND_EXECUTION_ERROR",
		},
		"under set -e": {
			spec: phase("pre_build", "set -e", "test -e nothing; echo never >> ran"), want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD FAILED", says: "exit status 1",
		},
		"a pipe of which the first part fails is not one, as in bash": {
			spec: phase("build", "false | true"), status: codebuild.Succeeded,
			want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD SUCCEEDED, POST_BUILD SUCCEEDED",
		},
		"a command that ends the shell well": {
			spec: phase("build", "exit 0", "echo later >> ran"), status: codebuild.Succeeded, ran: "later\n",
			want: "DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD SUCCEEDED, POST_BUILD SUCCEEDED",
		},
		"a buildspec that is wrong": {
			spec: "  builds: {commands: [x]}\n", want: "DOWNLOAD_SOURCE FAILED", says: `YAML_FILE_ERROR: buildspec.yml:4:3: unknown field "builds" in phases; did you mean "build"?`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := checkout(t, header+"phases:\n"+test.spec)
			build, log := p.build(t.Context(), asl.BuildOrder{})
			if test.status == "" {
				test.status = codebuild.Failed
			}
			if got := states(build); build.Status != test.status || got != test.want {
				t.Errorf("got %s: %s\nwant %s: %s\n%s", build.Status, got, test.status, test.want, log)
			}
			if !strings.Contains(build.Explain(), test.says) {
				t.Errorf("got %q, want %q in it", build.Explain(), test.says)
			}
			ran, _ := os.ReadFile(filepath.Join(p.Root, "ran"))
			if string(ran) != test.ran {
				t.Errorf("commands wrote %q, want %q", ran, test.ran)
			}
		})
	}
}

// TestStopKillsEverything: what a build has started ends with it, in whatever it is at that moment.
func TestStopKillsEverything(t *testing.T) {
	for name, command := range map[string]string{
		"a command":             `"touch begun; sleep 300"`,
		"one in the background": `"(sleep 300 & echo $! > child; touch begun; wait)"`,
		"deaf ones":             `"trap '' TERM INT HUP; touch begun; sleep 300"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := checkout(t, header+"phases:\n"+phase("build", "echo $$ > shell", command)+phase("post_build", "touch after"))
			ctx, stop := context.WithCancel(t.Context())
			begun := filepath.Join(p.Root, "begun")
			go func() {
				for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
					if _, err := os.Stat(begun); err == nil {
						break
					}
					<-time.After(5 * time.Millisecond)
				}
				stop()
			}()
			build, _ := p.build(ctx, asl.BuildOrder{})
			if build.Status != codebuild.Stopped || !strings.HasSuffix(states(build), "BUILD STOPPED") {
				t.Errorf("got %s: %s", build.Status, states(build))
			}
			if _, err := os.Stat(filepath.Join(p.Root, "after")); err == nil {
				t.Error("post_build was run")
			}
			for _, file := range []string{"shell", "child"} {
				if text, err := os.ReadFile(filepath.Join(p.Root, file)); err == nil {
					p.gone(strings.TrimSpace(string(text)))
				}
			}
		})
	}
}

// gone waits until there is no process of that number. Where there is no /proc nobody knows.
func (p place) gone(pid string) {
	p.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; {
		text, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		if err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			p.Fatalf("process %s is left: %s", pid, text)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// hasty is a clock on which minutes are hundredths of a second.
type hasty struct{ clock.System }

func (h hasty) Wait(ctx context.Context, d time.Duration) error { return h.System.Wait(ctx, d/6000) }

func TestBuildIsBoundedInTime(t *testing.T) {
	p := checkout(t, header+"phases:\n"+phase("build", "sleep 300")+phase("post_build", "touch after"))
	p.Clock = hasty{}
	build, log := p.build(t.Context(), asl.BuildOrder{TimeoutInMinutesOverride: 30})
	if build.Status != codebuild.TimedOut || !strings.Contains(build.Explain(), "ended as TIMED_OUT in phase BUILD: BUILD_TIMED_OUT: Build has timed out after 30 minutes") {
		t.Errorf("got %q\n%s", build.Explain(), log)
	}
	if _, err := os.Stat(filepath.Join(p.Root, "after")); err == nil {
		t.Error("post_build was run")
	}
}

// TestLeftoversOfAnEndedBuildAreKilled: a server that a command leaves behind goes with the build.
func TestLeftoversOfAnEndedBuildAreKilled(t *testing.T) {
	p := checkout(t, header+"phases:\n"+phase("build", "sleep 300 & echo $! > child"))
	build, log := p.build(t.Context(), asl.BuildOrder{})
	if build.Status != codebuild.Succeeded {
		t.Errorf("got %s\n%s", build.Status, log)
	}
	p.gone(strings.TrimSpace(p.read("child")))
}
