package asl

import "strings"

// state is one compiled state. Which fields it uses depends on its kind.
type state struct {
	name   string
	kind   string // Task, Choice, …: the Type field
	next   string // "" when the state ends its scope
	assign []assignment
	output template
	needs  needs

	arguments template // Task and Parallel
	retry     []retrier
	catch     []catcher

	task     task
	rules    []rule // Choice; next is its Default
	wait     wait
	branches []scope // Parallel
	mapping  mapping

	failError, failCause template // Fail
}

// assignment is one variable of an Assign field.
type assignment struct {
	name string
	path string
	item template
}

// The kinds of state, as the Type field writes them.
const (
	kindTask     = "Task"
	kindChoice   = "Choice"
	kindWait     = "Wait"
	kindParallel = "Parallel"
	kindMap      = "Map"
	kindPass     = "Pass"
	kindSucceed  = "Succeed"
	kindFail     = "Fail"
)

func (p *parser) state(m member, variables []string) *state {
	f := p.fields(m.node)
	s := &state{name: m.key, kind: f.text("Type")}
	if len(m.key) == 0 || len(m.key) > 80 {
		p.refuse(m.node.path, "a state's name has 1 to 80 characters")
	}
	if p.names[m.key] {
		p.refuse(m.node.path, "the machine has another state of that name")
	}
	p.names[m.key] = true
	f.text("Comment")
	if language, ok := f.take("QueryLanguage"); ok && language.value != "JSONata" {
		p.refuse(language.path, `must be "JSONata"`)
	}
	around := p.needs
	p.needs = &s.needs
	p.body(f, s, variables)
	p.needs = around
	f.done()
	return s
}

// body reads the fields that depend on the state's kind.
func (p *parser) body(f *fields, s *state, variables []string) {
	if s.kind != kindFail {
		s.output = f.template("Output")
	}
	if s.kind != kindFail && s.kind != kindSucceed {
		s.assign = f.assign("Assign")
		f.flow(s)
	}
	switch s.kind {
	case kindTask:
		p.task(f, s)
	case kindChoice:
		p.choice(f, s)
	case kindWait:
		p.wait(f, s)
	case kindParallel:
		p.parallel(f, s, variables)
	case kindMap:
		p.mapping(f, s, variables)
	case kindFail:
		p.fail(f, s)
	case kindPass, kindSucceed:
	default:
		p.refuse(join(f.path, "Type"), "must be one of Task, Choice, Wait, Parallel, Map, Pass, Succeed, Fail, got %q", s.kind)
	}
}

// flow reads Next or End; a Choice state has neither.
func (f *fields) flow(s *state) {
	if s.kind == kindChoice {
		return
	}
	s.next = f.text("Next")
	end, given := f.flag("End")
	switch {
	case given && !end:
		f.p.refuse(join(f.path, "End"), "may only be true")
	case end && s.next != "":
		f.p.refuse(f.path, "has both Next and End")
	case !end && s.next == "":
		f.p.refuse(f.path, "has neither Next nor End")
	}
}

func (p *parser) fail(f *fields, s *state) {
	s.failError, s.failCause = f.textTemplate("Error"), f.textTemplate("Cause")
	if literal, ok := s.failError.(constant); ok {
		if text, _ := literal.value.(string); strings.HasPrefix(text, "States.") {
			p.refuse(join(f.path, "Error"), "names that begin with States. belong to the service")
		}
	}
}

// textTemplate is a template whose literal form must be a string.
func (f *fields) textTemplate(name string) template {
	t := f.template(name)
	if literal, ok := t.(constant); ok {
		if _, ok := literal.value.(string); !ok {
			f.p.refuse(join(f.path, name), "must be a string")
		}
	}
	return t
}
