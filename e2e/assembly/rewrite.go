package assembly

import (
	"fmt"
	"strings"
)

// rewrite replaces references. One to a resource that was left out becomes an ARN of nothing: what
// needs it is not there either, or does not look at it.
func (c changer) rewrite(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if replaced, is := c.reference(v); is {
			return replaced
		}
		changed := make(map[string]any, len(v))
		for name, inner := range v {
			changed[name] = c.rewrite(inner)
		}
		return changed
	case []any:
		changed := make([]any, len(v))
		for i, inner := range v {
			changed[i] = c.rewrite(inner)
		}
		return changed
	}
	return value
}

// reference is what a Ref or GetAtt becomes, and false where v is none or stays as it is.
func (c changer) reference(v map[string]any) (any, bool) {
	if len(v) != 1 {
		return nil, false
	}
	key := refOf(v)
	id := key
	if parts, ok := v["Fn::GetAtt"].([]any); ok && len(parts) == 2 {
		id = attributeOf(v)
		key = fmt.Sprintf("%v.%v", parts[0], parts[1])
	}
	if id == "" || strings.HasPrefix(id, "AWS::") {
		return nil, false
	}
	if with, found := c.references[key]; found {
		return c.rewrite(with), true
	}
	if c.resources[id] == nil {
		return "arn:aws:none:::" + key, true
	}
	return nil, false
}

// existing keeps those of a DependsOn that are left.
func (c changer) existing(names any) any {
	list, ok := names.([]any)
	if !ok && names != nil {
		list = []any{names}
	}
	var kept []any
	for _, name := range list {
		if c.resources[fmt.Sprint(name)] != nil {
			kept = append(kept, name)
		}
	}
	if kept == nil {
		return nil
	}
	return kept
}
