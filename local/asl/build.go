package asl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pilotage/pilotage/shared/codebuild"
)

// BuildOrder is what StartBuild of CodeBuild is asked for, as far as it is supported here.
type BuildOrder struct {
	ProjectName   string
	SourceVersion string `json:",omitempty"`
	// IdempotencyToken makes repeated orders one.
	IdempotencyToken string `json:",omitempty"`
	// EnvironmentVariablesOverride are variables of type PLAINTEXT.
	EnvironmentVariablesOverride []BuildVariable `json:",omitempty"`
	// TimeoutInMinutesOverride is 5 to 2160; 0 leaves it to the project.
	TimeoutInMinutesOverride int64 `json:",omitempty"`
}

// BuildVariable is one variable of a build's environment.
type BuildVariable struct {
	Name  string
	Value string
	// Type is PLAINTEXT, which empty means too.
	Type string `json:",omitempty"`
}

// Bounds of TimeoutInMinutesOverride (StartBuild in the API reference of CodeBuild).
const (
	minBuildMinutes = 5
	maxBuildMinutes = 2160
)

// buildFields are the arguments that codebuild:startBuild.sync takes here.
func buildFields() []string {
	return []string{"ProjectName", "SourceVersion", "IdempotencyToken", "EnvironmentVariablesOverride", "TimeoutInMinutesOverride"}
}

// build starts a build and waits for its end. When the state ends before that, the build is
// stopped. (Step Functions promises a best effort to stop it with the execution.)
func (v *visit) build(ctx context.Context, arguments document) (document, error) {
	order, err := buildOrder(arguments)
	if err != nil {
		return document{}, err
	}
	engine := v.frame.execution.engine
	if engine.Build == nil {
		return document{}, &Failure{Name: errorCodeBuild, Cause: "Engine.Build is not set."}
	}
	started, over := make(chan codebuild.Build, 1), make(chan endedBuild, 1) // the builder may outlive the state
	engine.work.Go(func() {
		build, err := engine.Build(ctx, order, func(build codebuild.Build) { started <- build })
		close(started)
		over <- endedBuild{build, err}
	})
	select {
	case build, ok := <-started:
		if ok {
			err = v.submitted(build)
		}
		if err != nil {
			return document{}, err
		}
	case <-ctx.Done():
		return document{}, context.Cause(ctx)
	}
	select {
	case end := <-over:
		if ctx.Err() != nil && end.build.Status != codebuild.Succeeded {
			return document{}, context.Cause(ctx) // it ended because of that
		}
		return built(end)
	case <-ctx.Done():
		return document{}, context.Cause(ctx)
	}
}

// endedBuild is what Engine.Build returned.
type endedBuild struct {
	build codebuild.Build
	err   error
}

func (v *visit) submitted(build codebuild.Build) error {
	doc, err := described(build)
	if err == nil {
		v.frame.record(HistoryEvent{Type: "TaskSubmitted", TaskSubmitted: &TaskOutputDetails{v.state.task.details, doc.text}})
	}
	return err
}

// built is the result of a build that succeeded, or the failure of one that did not.
func built(end endedBuild) (document, error) {
	var failure *Failure
	switch {
	case errors.As(end.err, &failure):
		return document{}, &Failure{Name: failure.Name, Cause: failure.Cause}
	case end.err != nil:
		return document{}, &Failure{Name: errorCodeBuild, Cause: end.err.Error()}
	}
	doc, err := described(end.build)
	if err == nil && end.build.Status != codebuild.Succeeded {
		return document{}, &Failure{Name: errorTaskFailed, Cause: doc.text}
	}
	return doc, err
}

func described(build codebuild.Build) (document, error) {
	text, err := json.Marshal(map[string]codebuild.Build{"Build": build})
	if err != nil {
		return document{}, err
	}
	return read(text)
}

// buildOrder reads the arguments as strictly as the service does: another field, or another type
// of value, ends the execution; values out of range are refused by CodeBuild.
func buildOrder(arguments document) (BuildOrder, error) {
	if object, ok := arguments.value.(ordered); ok {
		for _, key := range object.Keys() {
			if !slices.Contains(buildFields(), key) {
				return BuildOrder{}, unstartable(arguments, "The field '"+key+"' is not supported by Step Functions")
			}
		}
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(arguments.text)))
	decoder.DisallowUnknownFields()
	var order BuildOrder
	if err := decoder.Decode(&order); err != nil {
		return BuildOrder{}, unstartable(arguments, err.Error())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return BuildOrder{}, unstartable(arguments, "text follows the arguments")
	}
	if order.ProjectName == "" {
		return BuildOrder{}, unstartable(arguments, "The field 'ProjectName' is required but was missing")
	}
	if minutes := order.TimeoutInMinutesOverride; minutes != 0 && (minutes < minBuildMinutes || minutes > maxBuildMinutes) {
		return BuildOrder{}, invalidBuild("Invalid timeout: must be between %d and %d minutes", minBuildMinutes, maxBuildMinutes)
	}
	for _, variable := range order.EnvironmentVariablesOverride {
		switch {
		case variable.Name == "":
			return BuildOrder{}, invalidBuild("Environment variable name is required")
		case variable.Type != "" && variable.Type != "PLAINTEXT":
			return BuildOrder{}, invalidBuild("Environment variable %s is of type %s, which is not supported here", variable.Name, variable.Type)
		}
	}
	return order, nil
}

func unstartable(arguments document, why string) error {
	return &Failure{Name: errorRuntime, Cause: fmt.Sprintf("The Arguments '%s' could not be used to start the Task: [%s]", arguments.text, why)}
}

func invalidBuild(format string, args ...any) error {
	return &Failure{Name: "CodeBuild.InvalidInputException", Cause: fmt.Sprintf(format, args...)}
}
