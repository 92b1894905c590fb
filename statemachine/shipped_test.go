package statemachine_test

import (
	"testing"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/statemachine"
)

// known is what the pipeline really has.
func known() statemachine.Known {
	var known statemachine.Known
	for name := range functions.Table(functions.World{}) {
		known.Functions = append(known.Functions, name)
	}
	for _, class := range fault.Classes() {
		known.Classes = append(known.Classes, string(class))
	}
	known.Classes = append(known.Classes, "Pilotage.Refused", "Pilotage.RolledBack", "Pilotage.FailedDirty")
	return known
}

// definitions are the shipped definitions by name.
func definitions() map[string][]byte {
	return map[string][]byte{"deploy": statemachine.Deploy(), "rollback": statemachine.Rollback()}
}

func TestShippedDefinitionsHaveNoFindings(t *testing.T) {
	for name, definition := range definitions() {
		for _, finding := range statemachine.Lint(definition, known()) {
			t.Errorf("%s.asl.json: %s", name, finding)
		}
	}
}
