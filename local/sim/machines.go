package sim

import (
	"fmt"
	"regexp"

	"github.com/pilotage/pilotage/local/asl"
)

// Machines are the two definitions, ready to run. They are immutable: one pair serves all
// worlds.
type Machines struct {
	Deploy   *asl.Machine
	Rollback *asl.Machine
}

// Parse reads the definitions as they are shipped. The substitution ${ValidateFunction} becomes
// the name of the function, ${RollbackStateMachine} that of the machine.
func Parse(deploy, rollback []byte) (Machines, error) {
	first, err := asl.Parse(substitute(deploy))
	if err != nil {
		return Machines{}, fmt.Errorf("parse the deploy machine: %w", err)
	}
	second, err := asl.Parse(substitute(rollback))
	if err != nil {
		return Machines{}, fmt.Errorf("parse the rollback machine: %w", err)
	}
	return Machines{Deploy: first, Rollback: second}, nil
}

func substitute(definition []byte) []byte {
	text := regexp.MustCompile(`\$\{(\w+)Function\}`).ReplaceAll(definition, []byte("$1"))
	return regexp.MustCompile(`\$\{RollbackStateMachine\}`).ReplaceAll(text, []byte("rollback"))
}
