package statemachine

import (
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
)

// lintCauses holds up the rule that an execution tells why it failed: the first error is kept,
// and no later one takes its place. A Catch need not keep an error when it leads where the state
// would have gone anyway, or when an error has been kept on every way there. That the time of a
// wait for people is over is no error either: it is looked at again what they said.
func lintCauses(m machine, known Known) []Finding {
	var findings []Finding
	kept := m.kept()
	reached := m.reach([]string{m.start}, everywhere)
	clean := m.reach([]string{m.start}, func(_ state, e edge) bool {
		return e.catch == nil || kept[e.catch.path].Error == ""
	})
	for _, s := range m.states {
		if !reached[s.name] {
			continue
		}
		for _, h := range s.catch {
			cause := kept[h.path]
			switch keeps := cause.Error != ""; {
			case !keeps && clean[s.name] && h.next != s.next && !looksAgain(s, h):
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

// looksAgain reports whether a handler takes nothing but the end of a wait for a task token.
func looksAgain(s state, h handler) bool {
	timeouts := 0
	for _, name := range []string{errorTimeout, errorHeartbeat} {
		if h.names(name) {
			timeouts++
		}
	}
	return s.text("Resource") == resourceToken && timeouts == len(h.errors)
}

func needsError(r read) bool { return len(r.path) > 0 && r.path[0] == "error" && !r.exists }

// kept is the error that each handler puts into the document, by the handler's path.
func (m machine) kept() map[string]deploy.StageError {
	kept := map[string]deploy.StageError{}
	for _, s := range m.states {
		for _, h := range s.catch {
			kept[h.path] = h.cause(s, m.samples.faultless)
		}
	}
	return kept
}

// causeless refuses expressions that read an error where there may be none.
func causeless(s state) []Finding {
	var findings []Finding
	for _, leaf := range s.strings() {
		inner, _ := query(leaf.value.(string))
		if slices.ContainsFunc(scanExpression(inner).reads, needsError) {
			findings = append(findings, leaf.at(RuleCause, "it reads an error, and a way leads here on which none was kept"))
		}
	}
	return findings
}

// cause is the error that the handler puts into the document, none when it puts none.
func (h handler) cause(s state, faultless document) deploy.StageError {
	assign, _ := h.field("Assign")
	assigned, ok := assign.field("doc")
	if !ok {
		return deploy.StageError{}
	}
	value, err := sceneOf(s, faultless).evaluate(assigned)
	if err != nil {
		return deploy.StageError{}
	}
	doc, _ := value.(map[string]any)
	cause, _ := doc["error"].(map[string]any)
	name, _ := cause["error"].(string)
	stage, _ := cause["stage"].(string)
	return deploy.StageError{Stage: stage, Error: name}
}
