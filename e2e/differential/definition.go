package differential

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/statemachine"
)

// definitions are the shipped machines, as text, by name.
func definitions() map[string][]byte {
	return map[string][]byte{"deploy": statemachine.Deploy(), "rollback": statemachine.Rollback()}
}

// state is what a definition says of a state, as far as plans depend on it.
type state struct {
	Type, Resource string
	// TimeoutSeconds is a number, or an expression.
	TimeoutSeconds any
	Retry          []struct{ ErrorEquals []string }
	Catch          []struct {
		ErrorEquals []string
		Next        string
	}
	Next string
	// shape is what is left of the definition without names and expressions: states of one shape
	// are the same to an interpreter; retries is what is left of the retriers alone.
	shape, retries string
}

// The integrations of the shipped machines that call a function.
const (
	invoke         = "arn:aws:states:::lambda:invoke"
	invokeAndWait  = "arn:aws:states:::lambda:invoke.waitForTaskToken"
	startExecution = "arn:aws:states:::states:startExecution.sync:2"
)

// calls reports whether the state calls a function: there a fault can be injected.
func (s state) calls() bool {
	return s.Type == "Task" && (s.Resource == invoke || s.Resource == invokeAndWait)
}

// absent is the integration that the state has and the emulation has not; empty when there is
// none. It registers machines with others, codebuild:startBuild.sync for one, and ends them with
// States.Runtime when they get there.
func (s state) absent() string {
	if s.Type != "Task" || slices.Contains([]string{invoke, invokeAndWait, startExecution}, s.Resource) {
		return ""
	}
	return strings.TrimPrefix(s.Resource, "arn:aws:states:::")
}

// caught reports whether only a catcher leads to a state.
func (s state) caught(next string) bool {
	for _, catcher := range s.Catch {
		if catcher.Next == next {
			return next != s.Next
		}
	}
	return false
}

// seconds is the state's time limit; 0 when it has none, or an expression for one.
func (s state) seconds() float64 {
	limit, _ := s.TimeoutSeconds.(float64)
	return limit
}

// states are those of both machines.
func states() (map[Spot]state, error) {
	found := map[Spot]state{}
	for machine, text := range definitions() {
		var definition struct{ States map[string]json.RawMessage }
		if err := json.Unmarshal(text, &definition); err != nil {
			return nil, fmt.Errorf("read the definition of %s: %w", machine, err)
		}
		for name, text := range definition.States {
			var s state
			var whole any
			err := json.Unmarshal(text, &s)
			if err == nil {
				err = json.Unmarshal(text, &whole)
			}
			if err != nil {
				return nil, fmt.Errorf("read state %s of %s: %w", name, machine, err)
			}
			s.shape, s.retries = indented(bare("", whole)), s.Resource+indented(s.Retry)
			found[Spot{machine, name}] = s
		}
	}
	return found, nil
}

// bare takes names and expressions out of a part of a definition.
func bare(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		delete(v, "Comment")
		for name, item := range v {
			v[name] = bare(name, item)
		}
	case []any:
		for i, item := range v {
			v[i] = bare("", item)
		}
	case string:
		switch {
		case key == "Next", key == "Default", key == "FunctionName":
			return ""
		case strings.HasPrefix(v, "{%"):
			return "{%%}"
		}
	}
	return value
}

// States are those of both machines, in order.
func States() ([]Spot, error) {
	found, err := states()
	return inOrder(found), err
}

func inOrder(found map[Spot]state) []Spot {
	return slices.SortedFunc(maps.Keys(found), func(a, b Spot) int { return strings.Compare(a.String(), b.String()) })
}
