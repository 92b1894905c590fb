package asl

import (
	"context"
)

func (p *parser) parallel(f *fields, s *state, variables []string) {
	s.arguments = f.template("Arguments")
	f.handlers(s)
	n, ok := f.required("Branches")
	if !ok {
		return
	}
	for _, item := range f.items(n) {
		branch := p.fields(item)
		branch.text("Comment")
		s.branches = append(s.branches, p.scope(branch, variables))
		branch.done()
	}
}

// parallel runs every branch with the same input. The result is the array of their outputs; the
// first failure ends the other branches and is the state's.
func (v *visit) parallel(ctx context.Context) (document, error) {
	input := v.input
	if v.state.arguments != nil {
		var err error
		if input, err = evalDocument(ctx, v.state.arguments, v.bind()); err != nil {
			return document{}, err
		}
	}
	v.frame.record(HistoryEvent{Type: "ParallelStateStarted"})
	branches := make([]part, len(v.state.branches))
	for i := range branches {
		f := v.frame.branch(v.frame.item)
		branches[i] = part{f, func(ctx context.Context) (document, error) {
			return f.run(ctx, &v.state.branches[i], input)
		}}
	}
	return v.together(ctx, branches, len(branches))
}

// part is one of several lines of control.
type part struct {
	frame *frame
	run   func(context.Context) (document, error)
}

type partResult struct {
	index  int
	output document
	err    error
}

// together runs the parts, width of them at a time, and gathers their outputs in order.
func (v *visit) together(ctx context.Context, parts []part, width int) (document, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next, results := make(chan int), make(chan partResult)
	for range min(width, len(parts)) {
		go func() {
			for i := range next {
				output, err := parts[i].run(inner)
				results <- partResult{i, output, err}
			}
		}()
	}
	go func() {
		defer close(next)
		for i := range parts {
			next <- i
		}
	}()
	outputs, err := gather(results, len(parts), cancel)
	v.frame.previous = latest(v.frame.previous, parts)
	switch {
	case ctx.Err() != nil:
		return document{}, errInterrupted
	case err != nil:
		v.frame.record(HistoryEvent{Type: v.state.kind + "StateFailed"})
		return document{}, err
	}
	v.frame.record(HistoryEvent{Type: v.state.kind + "StateSucceeded"})
	return write(outputs)
}

// gather collects n results; the first failure cancels what is under way.
func gather(results <-chan partResult, n int, cancel context.CancelCauseFunc) ([]any, error) {
	outputs := make([]any, n)
	var failed error
	for range n {
		result := <-results
		if result.err != nil && failed == nil {
			failed = result.err
			cancel(errInterrupted)
		}
		outputs[result.index] = result.output.value
	}
	return outputs, failed
}

// latest is the newest event of the parts: the one that let the state go on.
func latest(previous int64, parts []part) int64 {
	for _, p := range parts {
		previous = max(previous, p.frame.previous)
	}
	return previous
}
