package statemachine

import "slices"

// The functions that take and give back the lock.
const (
	functionLock   = "Lock"
	functionUnlock = "Unlock"
)

// unguarded are the functions that do not ask whether the lease is still held: they change
// nothing that the lock protects, or close what has ended. Plan does ask under the lock, as
// Replan, but changes nothing either: a lease lost there is a refusal.
func unguarded() []string {
	return []string{"Validate", "Plan", "PlanRollback", "Enqueue", "Announce", "Ask", "Approve", functionLock, functionUnlock, "Record", "Page"}
}

// harmless are the functions that may run after the lease was lost. Page is not among them: it
// sets a hold on a scope that somebody else is working on.
func harmless() []string { return []string{"Announce", "Record", functionUnlock} }

// lintLeases refuses tasks that run under the lock and, the lease lost, would not stop at once.
// Under the lock is what comes after a task that takes it and before one that gives it back.
func lintLeases(m machine, _ Known) []Finding {
	var findings []Finding
	locked := m.locked()
	for _, s := range m.states {
		if s.kind != kindTask || s.child || !locked[s.name] || slices.Contains(unguarded(), s.function) {
			continue
		}
		i := slices.IndexFunc(s.catch, func(h handler) bool { return h.names(errorLeaseLost) })
		if i < 0 {
			findings = append(findings, s.at(RuleLease, "it runs under the lock and has no Catch of %s", errorLeaseLost))
			continue
		}
		if culprit := m.changesAfter(s.catch[i].next); culprit != "" {
			findings = append(findings, s.catch[i].at(RuleLease, "after %s the way leads to %q, which changes what is not ours any more", errorLeaseLost, culprit))
		}
	}
	return findings
}

func (m machine) locked() map[string]bool {
	var from []string
	for _, s := range m.states {
		if s.function == functionLock {
			from = append(from, s.next)
		}
	}
	return m.reach(from, func(s state, _ edge) bool { return s.function != functionUnlock })
}

// changesAfter is the first state that can be come to from name and is not harmless, "" when
// there is none.
func (m machine) changesAfter(name string) string {
	reached := m.reach([]string{name}, everywhere)
	for _, s := range m.states {
		if reached[s.name] && s.kind == kindTask && !slices.Contains(harmless(), s.function) {
			return s.name
		}
	}
	return ""
}
