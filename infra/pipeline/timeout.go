package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/statemachine"
)

// spareSeconds is by how much a function gives up before the state that called it does: what
// has timed out must not go on changing things behind the machine's back.
const spareSeconds = 2

// approvalSeconds is the limit of a function whose state waits for people.
const approvalSeconds = 58

// timeLimits are the functions' limits in seconds, from the states that call them.
func timeLimits() (map[string]float64, error) {
	limits := map[string]float64{}
	for _, definition := range [][]byte{statemachine.Deploy(), statemachine.Rollback()} {
		var machine struct {
			States map[string]struct {
				Arguments      struct{ FunctionName string }
				TimeoutSeconds json.RawMessage
			}
		}
		if err := json.Unmarshal(definition, &machine); err != nil {
			return nil, fmt.Errorf("read the time limits of the definition: %w", err)
		}
		for _, state := range machine.States {
			name, called := strings.CutPrefix(state.Arguments.FunctionName, "${")
			if !called {
				continue
			}
			name = strings.TrimSuffix(name, "Function}")
			limit := float64(approvalSeconds)
			var seconds float64
			if json.Unmarshal(state.TimeoutSeconds, &seconds) == nil {
				limit = seconds - spareSeconds
			}
			if known, ok := limits[name]; !ok || limit < known {
				limits[name] = limit
			}
		}
	}
	return limits, nil
}
