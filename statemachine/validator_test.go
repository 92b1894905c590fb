package statemachine_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pilotage/pilotage/statemachine"
)

// TestValidatorAcceptsShippedDefinitions asks a second opinion: npm's asl-validator, whose JSON
// schema knows fields that ours has no rule for, and whose JSONata parser is the reference one.
// No flags are needed. (Those for skipping checks do nothing in version 4.0.0: they are read
// under names that its option parser does not set.)
func TestValidatorAcceptsShippedDefinitions(t *testing.T) {
	validator := validator(t)
	if said, err := validate(t, validator, render(t, statemachine.Deploy()), render(t, statemachine.Rollback())); err != nil {
		t.Errorf("asl-validator: %v\n%s", err, said)
	}
}

// TestValidatorRefusesBrokenDefinition shows that the validator can refuse at all.
func TestValidatorRefusesBrokenDefinition(t *testing.T) {
	validator := validator(t)
	breaks := bytes.Replace(render(t, statemachine.Rollback()), []byte(`"TimeoutSeconds": 60`), []byte(`"TimeoutSecond": 60`), 1)
	if said, err := validate(t, validator, breaks); err == nil {
		t.Errorf("asl-validator took a definition with an unknown field\n%s", said)
	}
}

// validator is where npm put the validator.
func validator(t *testing.T) string {
	t.Helper()
	if os.Getenv("PILOTAGE_NO_NODE") == "1" {
		t.Skip("SKIPPED: PILOTAGE_NO_NODE=1, so nothing but our own rules has seen the definitions")
	}
	path, err := filepath.Abs("../node_modules/.bin/asl-validator")
	if err != nil {
		t.Fatalf("find asl-validator: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("asl-validator is not installed: run `npm ci` in the root of the repository, or set PILOTAGE_NO_NODE=1 to do without")
	}
	return path
}

func validate(t *testing.T, validator string, rendered ...[]byte) (said []byte, err error) {
	t.Helper()
	var arguments []string
	for i, text := range rendered {
		path := filepath.Join(t.TempDir(), "definition"+string(rune('0'+i))+".asl.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatalf("write the rendered definition: %v", err)
		}
		arguments = append(arguments, "--json-path", path)
	}
	return exec.CommandContext(t.Context(), validator, arguments...).CombinedOutput()
}
