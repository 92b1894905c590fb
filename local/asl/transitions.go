package asl

import "strconv"

// transitions refuses a Next that names no state of the scope and, as CreateStateMachine does, a
// state that nothing leads to.
func (p *parser) transitions(n node, s scope) {
	reached := map[string]bool{s.start: true}
	for _, m := range n.members {
		from := s.states[m.key]
		for _, edge := range from.edges() {
			reached[edge.to] = true
			if s.states[edge.to] == nil {
				p.refuse(join(m.node.path, edge.field), "there is no state %q here", edge.to)
			}
		}
	}
	for _, m := range n.members {
		if !reached[m.key] {
			p.refuse(m.node.path, "nothing leads to this state")
		}
	}
}

// edge is a transition, with the field that writes it.
type edge struct{ field, to string }

func (s *state) edges() []edge {
	var edges []edge
	if s.next != "" {
		field := "Next"
		if s.kind == kindChoice {
			field = "Default"
		}
		edges = append(edges, edge{field, s.next})
	}
	for i, r := range s.rules {
		edges = append(edges, edge{"Choices[" + strconv.Itoa(i) + "].Next", r.next})
	}
	for i, c := range s.catch {
		edges = append(edges, edge{"Catch[" + strconv.Itoa(i) + "].Next", c.next})
	}
	return edges
}
