package asl

import (
	"context"
	"fmt"
	"time"
)

// roleArn stands for the role that an execution has on AWS.
const roleArn = "arn:aws:iam::000000000000:role/local"

// bind makes what the expressions of a visit see: the variables, AWS's functions, and $states
// with extra (result or errorOutput) added.
func (v *visit) bind(extra ...pair) map[string]any {
	needs := v.state.needs
	vars := make(map[string]any, len(v.frame.vars)+len(needs.functions)+1)
	for name, value := range v.frame.vars {
		vars[name] = value
	}
	for _, name := range needs.functions {
		vars[name] = v.frame.execution.engine.functions[name]
	}
	states := map[string]any{"input": v.input.value}
	if needs.context {
		states["context"] = v.context()
	}
	for _, p := range extra {
		states[p.key] = p.value
	}
	vars["states"] = states
	return vars
}

// context is the context object, $states.context.
func (v *visit) context() map[string]any {
	x := v.frame.execution
	context := map[string]any{
		"Execution": map[string]any{
			"Id": x.arn, "Input": x.input.value, "Name": x.name, "RoleArn": roleArn,
			"StartTime": stamp(x.started), "RedriveCount": whole(0),
		},
		"State": map[string]any{
			"EnteredTime": stamp(v.entered), "Name": v.state.name, "RetryCount": whole(v.retries),
		},
		"StateMachine": map[string]any{"Id": machineArn(x.machineName), "Name": x.machineName},
	}
	if v.token != "" {
		context["Task"] = map[string]any{"Token": v.token}
	}
	if v.frame.item != nil {
		context["Map"] = v.frame.item
	}
	return context
}

// stamp is a time the way the context object writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// executing begins a cause that a person reads.
func (v *visit) executing() string {
	return fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). ",
		v.state.name, v.event)
}

// evalDocument evaluates a template to something that JSON can express.
func evalDocument(ctx context.Context, t template, vars map[string]any) (document, error) {
	value, err := t.eval(ctx, vars)
	if err != nil {
		return document{}, err
	}
	doc, err := write(value)
	if err == nil {
		return doc, nil
	}
	if e, ok := t.(*expression); ok {
		return document{}, e.fail("returned an unsupported result type: %v", err)
	}
	return document{}, &evaluationError{cause: err.Error()}
}
