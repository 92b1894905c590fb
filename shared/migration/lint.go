package migration

import "slices"

// Severity says what a finding leads to.
type Severity string

const (
	// Refuse says that the old version cannot live with it, or it cannot run at all.
	Refuse Severity = "refuse"
	// Warn says that it can be right, and a person should have thought of it.
	Warn Severity = "warn"
)

// Finding is a place in a migration that Lint objects to.
type Finding struct {
	File string `json:"file"`
	// Line counts from 1.
	Line int `json:"line"`
	// Rule is a stable name, such as "drop-column".
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Message says what is wrong, Advice what to do instead.
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

// Lint returns what would break the version that runs while, and after, an expand migration is
// applied, and what cannot run as its file says. It reads tokens, not text: comments, strings and
// quoted names do not mislead it. A table that the same file created is anybody's to change. It
// knows no schema, so it cannot see everything: whether a statement runs on the schema and the rows
// that are there shows only when it is applied. Findings are in the order of files and lines.
func Lint(set Set) []Finding {
	var findings []Finding
	for _, m := range set.Migrations {
		l := &linter{migration: m, created: map[string]bool{}, defaulted: map[string]bool{}}
		l.rules = rulesAlways()
		if m.Kind == Expand {
			l.rules = append(l.rules, rulesForExpand()...)
		}
		l.statements(m.script.up)
		l.rules = rulesAlways()
		l.statements(m.script.down)
		slices.SortStableFunc(l.findings, func(a, b Finding) int { return a.Line - b.Line })
		findings = append(findings, l.findings...)
	}
	return findings
}

// Refused reports whether a finding refuses the set.
func Refused(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Refuse })
}
