package statemachine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/recolabs/gnata"
)

// query is the expression inside {% … %}. As on AWS nothing may stand before or after it.
func query(text string) (string, bool) {
	inner, ok := strings.CutPrefix(text, "{%")
	if !ok {
		return "", false
	}
	inner, ok = strings.CutSuffix(inner, "%}")
	return strings.TrimSpace(inner), ok
}

// compile parses an expression; what makes the parser panic is an error too.
func compile(text string) (compiled *gnata.Expression, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			compiled, err = nil, fmt.Errorf("the parser gave up: %v", problem)
		}
	}()
	if text == "" {
		return nil, errors.New("the expression is empty")
	}
	return gnata.Compile(text)
}

// scene is what the expressions of one visit to a state see.
type scene struct {
	doc    document
	states map[string]any
}

// sceneOf is a visit to the state with that document; a function has answered {}, or failed.
func sceneOf(s state, doc document) scene {
	execution := map[string]any{
		"Id": sampleText, "Name": sampleText, "StartTime": sampleTime, "Input": map[string]any{},
		"RoleArn": sampleText, "RedriveCount": float64(0),
	}
	about := map[string]any{
		"Execution":    execution,
		"State":        map[string]any{"Name": s.name, "EnteredTime": sampleTime, "RetryCount": float64(0)},
		"StateMachine": map[string]any{"Id": sampleText, "Name": sampleText},
	}
	result := map[string]any{"Payload": map[string]any{}, "StatusCode": float64(200), "ExecutedVersion": sampleText}
	if s.text("Resource") == resourceToken {
		about["Task"] = map[string]any{"Token": sampleText}
		result = map[string]any{} // What SendTaskSuccess was given, without an envelope.
	}
	if s.builds {
		result = map[string]any{"Build": map[string]any{"Id": sampleText, "BuildStatus": "SUCCEEDED", "Logs": map[string]any{"DeepLink": sampleText}}}
	}
	return scene{doc: doc, states: map[string]any{
		"input": map[string]any{}, "context": about, "result": result,
		"errorOutput": map[string]any{"Error": sampleText, "Cause": sampleText},
	}}
}

// evaluate is the value of a template: JSON in which each {% … %} is replaced by its value. An
// undefined value is an error, as it is for Step Functions.
func (sc scene) evaluate(n node) (any, error) {
	switch {
	case n.members != nil:
		object := map[string]any{}
		for _, m := range n.members {
			value, err := sc.evaluate(m.node)
			if err != nil {
				return nil, err
			}
			object[m.key] = value
		}
		return object, nil
	case n.items != nil:
		var list []any
		for _, item := range n.items {
			value, err := sc.evaluate(item)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	}
	text, _ := n.value.(string)
	if inner, ok := query(text); ok {
		return sc.run(inner)
	}
	return plain(n.value)
}

func (sc scene) run(text string) (any, error) {
	compiled, err := compile(text)
	if err != nil {
		return nil, err
	}
	states, err := bind(sc.states)
	if err != nil {
		return nil, err
	}
	vars := map[string]any{"doc": sc.doc.bound, "states": states}
	value, err := compiled.EvalWithVars(context.Background(), nil, vars)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, errors.New("it has no value")
	}
	return plain(gnata.NormalizeValue(value))
}

// bind makes a variable of a value.
func bind(value any) (any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode a variable: %w", err)
	}
	return gnata.DecodeJSON(encoded)
}

// plain is the value as encoding/json would have decoded it.
func plain(value any) (any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode the value: %w", err)
	}
	var decoded any
	err = json.Unmarshal(encoded, &decoded)
	return decoded, err
}
