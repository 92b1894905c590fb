package asl

import (
	"context"
	"sync"
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

// together runs the parts, width of them at a time, and gathers their outputs in order.
func (v *visit) together(ctx context.Context, parts []part, width int) (document, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outputs := make([]any, len(parts))
	next := make(chan int, len(parts))
	for i := range parts {
		next <- i
	}
	close(next)
	var workers sync.WaitGroup
	for range min(width, len(parts)) {
		workers.Go(func() {
			for i := range next {
				output, err := parts[i].run(inner)
				if err != nil {
					cancel(err) // the first cause stays; the parts that it ends come too late
				}
				outputs[i] = output.value
			}
		})
	}
	workers.Wait()
	v.frame.previous = latest(v.frame.previous, parts)
	switch {
	case ctx.Err() != nil:
		return document{}, errInterrupted
	case inner.Err() != nil:
		v.frame.record(HistoryEvent{Type: v.state.kind + "StateFailed"})
		return document{}, context.Cause(inner)
	}
	v.frame.record(HistoryEvent{Type: v.state.kind + "StateSucceeded"})
	return write(outputs)
}

// latest is the newest event of the parts: the one that let the state go on.
func latest(previous int64, parts []part) int64 {
	for _, p := range parts {
		previous = max(previous, p.frame.previous)
	}
	return previous
}
