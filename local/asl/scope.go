package asl

import (
	"slices"
	"time"
)

// scope is one set of states that transitions stay within: the machine itself, a branch of a
// Parallel state, the processor of a Map state. Variables assigned in it are not seen outside.
type scope struct {
	start  string
	states map[string]*state
}

func (p *parser) machine(n node) *Machine {
	f := p.fields(n)
	f.text("Comment")
	f.text("Version")
	if language, ok := f.take("QueryLanguage"); !ok || language.value != "JSONata" {
		p.refuse(language.path, `must be "JSONata"`)
	}
	seconds := f.whole("TimeoutSeconds", 1, maxSeconds, 0)
	m := &Machine{timeout: time.Duration(seconds) * time.Second}
	m.root = p.scope(f, nil)
	f.done()
	return m
}

// scope reads StartAt and States. outer holds the variables of the scopes around it.
func (p *parser) scope(f *fields, outer []string) scope {
	s := scope{start: f.text("StartAt"), states: map[string]*state{}}
	start := join(f.path, "StartAt")
	n, _ := f.required("States")
	assigned := slices.Concat(outer, p.assigned(n, outer))
	for _, m := range n.members {
		s.states[m.key] = p.state(m, assigned)
	}
	if len(n.members) == 0 {
		p.refuse(n.path, "must hold one state at least")
	}
	if s.states[s.start] == nil {
		p.refuse(start, "must name a state in States, got %q", s.start)
	}
	p.transitions(n, s)
	return s
}
