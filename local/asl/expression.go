package asl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/recolabs/gnata"
)

// expression is one {% … %}, compiled.
type expression struct {
	source   string
	field    string // Output/a[0]: where it stands in the state, as AWS reports it
	compiled *gnata.Expression
}

func (e *expression) eval(ctx context.Context, vars map[string]any) (any, error) {
	value, err := e.compiled.EvalWithVars(ctx, nil, vars)
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	if err != nil {
		return nil, e.fail("threw an error during evaluation. %v", err)
	}
	if value == nil {
		return nil, e.fail("returned nothing (undefined).")
	}
	return value, nil
}

func (e *expression) fail(format string, args ...any) error {
	return &evaluationError{
		field: e.field,
		cause: fmt.Sprintf("The JSONata expression '%s' specified for the field '%s' ", e.source, e.field) +
			fmt.Sprintf(format, args...),
	}
}

// evaluationError becomes the failure States.QueryEvaluationError of the state it happened in.
type evaluationError struct{ field, cause string }

func (e *evaluationError) Error() string { return e.cause }

// query is the expression inside {% … %}. As on AWS nothing may stand before or after it.
func query(text string) (string, bool) {
	inner, ok := strings.CutPrefix(text, "{%")
	if !ok {
		return "", false
	}
	inner, ok = strings.CutSuffix(inner, "%}")
	return strings.TrimSpace(inner), ok
}

func compile(source string) (compiled *gnata.Expression, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			compiled, err = nil, fmt.Errorf("the parser gave up: %v", problem)
		}
	}()
	if source == "" {
		return nil, errors.New("the expression is empty")
	}
	return gnata.Compile(source)
}
