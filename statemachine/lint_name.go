package statemachine

import (
	"regexp"
	"slices"
)

// verbs are what names of states begin with. A new one is added here by the person who adds
// the state: the console shows these words to people who are in a hurry.
func verbs() []string {
	return []string{
		"Abandon", "Announce", "Approve", "Ask", "Backup", "Begin", "Build", "Check", "Enqueue", "Enter", "Hold", "Judge",
		"Leave", "Lock", "Migrate", "Observe", "Page", "Plan", "Promote", "Prove", "Record", "Rehearse",
		"Release", "Replan", "Report", "Restore", "Retire", "Revert", "Rollback", "Settle", "Shift",
		"Smoke", "Unlock", "Validate", "Verify", "Wait", "Yield",
	}
}

// lintNames refuses states that a person could not read in the console.
func lintNames(m machine, _ Known) []Finding {
	var findings []Finding
	camel := regexp.MustCompile(`^([A-Z][a-z]+)([A-Z][a-z]+)*$`)
	for _, s := range m.states {
		words := camel.FindStringSubmatch(s.name)
		switch {
		case words == nil:
			findings = append(findings, s.at(RuleName, "%q is not in CamelCase", s.name))
		case !s.isEnd() && !slices.Contains(verbs(), words[1]):
			findings = append(findings, s.at(RuleName, "%q does not begin with one of the known verbs", s.name))
		}
		if comment := s.text("Comment"); comment == "" {
			findings = append(findings, s.at(RuleComment, "there is no Comment that says what the state is for"))
		}
	}
	return findings
}
