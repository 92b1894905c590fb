package asl

import (
	"context"
	"strconv"
)

// rule is one element of Choices.
type rule struct {
	condition template
	next      string
	assign    []assignment
	output    template
}

func (p *parser) choice(f *fields, s *state) {
	s.next = f.text("Default")
	n, ok := f.required("Choices")
	if !ok {
		return
	}
	for i, item := range f.items(n) {
		s.rules = append(s.rules, p.rule(item, "Choices["+strconv.Itoa(i)+"]"))
	}
}

func (p *parser) rule(n node, field string) rule {
	f := p.fields(n)
	f.text("Comment")
	r := rule{next: f.text("Next"), assign: f.assignAs("Assign", field+"/Assign")}
	if condition, ok := f.required("Condition"); ok {
		r.condition = p.template(condition, field+"/Condition")
		if literal, ok := r.condition.(constant); ok {
			if _, ok := literal.value.(bool); !ok {
				p.refuse(condition.path, "must be {%% an expression %%} or a boolean")
			}
		}
	}
	if output, ok := f.take("Output"); ok {
		r.output = p.template(output, field+"/Output")
	}
	f.done()
	return r
}

// choose leaves by the first rule whose condition is true, else by Default.
func (v *visit) choose(ctx context.Context) (leave, error) {
	vars := v.bind()
	for i, r := range v.state.rules {
		value, err := r.condition.eval(ctx, vars)
		if err != nil {
			return leave{}, err
		}
		holds, ok := value.(bool)
		if !ok {
			return leave{}, unexpected(r.condition, indexed("Choices", i)+"/Condition", "boolean", value)
		}
		if holds {
			return v.leave(ctx, vars, leaving{r.next, r.assign, r.output, v.input.value})
		}
	}
	if v.state.next == "" {
		return leave{}, &Failure{Name: errorNoChoice, Cause: v.executing() +
			"Failed to transition out of the state. The state does not point to a next state."}
	}
	return v.leave(ctx, vars, leaving{v.state.next, v.state.assign, v.state.output, v.input.value})
}
