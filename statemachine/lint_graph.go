package statemachine

import (
	"slices"
	"strings"
)

// lintKinds refuses what the other rules do not understand.
func lintKinds(m machine, _ Known) []Finding {
	var findings []Finding
	kinds := []string{kindTask, kindChoice, kindWait, kindPass, kindSucceed, kindFail}
	for _, s := range m.states {
		if !slices.Contains(kinds, s.kind) {
			findings = append(findings, s.at(RuleKind, "type %q is none of %s", s.kind, strings.Join(kinds, ", ")))
		}
		resource, _ := s.field("Resource")
		known := []any{resourceInvoke, resourceToken, resourceChild, resourceBuild}
		if s.kind == kindTask && !slices.Contains(known, resource.value) {
			findings = append(findings, resource.at(RuleKind, "resource %q is none of those that the pipeline uses", resource.value))
		}
	}
	return findings
}

// lintTargets refuses ways that lead nowhere.
func lintTargets(m machine, _ Known) []Finding {
	var findings []Finding
	if _, ok := m.find(m.start); !ok {
		start, _ := m.root.field("StartAt")
		findings = append(findings, start.at(RuleTarget, "there is no state %q", m.start))
	}
	for _, s := range m.states {
		for _, e := range s.edges() {
			if _, ok := m.find(e.to); !ok {
				findings = append(findings, e.at(RuleTarget, "there is no state %q", e.to))
			}
		}
		if s.kind == kindChoice {
			if _, ok := s.field("Default"); !ok {
				findings = append(findings, s.at(RuleTarget, "the choice has no Default: when no condition holds the execution fails"))
			}
		}
	}
	return findings
}

// lintReach refuses states that nothing leads to, and states that no end can be come to from.
// Without a start that exists there is nothing to say.
func lintReach(m machine, _ Known) []Finding {
	var findings []Finding
	if _, ok := m.find(m.start); !ok {
		return nil
	}
	reached := m.reach([]string{m.start}, everywhere)
	for _, s := range m.states {
		if !reached[s.name] {
			findings = append(findings, s.at(RuleUnreachable, "no way leads to this state"))
		}
		if !m.ends(s) {
			findings = append(findings, s.at(RuleEndless, "no way leads from this state to an end"))
		}
	}
	return findings
}

// ends reports whether a Succeed or Fail state can be come to from s, or a state that does not
// exist, which is a finding already. The ways of a Catch do not count: a state that ends only by
// failing does not work.
func (m machine) ends(s state) bool {
	dangles := false
	reached := m.reach([]string{s.name}, func(_ state, e edge) bool {
		_, exists := m.find(e.to)
		dangles = dangles || !exists
		return e.catch == nil
	})
	for name := range reached {
		if end, _ := m.find(name); end.isEnd() {
			return true
		}
	}
	return dangles
}

func (s state) isEnd() bool { return s.kind == kindSucceed || s.kind == kindFail }
