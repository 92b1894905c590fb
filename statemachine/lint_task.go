package statemachine

import (
	"slices"
	"strings"
)

// lintSubstitutions refuses substitutions that nobody fills, and functions that do not exist.
// A definition in which one function has its name has been rendered: nothing may be open then.
func lintSubstitutions(m machine, known Known) []Finding {
	var findings []Finding
	rendered := slices.ContainsFunc(m.states, func(s state) bool {
		arguments, _ := s.field("Arguments")
		name := arguments.text("FunctionName")
		return name != "" && !strings.Contains(name, "${")
	})
	for _, leaf := range m.root.strings() {
		text := leaf.value.(string)
		for _, name := range Substitutions([]byte(text)) {
			switch function, isFunction := strings.CutSuffix(name, functionSuffix); {
			case rendered:
				findings = append(findings, leaf.at(RuleSubstitution, "${%s} was left open", name))
			case isFunction && !slices.Contains(known.Functions, function):
				findings = append(findings, leaf.at(RuleHandler, "there is no function %q", function))
			case !isFunction && name != RollbackStateMachine && name != BuildProject:
				findings = append(findings, leaf.at(RuleSubstitution, "nobody fills ${%s}", name))
			}
		}
		if strings.Count(text, "${") != strings.Count(text, "}") && strings.HasPrefix(text, "${") {
			findings = append(findings, leaf.at(RuleSubstitution, "%q is not closed", text))
		}
	}
	return append(findings, plainNames(m, known)...)
}

// plainNames refuses functions that are named without substitution and do not exist. An ARN
// says nothing: names on AWS have a prefix.
func plainNames(m machine, known Known) []Finding {
	var findings []Finding
	for _, s := range m.states {
		if s.kind != kindTask || s.child || s.builds || strings.Contains(s.function, ":") {
			continue
		}
		arguments, _ := s.field("Arguments")
		name, _ := arguments.field("FunctionName")
		text, _ := name.value.(string)
		if !strings.Contains(text, "${") && !slices.Contains(known.Functions, text) {
			findings = append(findings, name.at(RuleHandler, "there is no function %q", text))
		}
	}
	return findings
}

// lintTasks refuses tasks that could hang, give up too early or end the execution by failing.
func lintTasks(m machine, _ Known) []Finding {
	var findings []Finding
	for _, s := range m.states {
		if s.kind != kindTask {
			continue
		}
		limit, limited := s.field("TimeoutSeconds")
		switch {
		case s.child && limited:
			findings = append(findings, limit.at(RuleTimeout, "a time limit would stop the other machine half way; its deadline is its own"))
		case !s.child && !limited:
			findings = append(findings, s.at(RuleTimeout, "there is no TimeoutSeconds: what does not answer holds the execution for a year"))
		}
		transient := slices.ContainsFunc(s.retry, func(h handler) bool { return h.names(errorTransient) })
		switch {
		case len(s.retry) == 0:
			findings = append(findings, s.at(RuleRetry, "there is no Retry"))
		case s.builds && !slices.ContainsFunc(s.retry, func(h handler) bool { return h.names(errorBuildLimit) }):
			findings = append(findings, s.at(RuleRetry, "no Retry takes %s, which passes when another build has ended", errorBuildLimit))
		case !s.child && !s.builds && !transient:
			findings = append(findings, s.at(RuleRetry, "no Retry takes %s", errorTransient))
		}
		if len(s.catch) == 0 || !s.catch[len(s.catch)-1].names(errorAll) {
			findings = append(findings, s.at(RuleCatch, "no Catch of %s comes last", errorAll))
		}
	}
	return findings
}
