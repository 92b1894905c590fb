package statemachine_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/statemachine"
)

// object is a definition, or a part of one, that a test breaks.
type object = map[string]any

// TestLintFindsEachDefect breaks the shipped deploy definition in one place and expects the
// finding, and no other.
func TestLintFindsEachDefect(t *testing.T) {
	tests := slices.Concat(graphDefects(), handlerDefects(), taskDefects(), expressionDefects(), documentDefects())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := kinds(statemachine.Lint(broken(t, test.breaks), known()))
			if !slices.Equal(got, test.want) {
				t.Errorf("findings\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(test.want, "\n     "))
			}
		})
	}
}

// defect is one way to break a definition. want has "rule path" in the order of the text, which
// is that of the states' names, as the broken copy is encoded anew.
type defect struct {
	name   string
	breaks func(states object)
	want   []string
}

// broken is the deploy definition with one defect.
func broken(t *testing.T, breaks func(object)) []byte {
	t.Helper()
	var definition object
	if err := json.Unmarshal(statemachine.Deploy(), &definition); err != nil {
		t.Fatalf("decode the shipped definition: %v", err)
	}
	breaks(definition["States"].(object))
	text, err := json.MarshalIndent(definition, "", " ")
	if err != nil {
		t.Fatalf("encode the broken definition: %v", err)
	}
	return text
}

func kinds(findings []statemachine.Finding) []string {
	var kinds []string
	for _, f := range findings {
		kinds = append(kinds, string(f.Rule)+" "+f.Path)
	}
	return kinds
}

// state is one state of a definition.
func state(states object, name string) object { return states[name].(object) }

// catch is the i-th Catch of a state.
func catch(states object, name string, i int) object {
	return state(states, name)["Catch"].([]any)[i].(object)
}

// set breaks one field of one state.
func set(name, field string, value any) func(object) {
	return func(states object) { state(states, name)[field] = value }
}

// unset removes one field of one state.
func unset(name, field string) func(object) {
	return func(states object) { delete(state(states, name), field) }
}

// payload breaks what a task is given.
func payload(name, expression string) func(object) {
	return func(states object) { state(states, name)["Arguments"].(object)["Payload"] = expression }
}

// condition breaks the first choice of a state.
func condition(name, expression string) func(object) {
	return func(states object) {
		state(states, name)["Choices"].([]any)[0].(object)["Condition"] = expression
	}
}

// assign breaks what a state assigns.
func assign(name, expression string) func(object) {
	return set(name, "Assign", object{"doc": expression})
}

func TestLintTellsTheLine(t *testing.T) {
	definition := strings.Replace(string(statemachine.Deploy()), `"Next": "CheckBackup"`, `"Next": "CheckBackups"`, 1)
	before, _, _ := strings.Cut(definition, `"CheckBackups"`)
	findings := statemachine.Lint([]byte(definition), known())
	i := slices.IndexFunc(findings, func(f statemachine.Finding) bool { return f.Rule == statemachine.RuleTarget })
	if i < 0 {
		t.Fatalf("no finding of the dangling target in %v", findings)
	}
	if got, want := findings[i].Line, strings.Count(before, "\n")+1; got != want {
		t.Errorf("line %d, want %d", got, want)
	}
}

func TestLintRefusesWhatIsNoDefinition(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"no JSON":        {`{"StartAt":`, []string{"json "}},
		"text after it":  {`{} {}`, []string{"json "}},
		"a key twice":    {`{"States": {"A": 1, "A": 2}}`, []string{"json "}},
		"nothing at all": {`{}`, []string{"target StartAt", "expression "}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := kinds(statemachine.Lint([]byte(test.text), known())); !slices.Equal(got, test.want) {
				t.Errorf("findings %q, want %q", got, test.want)
			}
		})
	}
}

func TestLintOfARenderedDefinition(t *testing.T) {
	for name, definition := range definitions() {
		rendered := render(t, definition)
		if findings := statemachine.Lint(rendered, known()); len(findings) > 0 {
			t.Errorf("%s: findings %v, want none", name, findings)
		}
	}
	open := strings.Replace(string(render(t, statemachine.Rollback())), arn("Hold"), "${HoldFunction}", 1)
	want := []string{"substitution States.Hold.Arguments.FunctionName"}
	if got := kinds(statemachine.Lint([]byte(open), known())); !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
}
