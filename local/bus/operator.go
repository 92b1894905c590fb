package bus

import (
	"encoding/json"
	"net/netip"
	"strings"
)

// addOperator reads one {"operator": argument} into the leaf.
func (l *leaf) addOperator(here place, members map[string]any) error {
	name, argument, err := single(here, members)
	if err != nil {
		return err
	}
	there := place{path: here.path, label: here.label + "." + name}
	if name == "exists" {
		present, isBool := argument.(bool)
		if !isBool {
			return there.fail("must be true or false, not %s", describe(argument))
		}
		if present {
			l.values = append(l.values, func(any) bool { return true })
		}
		l.orAbsent = l.orAbsent || !present
		return nil
	}
	parsed, err := parseOperator(there, name, argument)
	if err != nil {
		return err
	}
	l.values = append(l.values, parsed)
	return nil
}

func parseOperator(here place, name string, argument any) (matcher, error) {
	switch name {
	case "anything-but":
		return parseAnythingBut(here, argument)
	case "numeric":
		return parseNumeric(here, argument)
	case "prefix", "suffix":
		if members, isObject := argument.(map[string]any); isObject {
			return parseFolded(here, name, members)
		}
	case "exactly", "equals-ignore-case", "wildcard", "cidr":
	default:
		return nil, here.fail("no such operator")
	}
	text, isString := argument.(string)
	if !isString {
		return nil, here.fail("must be a string, not %s", describe(argument))
	}
	return parseText(here, name, text)
}

// parseText reads the operators whose argument is one string.
func parseText(here place, name, text string) (matcher, error) {
	switch name {
	case "exactly":
		return exactly(text), nil
	case "prefix":
		return onText(func(value string) bool { return strings.HasPrefix(value, text) }), nil
	case "suffix":
		return onText(func(value string) bool { return strings.HasSuffix(value, text) }), nil
	case "equals-ignore-case":
		return onText(func(value string) bool { return strings.EqualFold(value, text) }), nil
	case "wildcard":
		parts, err := parseWildcard(here, text)
		return onText(parts.match), err
	default:
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, here.fail("%q is not a range such as 10.0.0.0/24 or 2001:db8::/32", text)
		}
		return onText(func(value string) bool {
			address, err := netip.ParseAddr(value)
			return err == nil && prefix.Contains(address)
		}), nil
	}
}

// parseFolded reads the argument of {"prefix": {"equals-ignore-case": "x"}}, or of suffix.
func parseFolded(here place, name string, members map[string]any) (matcher, error) {
	inner, argument, err := single(here, members)
	if err != nil {
		return nil, err
	}
	text, isString := argument.(string)
	if inner != "equals-ignore-case" || !isString {
		return nil, here.fail(`must be a string or {"equals-ignore-case": a string}`)
	}
	want := []rune(text)
	return onText(func(value string) bool {
		got := []rune(value)
		if len(got) < len(want) {
			return false
		}
		if name == "prefix" {
			return strings.EqualFold(string(got[:len(want)]), text)
		}
		return strings.EqualFold(string(got[len(got)-len(want):]), text)
	}), nil
}

// parseAnythingBut reads a value, a list of values of one type, or an operator over strings.
func parseAnythingBut(here place, argument any) (matcher, error) {
	name, arguments := "", argument
	if members, isObject := argument.(map[string]any); isObject {
		var err error
		if name, arguments, err = single(here, members); err != nil {
			return nil, err
		}
		here = place{path: here.path, label: here.label + "." + name}
	}
	list, isArray := arguments.([]any)
	if !isArray {
		list = []any{arguments}
	}
	if len(list) == 0 {
		return nil, here.fail("an empty list excludes nothing")
	}
	excluded := make([]matcher, 0, len(list))
	for i, value := range list {
		there := here
		if isArray {
			there = here.at(i)
		}
		parsed, err := parseExcluded(there, name, value, list[0])
		if err != nil {
			return nil, err
		}
		excluded = append(excluded, parsed)
	}
	return func(value any) bool {
		for _, match := range excluded {
			if match(value) {
				return false
			}
		}
		return true
	}, nil
}

// parseExcluded reads one value of anything-but; first is the list's first, whose type all
// others must have.
func parseExcluded(here place, operator string, value, first any) (matcher, error) {
	text, isString := value.(string)
	_, isNumber := value.(json.Number)
	_, firstIsString := first.(string)
	switch operator {
	case "":
		if !isString && !isNumber {
			return nil, here.fail("must be a string or a number, not %s", describe(value))
		}
		if isString != firstIsString {
			return nil, here.fail("strings and numbers cannot be mixed in anything-but")
		}
		return exactly(value), nil
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
		if !isString {
			return nil, here.fail("must be a string, not %s", describe(value))
		}
		if text == "" && (operator == "prefix" || operator == "suffix") {
			return nil, here.fail("every string has the empty %s, so nothing would match", operator)
		}
		return parseText(here, operator, text)
	default:
		return nil, here.fail("no such operator inside anything-but")
	}
}

// single is the one member that an operator's object has.
func single(here place, members map[string]any) (name string, argument any, err error) {
	if len(members) != 1 {
		return "", nil, here.fail("an operator's object has one key, this one has %d", len(members))
	}
	for name, argument = range members {
	}
	return name, argument, nil
}
