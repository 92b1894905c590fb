package bus

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pilotage/pilotage/shared/fault"
)

// place is where in a pattern the parser is.
type place struct {
	// path names the fields from the root of an event, label the place in the pattern.
	path  []string
	label string
	// inOr: inside a $or, where the names of operators are reserved.
	inOr bool
}

// parseObject reads an object of fields. Keys are taken in order, so that errors are the same
// each time.
func parseObject(here place, members map[string]any) (*object, error) {
	if len(members) == 0 {
		return nil, here.fail("an empty object matches nothing")
	}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	sort.Strings(names)
	result := &object{}
	for _, name := range names {
		there := here.field(name)
		if name == "$or" {
			either, err := parseOr(here, members[name])
			if err != nil {
				return nil, err
			}
			result.either = append(result.either, either)
			continue
		}
		if here.inOr && reserved(name) {
			return nil, there.fail("the name of an operator cannot be a field inside $or")
		}
		parsed, err := parseField(there, name, members[name])
		if err != nil {
			return nil, err
		}
		result.fields = append(result.fields, parsed)
	}
	return result, nil
}

func parseField(here place, name string, value any) (field, error) {
	switch value := value.(type) {
	case map[string]any:
		nested, err := parseObject(here, value)
		return field{name: name, nested: nested}, err
	case []any:
		parsed, err := parseLeaf(here, value)
		return field{name: name, leaf: parsed}, err
	default:
		return field{}, here.fail("%s must be an object, or an array of the values to match", describe(value))
	}
}

func parseOr(here place, value any) ([]*object, error) {
	here = place{path: here.path, label: here.field("$or").label, inOr: true}
	alternatives, isArray := value.([]any)
	if !isArray || len(alternatives) < 2 {
		return nil, here.fail("must be an array of at least two objects")
	}
	either := make([]*object, 0, len(alternatives))
	for i, alternative := range alternatives {
		members, isObject := alternative.(map[string]any)
		if !isObject {
			return nil, here.at(i).fail("must be an object, not %s", describe(alternative))
		}
		parsed, err := parseObject(here.at(i), members)
		if err != nil {
			return nil, err
		}
		either = append(either, parsed)
	}
	return either, nil
}

func parseLeaf(here place, values []any) (*leaf, error) {
	if len(values) == 0 {
		return nil, here.fail("an empty array matches nothing")
	}
	result := &leaf{path: here.path}
	for i, value := range values {
		switch value := value.(type) {
		case map[string]any:
			if err := result.addOperator(here.at(i), value); err != nil {
				return nil, err
			}
		case []any:
			return nil, here.at(i).fail("an array inside an array cannot match")
		default:
			result.values = append(result.values, exactly(value))
		}
	}
	return result, nil
}

// branches is how many patterns without $or this one stands for. It stops counting beyond the
// limit, so that nesting cannot overflow it.
func (o *object) branches() int {
	count := 1
	for _, field := range o.fields {
		if field.nested != nil {
			count = min(count*field.nested.branches(), maxBranches+1)
		}
	}
	for _, either := range o.either {
		sum := 0
		for _, alternative := range either {
			sum = min(sum+alternative.branches(), maxBranches+1)
		}
		count = min(count*sum, maxBranches+1)
	}
	return count
}

// reserved are the names that AWS's matcher does not take for fields inside $or.
func reserved(name string) bool {
	return slices.Contains([]string{
		"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard",
		"numeric", "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard",
		"not-equals-ignore-case", "date-after", "date-on-or-after", "date-before",
		"date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range",
	}, name)
}

func (p place) field(name string) place {
	label := strings.TrimPrefix(p.label+"."+name, ".")
	return place{path: append(slices.Clone(p.path), name), label: label, inOr: p.inOr}
}

func (p place) at(index int) place {
	p.label = fmt.Sprintf("%s[%d]", p.label, index)
	return p
}

// fail makes an error that names the place.
func (p place) fail(text string, args ...any) error {
	if p.label == "" {
		p.label = "its root"
	}
	return fault.New(fault.Invalid, "pattern at %s: %w", p.label, fmt.Errorf(text, args...))
}
