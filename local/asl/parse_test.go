package asl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/asl"
)

func TestParseRefusesWhatIsNoOneJSONText(t *testing.T) {
	const machine = `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`
	for name, row := range map[string]struct{ text, want string }{
		"nothing":             {"", "EOF"},
		"half":                {machine[:40], "EOF"},
		"two":                 {machine + machine, "text follows the definition"},
		"a key twice":         {strings.Replace(machine, `"Type"`, `"Type":"Pass","Type"`, 1), "States.A.Type: written twice"},
		"nested without end":  {strings.Repeat("[", 100_000), "nested more than 200 deep"},
		"larger than a quota": {machine + strings.Repeat(" ", 1<<20), "bytes are more than the 1048576 allowed"},
	} {
		if _, err := asl.Parse([]byte(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
	if _, err := asl.Parse([]byte(machine)); err != nil {
		t.Error(err)
	}
}

func TestARefusalSaysWhere(t *testing.T) {
	_, err := asl.Parse([]byte(`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed","Foo":1}}}`))
	var refusal *asl.Refusal
	if !errors.As(err, &refusal) || refusal.Path != "States.A.Foo" || refusal.Reason != "unknown field" {
		t.Errorf("got %v", err)
	}
}
