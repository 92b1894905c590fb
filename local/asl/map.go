package asl

import (
	"context"
)

// maxWidth is how many iterations of an inline Map state run at a time, at most.
const maxWidth = 40

// mapping is a Map state's own fields.
type mapping struct {
	items    template // nil: the input
	selector template // nil: the item
	width    template // nil or 0: maxWidth
	scope    scope
}

func (p *parser) mapping(f *fields, s *state, variables []string) {
	f.handlers(s)
	s.mapping = mapping{items: f.template("Items"), selector: f.template("ItemSelector")}
	s.mapping.width = f.number("MaxConcurrency", 0)
	if literal, ok := s.mapping.items.(constant); ok {
		if _, ok := literal.value.([]any); !ok {
			p.refuse(join(f.path, "Items"), "must be an array or {%% an expression %%}")
		}
	}
	for _, name := range []string{
		"ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailureCount",
		"ToleratedFailurePercentage", "Iterator",
	} {
		if n, ok := f.take(name); ok {
			p.refuse(n.path, "is not supported; Map states run inline, through ItemProcessor")
		}
	}
	if n, ok := f.required("ItemProcessor"); ok {
		s.mapping.scope = p.processor(n, variables)
	}
}

func (p *parser) processor(n node, variables []string) scope {
	f := p.fields(n)
	f.text("Comment")
	if config, ok := f.take("ProcessorConfig"); ok {
		c := p.fields(config)
		if mode := c.text("Mode"); mode != "" && mode != "INLINE" {
			p.refuse(join(c.path, "Mode"), "must be INLINE, got %q", mode)
		}
		c.done()
	}
	s := p.scope(f, variables)
	f.done()
	return s
}

// each runs the processor once for every item. The result is the array of the outputs.
func (v *visit) each(ctx context.Context) (document, error) {
	items, width, err := v.items(ctx)
	if err != nil {
		return document{}, err
	}
	inputs := make([]document, len(items))
	contexts := make([]any, len(items))
	for i, item := range items {
		contexts[i] = map[string]any{"Item": map[string]any{"Index": whole(i), "Value": item}}
		if inputs[i], err = v.itemInput(ctx, item, contexts[i]); err != nil {
			return document{}, err
		}
	}
	v.frame.record(HistoryEvent{Type: "MapStateStarted", MapStateStarted: &MapStateStartedDetails{len(items)}})
	parts := make([]part, len(items))
	for i := range parts {
		f := v.frame.branch(contexts[i])
		parts[i] = part{f, func(ctx context.Context) (document, error) {
			return v.iterate(ctx, f, i, inputs[i])
		}}
	}
	return v.together(ctx, parts, width)
}

// items evaluates Items and MaxConcurrency.
func (v *visit) items(ctx context.Context) (items []any, width int, err error) {
	value := v.input.value
	if v.state.mapping.items != nil {
		doc, err := evalDocument(ctx, v.state.mapping.items, v.bind())
		if err != nil {
			return nil, 0, err
		}
		value = doc.value
	}
	items, ok := value.([]any)
	if !ok {
		return nil, 0, unexpected(v.state.mapping.items, "Items", "array", value)
	}
	limit := int64(0)
	if v.state.mapping.width != nil {
		if limit, err = v.count(ctx, v.state.mapping.width, "MaxConcurrency", 0); err != nil {
			return nil, 0, err
		}
	}
	if limit == 0 || limit > maxWidth {
		limit = maxWidth
	}
	return items, int(limit), nil
}

// itemInput is what one iteration starts with.
func (v *visit) itemInput(ctx context.Context, item, context any) (document, error) {
	if v.state.mapping.selector == nil {
		return write(item)
	}
	vars := v.bind()
	inner := *v
	inner.frame = v.frame.branch(context)
	vars["states"] = inner.bind()["states"]
	return evalDocument(ctx, v.state.mapping.selector, vars)
}

// iterate runs one iteration and writes down how it ended.
func (v *visit) iterate(ctx context.Context, f *frame, index int, input document) (document, error) {
	details := &IterationDetails{v.state.name, index}
	if ctx.Err() != nil {
		return document{}, errInterrupted // never started
	}
	f.record(HistoryEvent{Type: "MapIterationStarted", IterationStarted: details})
	output, err := f.run(ctx, &v.state.mapping.scope, input)
	switch {
	case err == nil:
		f.record(HistoryEvent{Type: "MapIterationSucceeded", IterationSucceeded: details})
	case ctx.Err() != nil:
		f.record(HistoryEvent{Type: "MapIterationAborted", IterationAborted: details})
	default:
		f.record(HistoryEvent{Type: "MapIterationFailed", IterationFailed: details})
	}
	return output, err
}
