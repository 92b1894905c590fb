package router

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ELB's limits, from "Quotas for your Application Load Balancers" and the API reference of
// CreateRule, RuleCondition and FixedResponseActionConfig.
const (
	maxPriority        = 50000
	maxRules           = 100
	maxGroupsPerAction = 5
	maxWeight          = 999
	maxValues          = 3 // comparison strings a condition
	maxRuleValues      = 5 // comparison strings a rule
	maxValueLength     = 128
	maxHeaderName      = 40
	maxFixedBody       = 1024
)

const (
	alphanumeric  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	tokenChars    = alphanumeric + "!#$%&'*+-.^_`|~" // RFC 7230
	pathChars     = alphanumeric + "_-.$/~\"'@:+;&*?"
	fixedStatuses = "2xx, 4xx or 5xx"
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ValidationError, fmt.Sprintf(format, args...))
}

func checkPriority(priority int) error {
	if priority < 1 || priority > maxPriority {
		return invalid("priority %d is outside 1 to %d", priority, maxPriority)
	}
	return nil
}

func checkConditions(conditions []Condition) error {
	if len(conditions) == 0 {
		return invalid("a rule needs at least one condition")
	}
	paths, values := 0, 0
	for _, c := range conditions {
		if err := checkCondition(c); err != nil {
			return err
		}
		if values += len(c.Values); c.Field == PathPattern {
			paths++
		}
	}
	if paths > 1 {
		return invalid("a rule has at most one %s condition, not %d", PathPattern, paths)
	}
	if values > maxRuleValues {
		return invalid("a rule has at most %d condition values, not %d", maxRuleValues, values)
	}
	return nil
}

func checkCondition(c Condition) error {
	switch c.Field {
	case HTTPHeader:
		if err := checkHeaderName(c.Name); err != nil {
			return err
		}
	case PathPattern:
		if c.Name != "" {
			return invalid("a %s condition has no header name, this one has %q", c.Field, c.Name)
		}
	default:
		return invalid("condition field %q is neither %s nor %s", c.Field, HTTPHeader, PathPattern)
	}
	if len(c.Values) == 0 || len(c.Values) > maxValues {
		return invalid("a %s condition has 1 to %d values, not %d", c.Field, maxValues, len(c.Values))
	}
	for _, value := range c.Values {
		if value == "" || utf8.RuneCountInString(value) > maxValueLength {
			return invalid("condition value %q must have 1 to %d characters", value, maxValueLength)
		}
		if c.Field == PathPattern && !only(value, pathChars) {
			return invalid("path pattern %q has a character that ELB does not allow", value)
		}
	}
	return nil
}

func checkHeaderName(name string) error {
	switch {
	case name == "" || len(name) > maxHeaderName:
		return invalid("header name %q must have 1 to %d characters", name, maxHeaderName)
	case strings.ContainsAny(name, "*?"):
		return invalid("header name %q has a wildcard; only values may", name)
	case !only(name, tokenChars):
		return invalid("header name %q has a character that a header name cannot have", name)
	case strings.EqualFold(name, "Host"):
		return invalid("header name %q needs a host-header condition, which this router lacks", name)
	}
	return nil
}

func checkAction(a Action) error {
	if a.Fixed != nil {
		if len(a.Forward) > 0 {
			return invalid("an action is a forward or a fixed response, not both")
		}
		return checkFixed(*a.Fixed)
	}
	if len(a.Forward) == 0 || len(a.Forward) > maxGroupsPerAction {
		return invalid("a forward has 1 to %d target groups, not %d", maxGroupsPerAction, len(a.Forward))
	}
	seen := make(map[string]int, len(a.Forward))
	for _, g := range a.Forward {
		if g.Weight < 0 || g.Weight > maxWeight {
			return invalid("weight %d of target group %q is outside 0 to %d", g.Weight, g.Group, maxWeight)
		}
		if seen[g.Group]++; seen[g.Group] > 1 {
			return invalid("target group %q is named twice in one forward", g.Group)
		}
	}
	return nil
}

func checkFixed(f FixedResponse) error {
	types := []string{
		"", "text/plain", "text/css", "text/html", "application/javascript", "application/json",
	}
	switch class := f.Status / 100; {
	case f.Status > 599 || class != 2 && class != 4 && class != 5:
		return invalid("status %d of a fixed response must be %s", f.Status, fixedStatuses)
	case !slices.Contains(types, f.ContentType):
		return invalid("content type %q of a fixed response must be one of %s",
			f.ContentType, strings.Join(types[1:], ", "))
	case utf8.RuneCountInString(f.Body) > maxFixedBody:
		return invalid("body of a fixed response has more than %d characters", maxFixedBody)
	}
	return nil
}

// only reports whether text consists of the characters in allowed.
func only(text, allowed string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return !strings.ContainsRune(allowed, c) })
}
