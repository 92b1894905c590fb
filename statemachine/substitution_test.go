package statemachine_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/statemachine"
)

// arn is what a function's substitution is rendered to in the tests.
func arn(function string) string {
	return "arn:aws:lambda:eu-west-1:123456789012:function:pilotage-" + function + ":live"
}

// render fills every substitution with an ARN.
func render(t *testing.T, definition []byte) []byte {
	t.Helper()
	values := map[string]string{
		statemachine.BuildProject:         "pilotage-build",
		statemachine.RollbackStateMachine: "arn:aws:states:eu-west-1:123456789012:stateMachine:pilotage-rollback:live",
	}
	for _, function := range statemachine.Functions(definition) {
		values[function+"Function"] = arn(function)
	}
	rendered, err := statemachine.Render(definition, values)
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	return rendered
}

func TestRenderFillsEverything(t *testing.T) {
	for name, definition := range definitions() {
		rendered := render(t, definition)
		if open := statemachine.Substitutions(rendered); len(open) > 0 {
			t.Errorf("%s: %q left open", name, open)
		}
		if !json.Valid(rendered) {
			t.Errorf("%s: rendered to what is not JSON", name)
		}
	}
}

func TestRender(t *testing.T) {
	tests := map[string]struct {
		definition string
		values     map[string]string
		want       string
		wantError  string
	}{
		"fills":                  {`{"a": "${A}", "b": "x${B}y${A}"}`, map[string]string{"A": "1", "B": "2"}, `{"a": "1", "b": "x2y1"}`, ""},
		"escapes":                {`["${A}"]`, map[string]string{"A": "a\"b\\c\nd<e>"}, `["a\"b\\c\nd<e>"]`, ""},
		"ignores what is unused": {`["${A}"]`, map[string]string{"A": "", "B": "2"}, `[""]`, ""},
		"names what is unknown":  {`["${A}", "${B}"]`, map[string]string{"A": "1"}, "", `substitution "B" has no value`},
		"names what is open":     {"[\"${A\"]\n", map[string]string{"A": "1"}, "", `substitution "${A\"]" is not closed`},
		"does not open another":  {`["${A}"]`, map[string]string{"A": "${B}", "B": "1"}, "", `substitution "A" has the value "${B}"`},
		"refuses what is broken": {`["${A}"`, map[string]string{"A": "1"}, "", "not JSON"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := statemachine.Render([]byte(test.definition), test.values)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("error %v, want one with %q", err, test.wantError)
				}
				return
			}
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestSubstitutionsAndFunctions(t *testing.T) {
	definition := []byte(`["${ShiftFunction}", "${RollbackStateMachine}", "${BackupFunction}", "${ShiftFunction}"]`)
	if got, want := statemachine.Substitutions(definition), []string{"BackupFunction", "RollbackStateMachine", "ShiftFunction"}; !slices.Equal(got, want) {
		t.Errorf("substitutions %q, want %q", got, want)
	}
	if got, want := statemachine.Functions(definition), []string{"Backup", "Shift"}; !slices.Equal(got, want) {
		t.Errorf("functions %q, want %q", got, want)
	}
}

func TestDefinitionsAreCopies(t *testing.T) {
	definition := statemachine.Deploy()
	definition[0] = 'x'
	if statemachine.Deploy()[0] == 'x' {
		t.Error("changing what Deploy returned changed what it returns next")
	}
}
