package statemachine

import (
	"slices"
	"strings"
)

// The kinds of state that the definitions use. Lint refuses the others: Parallel and Map would
// need rules of their own.
const (
	kindTask    = "Task"
	kindChoice  = "Choice"
	kindWait    = "Wait"
	kindPass    = "Pass"
	kindSucceed = "Succeed"
	kindFail    = "Fail"
)

// The resources that the definitions use.
const (
	resourceInvoke = "arn:aws:states:::lambda:invoke"
	resourceToken  = "arn:aws:states:::lambda:invoke.waitForTaskToken"
	resourceChild  = "arn:aws:states:::states:startExecution.sync:2"
	resourceBuild  = "arn:aws:states:::codebuild:startBuild.sync"
)

// machine is a definition as a graph.
type machine struct {
	root    node
	start   string
	states  []state
	samples samples
}

type state struct {
	node
	name string
	kind string
	// function is what a Task invokes, "Validate"; child whether it runs another machine, builds
	// whether it runs a build.
	function string
	child    bool
	builds   bool
	next     string
	retry    []handler
	catch    []handler
}

// handler is one Retry or Catch of a state.
type handler struct {
	node
	errors []node
	next   string
	last   bool
}

// edge is one way out of a state. A way that a Catch opens carries its handler.
type edge struct {
	node
	to    string
	catch *handler
}

func readMachine(root node) (machine, error) {
	made, err := newSamples()
	if err != nil {
		return machine{}, err
	}
	m := machine{root: root, start: root.text("StartAt"), samples: made}
	states, _ := root.field("States")
	for _, found := range states.members {
		m.states = append(m.states, readState(found.key, found.node))
	}
	return m, nil
}

func readState(name string, n node) state {
	s := state{node: n, name: name, kind: n.text("Type"), next: n.text("Next")}
	arguments, _ := n.field("Arguments")
	s.function = functionName(arguments.text("FunctionName"))
	s.child = strings.HasPrefix(n.text("Resource"), "arn:aws:states:::states:startExecution")
	s.builds = n.text("Resource") == resourceBuild
	s.retry, s.catch = handlers(n, "Retry"), handlers(n, "Catch")
	return s
}

// functionName is the function that ${ValidateFunction} or a plain name stands for. Of an ARN
// it cannot be told.
func functionName(text string) string {
	if inner, ok := strings.CutPrefix(text, "${"); ok {
		return strings.TrimSuffix(strings.TrimSuffix(inner, "}"), functionSuffix)
	}
	return text
}

func handlers(n node, field string) []handler {
	list, _ := n.field(field)
	var found []handler
	for i, item := range list.items {
		names, _ := item.field("ErrorEquals")
		found = append(found, handler{node: item, errors: names.items, next: item.text("Next"), last: i == len(list.items)-1})
	}
	return found
}

// names reports whether the handler has that error name.
func (h handler) names(name string) bool {
	return slices.ContainsFunc(h.errors, func(n node) bool { return n.value == name })
}

func (m machine) find(name string) (state, bool) {
	for _, s := range m.states {
		if s.name == name {
			return s, true
		}
	}
	return state{}, false
}

// edges lists the ways out of a state, those to states that do not exist included.
func (s state) edges() []edge {
	var out []edge
	add := func(n node, key string, catch *handler) {
		if target, ok := n.field(key); ok {
			to, _ := target.value.(string)
			out = append(out, edge{node: target, to: to, catch: catch})
		}
	}
	add(s.node, "Next", nil)
	choices, _ := s.field("Choices")
	for _, choice := range choices.items {
		add(choice, "Next", nil)
	}
	add(s.node, "Default", nil)
	for i := range s.catch {
		add(s.catch[i].node, "Next", &s.catch[i])
	}
	return out
}

// reach is every state that can be come to from those given, themselves included, along the
// edges that follow allows.
func (m machine) reach(from []string, follow func(state, edge) bool) map[string]bool {
	seen := map[string]bool{}
	for len(from) > 0 {
		name := from[0]
		from = from[1:]
		s, ok := m.find(name)
		if !ok || seen[name] {
			continue
		}
		seen[name] = true
		for _, e := range s.edges() {
			if follow(s, e) {
				from = append(from, e.to)
			}
		}
	}
	return seen
}

// everywhere follows each edge.
func everywhere(state, edge) bool { return true }
