// Package builder is CodeBuild on one machine: it follows the buildspec of a service, whose commands
// it runs as processes, and describes what became of it as CodeBuild does.
package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/codebuild"
)

// Builder runs builds. It is safe for concurrent use, as far as the commands are.
type Builder struct {
	// Root is the checkout, in which commands begin, Buildspec the file in it that they are read
	// from. The checkout is taken as it is: whatever commit is ordered, this is what is built.
	Root      string
	Buildspec string
	// Dir is where logs go.
	Dir string
	// Variables are those of the project: stronger than the buildspec's, weaker than an order's.
	Variables map[string]string
	Clock     clock.Clock
	// NewID makes ids of builds.
	NewID func() string
}

// defaultMinutes is how long a build may take that nobody bounds, as in a new project.
const defaultMinutes = 60

// Build runs a build to its end, and implements asl.Engine.Build. A build that ctx ends is stopped,
// with all of its processes.
func (b *Builder) Build(ctx context.Context, order asl.BuildOrder, started func(codebuild.Build)) (codebuild.Build, error) {
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return codebuild.Build{}, fmt.Errorf("make the folder for logs: %w", err)
	}
	id := b.NewID()
	log, err := os.Create(filepath.Join(b.Dir, id+".log"))
	if err != nil {
		return codebuild.Build{}, fmt.Errorf("make the log of build %s: %w", id, err)
	}
	minutes := order.TimeoutInMinutesOverride
	if minutes == 0 {
		minutes = defaultMinutes
	}
	r := &running{builder: b, order: order, log: log, build: codebuild.Build{
		ID: order.ProjectName + ":" + id, Arn: "arn:aws:codebuild:local:000000000000:build/" + order.ProjectName + ":" + id,
		ProjectName: order.ProjectName, Initiator: "pilotage-deploy", Status: codebuild.InProgress, CurrentPhase: "SUBMITTED",
		SourceVersion: order.SourceVersion, ResolvedSourceVersion: order.SourceVersion,
		Logs: codebuild.Logs{DeepLink: log.Name(), StreamName: id}, StartTime: b.Clock.Now().UnixMilli(), TimeoutInMinutes: minutes,
	}}
	started(r.build)
	r.run(ctx)
	return r.build, log.Close()
}

// running is one build under way.
type running struct {
	builder *Builder
	order   asl.BuildOrder
	log     *os.File
	build   codebuild.Build
	spec    Spec
	// shell is in which commands run; nil before the first, and after one that ended it.
	shell *shell
}

// errTimedOut is why the context of a build that takes too long ends.
var errTimedOut = errors.New("the build took too long") //nolint:gochecknoglobals // a sentinel error

func (r *running) run(ctx context.Context) {
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if r.builder.Clock.Wait(bounded, time.Duration(r.build.TimeoutInMinutes)*time.Minute) == nil {
			cancel(errTimedOut)
		}
	}()
	status := r.prepare()
	if status == codebuild.Succeeded {
		status = r.follow(bounded)
	}
	if r.shell != nil {
		r.shell.end()
	}
	r.build.Status, r.build.Complete, r.build.CurrentPhase = status, true, "COMPLETED"
	r.build.EndTime = r.builder.Clock.Now().UnixMilli()
	r.say("Build %s", status)
}

// prepare reads the buildspec.
func (r *running) prepare() string {
	return r.phase("DOWNLOAD_SOURCE", func() (string, []codebuild.Context) {
		path := filepath.Join(r.builder.Root, r.builder.Buildspec)
		text, err := os.ReadFile(path)
		if err == nil {
			r.spec, err = ParseSpec(r.builder.Buildspec, text)
		}
		if err != nil {
			r.say("%v", err)
			return codebuild.Failed, []codebuild.Context{{StatusCode: "YAML_FILE_ERROR", Message: err.Error()}}
		}
		return codebuild.Succeeded, nil
	})
}

// follow runs the phases and returns how the build ends.
func (r *running) follow(ctx context.Context) string {
	ended := codebuild.Succeeded
	for _, phase := range r.spec.phases() {
		status := r.phase(phase.name, func() (string, []codebuild.Context) { return r.commands(ctx, phase, ended) })
		if status == codebuild.Succeeded {
			continue
		}
		if ended == codebuild.Succeeded {
			ended = status
		}
		if status != codebuild.Failed || !phase.goesOn() {
			return status
		}
	}
	return ended
}

// phase runs one phase and writes down how it went.
func (r *running) phase(name string, run func() (string, []codebuild.Context)) string {
	began := r.builder.Clock.Now()
	r.build.CurrentPhase = name
	r.say("Entering phase %s", name)
	status, contexts := run()
	now := r.builder.Clock.Now()
	r.build.Phases = append(r.build.Phases, codebuild.Phase{
		Type: name, Status: status, Contexts: contexts, Seconds: int64(now.Sub(began).Seconds()), StartTime: began.UnixMilli(), EndTime: now.UnixMilli(),
	})
	r.say("Phase complete: %s State: %s", name, status)
	return status
}

// commands runs those of a phase until one fails, and what is to be run finally in any case.
func (r *running) commands(ctx context.Context, phase named, so string) (string, []codebuild.Context) {
	status, contexts := r.each(ctx, phase.Commands, so)
	if status != codebuild.Succeeded && status != codebuild.Failed {
		return status, contexts
	}
	if last, more := r.each(ctx, phase.Finally, so); last != codebuild.Succeeded {
		return last, append(contexts, more...)
	}
	return status, contexts
}

func (r *running) each(ctx context.Context, commands []string, so string) (string, []codebuild.Context) {
	for _, command := range commands {
		r.say("Running command %s", command)
		code, err := r.execute(ctx, command, so)
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, errTimedOut):
			return codebuild.TimedOut, []codebuild.Context{{StatusCode: "BUILD_TIMED_OUT", Message: fmt.Sprintf("Build has timed out after %d minutes", r.build.TimeoutInMinutes)}}
		case cause != nil:
			return codebuild.Stopped, nil
		case err != nil:
			r.say("%v", err)
			return codebuild.Fault, []codebuild.Context{{StatusCode: "INTERNAL_SERVICE_ERROR", Message: err.Error()}}
		case code != 0:
			why := fmt.Sprintf("Error while executing command: %s. Reason: exit status %d", command, code)
			r.say("%s", why)
			return codebuild.Failed, []codebuild.Context{{StatusCode: "COMMAND_EXECUTION_ERROR", Message: why}}
		}
	}
	return codebuild.Succeeded, nil
}

// execute runs one command in the build's shell, in which what a command exports, and where it
// goes, holds for the next. One that ends the shell costs the next that.
func (r *running) execute(ctx context.Context, command, so string) (int, error) {
	if r.shell == nil {
		opened, err := open(r.builder.Root, r.environment(), r.log)
		if err != nil {
			return 0, err
		}
		r.shell = opened
	}
	succeeding := "0"
	if so == codebuild.Succeeded {
		succeeding = "1"
	}
	code, alive, err := r.shell.run(ctx, "export CODEBUILD_BUILD_SUCCEEDING="+succeeding+"\n"+command+"\n")
	if !alive {
		r.shell.end()
		r.shell = nil
	}
	return code, err
}

// environment is that of this process, without its credentials for AWS: a build on this machine
// must not publish to an account.
func (r *running) environment() []string {
	environment := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "AWS_") })
	add := func(name, value string) { environment = append(environment, name+"="+value) }
	for _, variables := range []map[string]string{r.spec.Env.Variables, r.builder.Variables} {
		for name, value := range variables {
			add(name, value)
		}
	}
	for _, variable := range r.order.EnvironmentVariablesOverride {
		add(variable.Name, variable.Value)
	}
	add("CODEBUILD_BUILD_ID", r.build.ID)
	add("CODEBUILD_BUILD_ARN", r.build.Arn)
	add("CODEBUILD_INITIATOR", r.build.Initiator)
	add("CODEBUILD_START_TIME", fmt.Sprint(r.build.StartTime))
	add("CODEBUILD_SRC_DIR", r.builder.Root)
	add("CODEBUILD_SOURCE_VERSION", r.build.SourceVersion)
	add("CODEBUILD_RESOLVED_SOURCE_VERSION", r.build.ResolvedSourceVersion)
	return environment
}

// say writes a line into the log, in CodeBuild's form.
func (r *running) say(format string, args ...any) {
	// The log is for whoever wants to know more: a build does not fail because it is full.
	_, _ = fmt.Fprintf(r.log, "[Container] %s %s\n", r.builder.Clock.Now().Format("2006/01/02 15:04:05"), fmt.Sprintf(format, args...))
}
