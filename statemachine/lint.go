package statemachine

import (
	"fmt"
	"slices"
)

// Known is what a definition may name, told by those who have it.
type Known struct {
	// Functions are the handlers by name: "Validate" for ${ValidateFunction}.
	Functions []string
	// Classes are the names beginning with "Pilotage." that errors and ends have.
	Classes []string
}

// Rule says what kind of defect a Finding is.
type Rule string

// The rules.
const (
	// RuleJSON: the text is no JSON, or writes a key twice.
	RuleJSON Rule = "json"
	// RuleKind: a state is of a kind, a task of a resource, that the definitions do not use.
	RuleKind Rule = "kind"
	// RuleTarget: StartAt, Next, Default or a Catch leads to a state that does not exist.
	RuleTarget Rule = "target"
	// RuleUnreachable: no way leads to the state.
	RuleUnreachable Rule = "unreachable"
	// RuleEndless: no way leads from the state to an end.
	RuleEndless Rule = "endless"
	// RuleName: a state's name is neither a verb in CamelCase nor that of an end.
	RuleName Rule = "name"
	// RuleComment: a state does not say what it is for.
	RuleComment Rule = "comment"
	// RuleError: an error name is matched, or raised, that nothing has.
	RuleError Rule = "error"
	// RuleOrder: a handler can never be reached, or States.ALL stands beside another name.
	RuleOrder Rule = "order"
	// RuleWildcard: a Retry takes everything, or an expression reads fields without naming them.
	RuleWildcard Rule = "wildcard"
	// RuleHandler: a task invokes a function that does not exist.
	RuleHandler Rule = "handler"
	// RuleSubstitution: a substitution is unknown, or open in a definition that has been rendered.
	RuleSubstitution Rule = "substitution"
	// RuleTimeout: a task that invokes a function has no time limit, or one that runs another
	// machine has one, which would stop it half way.
	RuleTimeout Rule = "timeout"
	// RuleRetry: a task gives up at the first failure that may pass.
	RuleRetry Rule = "retry"
	// RuleCatch: a task's failure would end the execution.
	RuleCatch Rule = "catch"
	// RuleLease: a task under the lock does not stop at once when the lease is lost.
	RuleLease Rule = "lease"
	// RuleCause: a Catch loses the error, or puts a later one in the place of the first; or an
	// error is read where none may have been kept.
	RuleCause Rule = "cause"
	// RuleDocument: what a state assigns or passes on is no document that deploy.Document can
	// hold, or lost a part of it.
	RuleDocument Rule = "document"
	// RuleExpression: a JSONata expression does not parse, or not evaluate to what its field takes.
	RuleExpression Rule = "expression"
	// RuleField: an expression reads a field that the document does not have.
	RuleField Rule = "field"
	// RuleEscape: an expression holds a backslash, which emulators unescape once too often.
	RuleEscape Rule = "escape"
)

// Finding is one defect of a definition.
type Finding struct {
	Rule Rule
	// Path leads to it, as in States.Shift.Catch[0].Next; "" is the top.
	Path string
	// Line counts from 1.
	Line int
	// Text says what is wrong.
	Text string
}

// String is "line 12: States.Shift.Next: there is no state \"Proof\" (target)".
func (f Finding) String() string {
	return fmt.Sprintf("line %d: %s: %s (%s)", f.Line, f.Path, f.Text, f.Rule)
}

// Lint looks for what JSON schemas and the service's own validation let through: defects that
// would show only when a deployment has already failed. Its findings are in the order of the
// text; none means that every rule holds. A definition may be linted open or rendered; open is
// better, because a rendered one no longer says which functions it calls. Pure.
func Lint(definition []byte, known Known) []Finding {
	root, err := decode(definition)
	if err != nil {
		return []Finding{{Rule: RuleJSON, Line: root.line, Text: err.Error()}}
	}
	m, err := readMachine(root)
	if err != nil {
		return []Finding{root.at(RuleDocument, "make samples: %v", err)}
	}
	checks := []func(machine, Known) []Finding{
		lintKinds, lintTargets, lintReach, lintNames, lintErrors, lintOrder, lintSubstitutions,
		lintTasks, lintLeases, lintCauses, lintExpressions, lintDocuments,
	}
	var findings []Finding
	for _, check := range checks {
		findings = append(findings, check(m, known)...)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return a.Line - b.Line })
	return findings
}

// at is a finding at the place of n.
func (n node) at(rule Rule, format string, args ...any) Finding {
	return Finding{Rule: rule, Path: n.path, Line: n.line, Text: fmt.Sprintf(format, args...)}
}
