package sim

import (
	"context"
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
)

// read runs one call of a port that changes nothing, with the faults planned for it.
func read[T any](w *World, ctx context.Context, call string, run func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if err := w.faults.hit("", call, Before, ""); err != nil {
		return none, fmt.Errorf("%s: %w", call, err)
	}
	w.mu.Lock()
	value, err := run()
	w.mu.Unlock()
	if err != nil {
		return none, err
	}
	if err := w.faults.hit("", call, After, ""); err != nil {
		return none, fmt.Errorf("%s: %w", call, err)
	}
	return value, nil
}

// change runs one call of a port that changes a scope. A lease that is not the newest one of
// the scope is fault.LeaseLost, and nothing is changed. What users meet before and after is
// compared.
func change(w *World, ctx context.Context, call string, scope deploy.Scope, lease deploy.Lease, run func(*place) error) error {
	_, err := read(w, ctx, call, func() (struct{}, error) {
		found, err := w.place(scope)
		if err != nil {
			return struct{}{}, err
		}
		if err := w.Ledger.Check(ctx, scope, lease); err != nil {
			return struct{}{}, fmt.Errorf("%s: %w", call, err)
		}
		before := w.exposed(found)
		if err := run(found); err != nil {
			return struct{}{}, err
		}
		w.remember(found)
		for slot := range w.exposed(found) {
			if !before[slot] && !w.beginning(ctx, scope, found) {
				w.violations = append(w.violations, fmt.Sprintf("%s let users' requests to %s reach slot %s, which has no healthy task", call, scope, slot))
			}
		}
		return struct{}{}, nil
	})
	return err
}

// beginning reports whether the scope has yet to see its second release: until then no
// request was ever answered by anything else.
func (w *World) beginning(ctx context.Context, scope deploy.Scope, p *place) bool {
	live, err := w.Ledger.Live(ctx, scope)
	return err == nil && p.barren && len(live.Before) == 0
}

// violate keeps something that must never happen.
func (w *World) violate(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}
