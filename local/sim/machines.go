package sim

import (
	"fmt"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/statemachine"
)

// Machines are the two definitions, ready to run. They are immutable: one pair serves all
// worlds.
type Machines struct {
	Deploy   *asl.Machine
	Rollback *asl.Machine
}

// Shipped is the machines as they are shipped. Repeating it parses them again.
func Shipped() (Machines, error) {
	values := map[string]string{statemachine.RollbackStateMachine: "rollback", statemachine.BuildProject: BuildProject}
	for name := range functions.Table(functions.World{}) {
		values[name+"Function"] = name
	}
	first, err := parse(statemachine.Deploy(), values)
	if err != nil {
		return Machines{}, fmt.Errorf("parse the deploy machine: %w", err)
	}
	second, err := parse(statemachine.Rollback(), values)
	if err != nil {
		return Machines{}, fmt.Errorf("parse the rollback machine: %w", err)
	}
	return Machines{Deploy: first, Rollback: second}, nil
}

func parse(definition []byte, values map[string]string) (*asl.Machine, error) {
	text, err := statemachine.Render(definition, values)
	if err != nil {
		return nil, err
	}
	return asl.Parse(text)
}
