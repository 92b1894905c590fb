package asl

import (
	"context"
	"slices"
	"unicode"
	"unicode/utf8"
)

// assign reads an Assign field: an object whose keys are variables.
func (f *fields) assign(name string) []assignment {
	return f.assignAs(name, name)
}

// assignAs is assign for a field that AWS reports under another name, as Choices[0]/Assign.
func (f *fields) assignAs(name, field string) []assignment {
	n, ok := f.take(name)
	if !ok {
		return nil
	}
	if _, ok := n.value.([]member); !ok {
		f.p.refuse(n.path, "must be an object of variables")
	}
	assignments := make([]assignment, 0, len(n.members))
	for _, m := range n.members {
		if !isVariable(m.key) {
			f.p.refuse(m.node.path, "no name for a variable: 1 to 80 letters, digits and _, beginning with a letter, and not \"states\"")
		}
		assignments = append(assignments, assignment{m.key, m.node.path, f.p.template(m.node, field+"/"+m.key)})
	}
	return assignments
}

func isVariable(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != "" && utf8.RuneCountInString(name) <= 80 && name != "states"
}

// assigned lists the variables that the states of one scope assign, its inner scopes aside. A
// name that an outer scope assigns is refused: inner scopes may read it but not assign it.
func (p *parser) assigned(states node, outer []string) []string {
	var names []string
	for _, m := range states.members {
		for _, field := range assignFields(m.node) {
			for _, variable := range field.members {
				if slices.Contains(outer, variable.key) {
					p.refuse(variable.node.path, "an outer scope assigns this variable; here it may only be read")
				}
				names = append(names, variable.key)
			}
		}
	}
	return names
}

// assignFields are the Assign fields of a state: its own, its rules' and its catchers'.
func assignFields(state node) []node {
	var found []node
	for _, m := range state.members {
		switch m.key {
		case "Assign":
			found = append(found, m.node)
		case "Choices", "Catch":
			items, _ := m.node.value.([]node)
			for _, item := range items {
				found = append(found, assignFields(item)...)
			}
		}
	}
	return found
}

// assigned is what an Assign field gave: the new set of variables and, for the history, the text
// of each one that it set.
type assigned struct {
	vars  map[string]any
	texts map[string]string
}

// evalAssign evaluates every expression against the variables as they were before the first of
// them is set. The variables of earlier states are never changed in place: branches share them.
func (v *visit) evalAssign(ctx context.Context, list []assignment, vars map[string]any) (assigned, error) {
	result := assigned{vars: v.frame.vars}
	if len(list) == 0 {
		return result, nil
	}
	result.vars = make(map[string]any, len(v.frame.vars)+len(list))
	for name, value := range v.frame.vars {
		result.vars[name] = value
	}
	result.texts = make(map[string]string, len(list))
	total := 0
	for _, a := range list {
		value, err := evalDocument(ctx, a.item, vars)
		if err != nil {
			return assigned{}, err
		}
		total += len(value.text)
		result.vars[a.name], result.texts[a.name] = value.value, value.text
	}
	if total > maxPayload {
		return assigned{}, tooLarge("Assign of state " + v.state.name)
	}
	return result, nil
}
