package statemachine

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
)

// lintExpressions refuses expressions that do not parse, that read what no document has, or
// that a reader, or an emulator, could take for something else.
func lintExpressions(m machine, _ Known) []Finding {
	var findings []Finding
	if language := m.root.text("QueryLanguage"); language != "JSONata" {
		findings = append(findings, m.root.at(RuleExpression, "QueryLanguage is %q; it must be JSONata", language))
	}
	for _, leaf := range m.root.strings() {
		text := leaf.value.(string)
		inner, ok := query(text)
		if !ok {
			if strings.Contains(text, "{%") || strings.Contains(text, "%}") {
				findings = append(findings, leaf.at(RuleExpression, "an expression is the whole text, from {%% to %%}"))
			}
			continue
		}
		if _, err := compile(inner); err != nil {
			findings = append(findings, leaf.at(RuleExpression, "it does not parse: %v", err))
			continue
		}
		findings = append(findings, lintScan(leaf, scanExpression(inner))...)
	}
	for _, s := range m.states {
		findings = append(findings, lintValues(s, m.samples)...)
	}
	return findings
}

func lintScan(leaf node, found scan) []Finding {
	var findings []Finding
	for _, one := range found.reads {
		if step := missing(reflect.TypeFor[deploy.Document](), one.path); step != "" {
			findings = append(findings, leaf.at(RuleField, "$doc.%s: the document has no %q there", strings.Join(one.path, "."), step))
		}
	}
	if found.wildcard != "" {
		findings = append(findings, leaf.at(RuleWildcard, "%q reads fields without naming them", found.wildcard))
	}
	if found.escape {
		findings = append(findings, leaf.at(RuleEscape, "a string has a backslash, which not everything that runs this unescapes once"))
	}
	if slices.Contains(found.functions, "$eval") {
		findings = append(findings, leaf.at(RuleExpression, "Step Functions does not have $eval"))
	}
	return findings
}

// lintValues evaluates the fields of a state that must have a value of one type. Conditions are
// evaluated over a sparse document too: one without value ends the execution, for a Choice has
// no Catch.
func lintValues(s state, docs samples) []Finding {
	var findings []Finding
	full := sceneOf(s, docs.full)
	check := func(sc scene, holder node, field string, want reflect.Kind) {
		n, ok := holder.field(field)
		if !ok {
			return
		}
		if text, _ := n.value.(string); text == "" || !strings.HasPrefix(text, "{%") {
			return
		}
		value, err := sc.evaluate(n)
		switch {
		case err != nil:
			findings = append(findings, n.at(RuleExpression, "it does not evaluate: %v", err))
		case reflect.ValueOf(value).Kind() != want:
			findings = append(findings, n.at(RuleExpression, "its value is a %T, the field takes a %s", value, want))
		}
	}
	check(full, s.node, "TimeoutSeconds", reflect.Float64)
	check(full, s.node, "Seconds", reflect.Float64)
	check(full, s.node, "Cause", reflect.String)
	check(full, s.node, "Output", reflect.Map)
	choices, _ := s.field("Choices")
	for _, choice := range choices.items {
		check(full, choice, "Condition", reflect.Bool)
		check(sceneOf(s, docs.sparse), choice, "Condition", reflect.Bool)
	}
	return findings
}
