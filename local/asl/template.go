package asl

import (
	"context"
	"strconv"
	"strings"
)

// template is a JSON value of a definition in which every string {% … %} is an expression.
// Absent templates are nil.
type template interface {
	// eval gives the value; its failures are States.QueryEvaluationError.
	eval(ctx context.Context, vars map[string]any) (any, error)
}

// constant is a template without expressions.
type constant struct{ value any }

func (c constant) eval(context.Context, map[string]any) (any, error) { return c.value, nil }

type objectTemplate []struct {
	key  string
	item template
}

func (t objectTemplate) eval(ctx context.Context, vars map[string]any) (any, error) {
	pairs := make([]pair, 0, len(t))
	for _, m := range t {
		value, err := m.item.eval(ctx, vars)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{m.key, value})
	}
	return object(pairs...), nil
}

type arrayTemplate []template

func (t arrayTemplate) eval(ctx context.Context, vars map[string]any) (any, error) {
	values := make([]any, 0, len(t))
	for _, item := range t {
		value, err := item.eval(ctx, vars)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// template compiles the field called name, nil when it is absent.
func (f *fields) template(name string) template {
	n, ok := f.take(name)
	if !ok {
		return nil
	}
	return f.p.template(n, name)
}

// template compiles n; field names it as AWS does in failures.
func (p *parser) template(n node, field string) template {
	switch v := n.value.(type) {
	case string:
		source, ok := query(v)
		if !ok {
			return constant{v}
		}
		compiled, err := compile(source)
		if err != nil {
			p.refuse(n.path, "no valid JSONata: %v", err)
			return constant{null()}
		}
		p.needs.add(source)
		return &expression{source: source, field: field, compiled: compiled}
	case []member:
		return p.objectTemplate(v, field)
	case []node:
		return p.arrayTemplate(v, field)
	case nil:
		return constant{null()}
	default:
		return constant{v}
	}
}

func (p *parser) objectTemplate(members []member, field string) template {
	result, fixed := make(objectTemplate, len(members)), true
	pairs := make([]pair, len(members))
	for i, m := range members {
		if strings.HasSuffix(m.key, ".$") {
			p.refuse(m.node.path, "belongs to JSONPath; only JSONata is supported")
		}
		item := p.template(m.node, field+"/"+m.key)
		result[i].key, result[i].item = m.key, item
		literal, ok := item.(constant)
		fixed = fixed && ok
		pairs[i] = pair{m.key, literal.value}
	}
	if fixed {
		return constant{object(pairs...)}
	}
	return result
}

func (p *parser) arrayTemplate(items []node, field string) template {
	result, fixed := make(arrayTemplate, len(items)), true
	values := make([]any, len(items))
	for i, n := range items {
		result[i] = p.template(n, field+"["+strconv.Itoa(i)+"]")
		literal, ok := result[i].(constant)
		fixed = fixed && ok
		values[i] = literal.value
	}
	if fixed {
		return constant{values}
	}
	return result
}
