package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
)

// once makes one attempt at a state, Assign and Output included.
func (v *visit) once(ctx context.Context) (leave, error) {
	s := v.state
	l := leaving{next: s.next, assign: s.assign, output: s.output, fallback: v.input.value}
	switch s.kind {
	case kindPass, kindSucceed:
		return v.leave(ctx, v.bind(), l)
	case kindChoice:
		return v.choose(ctx)
	case kindWait:
		if err := v.pause(ctx); err != nil {
			return leave{}, err
		}
		return v.leave(ctx, v.bind(), l)
	case kindFail:
		return leave{}, v.fail(ctx)
	}
	result, err := v.work(ctx)
	if err != nil {
		return leave{}, err
	}
	l.fallback = result.value
	return v.leave(ctx, v.bind(pair{"result", result.value}), l)
}

// work runs a state that has a result.
func (v *visit) work(ctx context.Context) (document, error) {
	switch v.state.kind {
	case kindParallel:
		return v.parallel(ctx)
	case kindMap:
		return v.each(ctx)
	}
	return v.perform(ctx)
}

func (v *visit) fail(ctx context.Context) error {
	name, err := v.text(ctx, v.state.failError, "Error")
	if err != nil {
		return err
	}
	cause, err := v.text(ctx, v.state.failCause, "Cause")
	if err != nil {
		return err
	}
	return &Failure{Name: name, Cause: cause}
}

// text evaluates a template that must give a string; an absent one gives "".
func (v *visit) text(ctx context.Context, t template, field string) (string, error) {
	if t == nil {
		return "", nil
	}
	value, err := t.eval(ctx, v.bind())
	if err != nil {
		return "", err
	}
	text, ok := value.(string)
	if !ok {
		return "", unexpected(t, field, "string", value)
	}
	return text, nil
}

// count evaluates a template that must give a whole number between low and maxSeconds.
func (v *visit) count(ctx context.Context, t template, field string, low int64) (int64, error) {
	value, err := t.eval(ctx, v.bind())
	if err != nil {
		return 0, err
	}
	number, ok := value.(float64)
	if n, isNumber := value.(json.Number); isNumber {
		number, err = n.Float64()
		ok = err == nil
	}
	if !ok || number != math.Trunc(number) || number < float64(low) || number > maxSeconds {
		return 0, unexpected(t, field, fmt.Sprintf("whole number between %d and %d", low, maxSeconds), value)
	}
	return int64(number), nil
}

// unexpected is the failure of a field whose expression gave the wrong type of value.
func unexpected(t template, field, want string, got any) error {
	e, ok := t.(*expression)
	if !ok {
		return &evaluationError{field: field, cause: fmt.Sprintf("The field '%s' must be a %s.", field, want)}
	}
	text := "a function"
	if doc, err := write(got); err == nil {
		text = doc.text
	}
	return e.fail("returned an unexpected result type. Expected '%s', but was '%s' for value: %s",
		want, typeName(got), text)
}

func typeName(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64, json.Number:
		return "number"
	case []any:
		return "array"
	case ordered, map[string]any:
		return "object"
	}
	return "null"
}
