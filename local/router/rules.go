package router

import (
	"cmp"
	"fmt"
	"slices"
)

// Change is what ModifyRule replaces. A part left at its zero value stays as it is.
type Change struct {
	Conditions []Condition
	Action     Action
}

// CreateRule adds a rule. It takes effect on requests after the router's ApplyDelay. Errors wrap
// RuleExists, PriorityInUse, TooManyRules, TargetGroupNotFound or ValidationError, and then
// nothing has changed. Repeating it is refused with RuleExists.
func (r *Router) CreateRule(rule Rule) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.checkNew(rule); err != nil {
		return fmt.Errorf("create rule %q: %w", rule.ID, err)
	}
	r.rules[rule.ID] = rule.clone()
	r.publish()
	return nil
}

// ModifyRule replaces a rule's conditions, its action, or both. It takes effect on requests after
// the router's ApplyDelay, though DescribeRules shows it at once, as ELB does: an accepted change
// is not moved traffic. Errors wrap RuleNotFound, OperationNotPermitted (conditions for the
// default rule), TargetGroupNotFound or ValidationError, and then nothing has changed. Repeating
// it is safe.
func (r *Router) ModifyRule(id string, change Change) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rule, ok := r.rules[id]
	if !ok {
		return fmt.Errorf("modify rule %q: %w", id, RuleNotFound)
	}
	if err := r.checkChange(id, change); err != nil {
		return fmt.Errorf("modify rule %q: %w", id, err)
	}
	if change.Conditions != nil {
		rule.Conditions = change.Conditions
	}
	if !change.Action.empty() {
		rule.Action = change.Action
	}
	r.rules[id] = rule.clone()
	r.publish()
	return nil
}

// DeleteRule removes a rule, with effect after the router's ApplyDelay. Errors wrap RuleNotFound,
// which a repetition meets too, or OperationNotPermitted for the default rule.
func (r *Router) DeleteRule(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id == DefaultRule {
		return fmt.Errorf("delete rule %q: %w: a listener keeps its default rule", id, OperationNotPermitted)
	}
	if _, ok := r.rules[id]; !ok {
		return fmt.Errorf("delete rule %q: %w", id, RuleNotFound)
	}
	delete(r.rules, id)
	delete(r.sequences, id)
	r.publish()
	return nil
}

// DescribeRules lists the accepted rules in the order in which they are tried, the default last.
// Under an ApplyDelay they may not be in effect yet; only the data plane can tell.
func (r *Router) DescribeRules() []Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	ordered := r.ordered()
	for i := range ordered {
		ordered[i] = ordered[i].clone()
	}
	return ordered
}

func (r *Router) checkNew(rule Rule) error {
	if rule.ID == "" {
		return invalid("a rule needs an ID")
	}
	if _, ok := r.rules[rule.ID]; ok {
		return RuleExists
	}
	if len(r.rules)-1 >= maxRules {
		return fmt.Errorf("%w: the listener has %d", TooManyRules, maxRules)
	}
	if err := checkPriority(rule.Priority); err != nil {
		return err
	}
	for _, other := range r.rules {
		if other.Priority == rule.Priority {
			return fmt.Errorf("%w: rule %q has priority %d", PriorityInUse, other.ID, rule.Priority)
		}
	}
	if err := checkConditions(rule.Conditions); err != nil {
		return err
	}
	return r.checkTargets(rule.Action)
}

func (r *Router) checkChange(id string, change Change) error {
	if change.Conditions != nil {
		if id == DefaultRule {
			return fmt.Errorf("%w: the default rule has no conditions", OperationNotPermitted)
		}
		if err := checkConditions(change.Conditions); err != nil {
			return err
		}
	}
	if change.Action.empty() {
		return nil
	}
	return r.checkTargets(change.Action)
}

func (r *Router) checkTargets(a Action) error {
	if err := checkAction(a); err != nil {
		return err
	}
	for _, g := range a.Forward {
		if _, ok := r.groups[g.Group]; !ok {
			return fmt.Errorf("%w: %q", TargetGroupNotFound, g.Group)
		}
	}
	return nil
}

func (a Action) empty() bool { return a.Forward == nil && a.Fixed == nil }

// ordered is the rules by priority, the default, whose priority is 0, last.
func (r *Router) ordered() []Rule {
	ordered := make([]Rule, 0, len(r.rules))
	for _, rule := range r.rules {
		ordered = append(ordered, rule)
	}
	slices.SortFunc(ordered, func(a, b Rule) int {
		return cmp.Compare(uint(a.Priority-1), uint(b.Priority-1))
	})
	return ordered
}
