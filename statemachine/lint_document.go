package statemachine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
)

// lintDocuments evaluates what states assign and pass on, and decodes it strictly: a result put
// in a place that deploy.Document does not have would be lost without a word.
func lintDocuments(m machine, _ Known) []Finding {
	var findings []Finding
	for _, s := range m.states {
		if len(lintTravel(s, m.samples.outline)) > 0 {
			findings = append(findings, lintTravel(s, m.samples.full)...)
		}
	}
	return findings
}

// lintTravel is what one state does to that document.
func lintTravel(s state, doc document) []Finding {
	sc := sceneOf(s, doc)
	findings := lintAssign(s, s.node, sc)
	for _, h := range s.catch {
		findings = append(findings, lintAssign(s, h.node, sc)...)
	}
	switch {
	case s.builds:
		findings = append(findings, lintBuild(s, sc)...)
	case s.kind == kindTask:
		findings = append(findings, lintArguments(s, sc)...)
	}
	return findings
}

// lintBuild checks what a build is given: it is no document.
func lintBuild(s state, sc scene) []Finding {
	var order struct {
		ProjectName, SourceVersion, IdempotencyToken string
		TimeoutInMinutesOverride                     int64
		EnvironmentVariablesOverride                 []struct{ Name, Value, Type string }
	}
	arguments, _ := s.field("Arguments")
	value, err := sc.evaluate(arguments)
	if err == nil {
		err = fits(value, &order)
	}
	switch {
	case err != nil:
		return []Finding{arguments.at(RuleDocument, "it is not what StartBuild takes: %v", err)}
	case order.ProjectName == "" || order.SourceVersion == "":
		return []Finding{arguments.at(RuleDocument, "a build is given a project and a commit")}
	case order.IdempotencyToken == "":
		return []Finding{arguments.at(RuleDocument, "there is no IdempotencyToken: a call that is repeated starts another build")}
	}
	return nil
}

// lintAssign checks the Assign of a state or of one of its handlers.
func lintAssign(s state, holder node, sc scene) []Finding {
	var findings []Finding
	assign, _ := holder.field("Assign")
	for _, m := range assign.members {
		if m.key != "doc" {
			findings = append(findings, m.node.at(RuleDocument, "variable %q: everything that travels is in doc", m.key))
			continue
		}
		value, err := sc.evaluate(m.node)
		if err != nil {
			findings = append(findings, m.node.at(RuleDocument, "it does not evaluate: %v", err))
			continue
		}
		if s.kind == kindPass {
			sc = scene{} // The state that makes the document has none to lose.
		}
		if err := fits(value, &deploy.Document{}); err != nil {
			findings = append(findings, m.node.at(RuleDocument, "it is no document: %v", err))
		} else if lost := lost(sc.doc.fields, value); lost != "" {
			findings = append(findings, m.node.at(RuleDocument, "the document loses %s", lost))
		}
	}
	return findings
}

// lintArguments checks what a function or another machine is given.
func lintArguments(s state, sc scene) []Finding {
	arguments, _ := s.field("Arguments")
	name, into := "Payload", any(&deploy.Document{})
	if s.child {
		name, into = "Input", &deploy.Request{}
	}
	given, ok := arguments.field(name)
	if !ok {
		return []Finding{given.at(RuleDocument, "the task is given nothing")}
	}
	value, err := sc.evaluate(given)
	if err == nil {
		err = fits(value, into)
	}
	if err != nil {
		return []Finding{given.at(RuleDocument, "it is not what is expected there: %v", err)}
	}
	doc, ok := into.(*deploy.Document)
	if !ok {
		return nil
	}
	outcomes := []deploy.Outcome{"", deploy.Succeeded, deploy.Refused, deploy.RolledBack, deploy.FailedDirty}
	waits := s.text("Resource") == resourceToken
	switch {
	case doc.Stage != s.name:
		return []Finding{given.at(RuleDocument, "the stage is %q; it must be the state's name", doc.Stage)}
	case !slices.Contains(outcomes, doc.Outcome):
		return []Finding{given.at(RuleDocument, "%q is no outcome", doc.Outcome)}
	case waits != (doc.TaskToken != ""):
		return []Finding{given.at(RuleDocument, "a task token goes to a task that waits for one, and to no other")}
	}
	if lost := lost(sc.doc.fields, value); lost != "" {
		return []Finding{given.at(RuleDocument, "the document loses %s", lost)}
	}
	return nil
}

// fits decodes a value strictly.
func fits(value any, into any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// lost is the first part of the document that is not there any more, "" when all are. Results
// and the plan may have been replaced; who asked for what may not.
func lost(before map[string]any, after any) string {
	now, _ := after.(map[string]any)
	results, _ := now["results"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		kept, ok := now[name]
		fixed := slices.Contains([]string{"schemaVersion", "id", "execution", "request"}, name)
		if !ok || fixed && !reflect.DeepEqual(kept, before[name]) {
			return name
		}
	}
	old, _ := before["results"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, ok := results[name]; !ok {
			return "results." + name
		}
	}
	return ""
}
