package asl

import (
	"slices"
	"strings"
)

// needs is what the expressions of a state may look at beyond variables and $states.input. Making
// only that for each visit doubles the speed of an execution.
type needs struct {
	context   bool     // the context object
	functions []string // names of those that AWS adds
}

// add reads an expression. It may find too much, in a string for example, but never too little.
func (n *needs) add(source string) {
	states := strings.Count(source, "$states")
	for _, plain := range []string{"$states.input", "$states.result", "$states.errorOutput"} {
		states -= strings.Count(source, plain)
	}
	n.context = n.context || states > 0
	for _, name := range addedFunctions() {
		if strings.Contains(source, name) && !slices.Contains(n.functions, name) {
			n.functions = append(n.functions, name)
		}
	}
}

// addedFunctions are the names of Engine.queryFunctions.
func addedFunctions() []string {
	return []string{"partition", "range", "hash", "random", "uuid", "parse", "eval", "millis", "now"}
}
