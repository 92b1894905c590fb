package statemachine

import (
	"encoding/json"
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
)

// lintCauses holds up the rule that an execution tells why it failed: the first error is kept,
// and no later one takes its place. A Catch need not keep an error when it leads where the state
// would have gone anyway, or when an error has been kept on every way there.
func lintCauses(m machine, known Known) []Finding {
	var findings []Finding
	clean := m.reach([]string{m.start}, func(s state, e edge) bool {
		return e.catch == nil || !e.catch.keeps(s)
	})
	for _, s := range m.states {
		for _, h := range s.catch {
			cause, keeps := h.cause(s)
			switch {
			case !keeps && clean[s.name] && h.next != s.next:
				findings = append(findings, h.at(RuleCause, "the error is lost: assign it to doc.error"))
			case keeps && !clean[s.name]:
				findings = append(findings, h.at(RuleCause, "the first error is overwritten"))
			case keeps && cause.Error != sampleText && !slices.Contains(known.Classes, cause.Error):
				findings = append(findings, h.at(RuleCause, "%q is no class of error", cause.Error))
			case keeps && cause.Stage != s.name:
				findings = append(findings, h.at(RuleCause, "the error is said to be of %q", cause.Stage))
			}
		}
		if clean[s.name] {
			findings = append(findings, causeless(s)...)
		}
	}
	return findings
}

// causeless refuses expressions that read an error where there may be none.
func causeless(s state) []Finding {
	var findings []Finding
	for _, leaf := range s.strings() {
		inner, _ := query(leaf.value.(string))
		for _, one := range scanExpression(inner).reads {
			if len(one.path) > 0 && one.path[0] == "error" && !one.exists {
				findings = append(findings, leaf.at(RuleCause, "it reads an error, and a way leads here on which none was kept"))
			}
		}
	}
	return findings
}

func (h handler) keeps(s state) bool {
	_, keeps := h.cause(s)
	return keeps
}

// cause is the error that the handler puts into the document, and whether it does.
func (h handler) cause(s state) (deploy.StageError, bool) {
	assign, _ := h.field("Assign")
	assigned, ok := assign.field("doc")
	if !ok {
		return deploy.StageError{}, false
	}
	before := fullDocument()
	delete(before, "error")
	value, err := sceneOf(s, before).evaluate(assigned)
	if err != nil {
		return deploy.StageError{}, false
	}
	var doc deploy.Document
	encoded, err := json.Marshal(value)
	if err != nil || json.Unmarshal(encoded, &doc) != nil {
		return deploy.StageError{}, false
	}
	return doc.Error, doc.Error.Error != ""
}
