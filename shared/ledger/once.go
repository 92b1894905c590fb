package ledger

import (
	"context"
	"time"
)

// Mark is the trace of something that must happen once.
type Mark struct {
	// Value is what the first one to set it said.
	Value string    `json:"value"`
	At    time.Time `json:"at"`
	// Done says that what was begun has been finished.
	Done bool `json:"done"`
}

// Set reports whether there is a mark; the zero Mark is none.
func (m Mark) Set() bool { return !m.At.IsZero() }

// Once sets a mark under a kind and a key if there is none, and returns the mark that is
// there: the caller's own, or that of whoever came first.
func (l *Ledger) Once(ctx context.Context, kind, key, value string) (Mark, error) {
	var seen Mark
	err := update(ctx, l, "once#"+kind, key, func(mark *Mark) error {
		if seen = *mark; mark.Set() {
			return errUnchanged
		}
		*mark = Mark{Value: value, At: l.Clock.Now()}
		seen = *mark
		return nil
	})
	return seen, err
}

// Mark reads a mark, the zero Mark when there is none. Reading sets none.
func (l *Ledger) Mark(ctx context.Context, kind, key string) (Mark, error) {
	var mark Mark
	_, err := l.read(ctx, "once#"+kind, key, &mark)
	return mark, err
}

// Finish says that what a mark stands for has been done. Repeating it is safe.
func (l *Ledger) Finish(ctx context.Context, kind, key string) error {
	return update(ctx, l, "once#"+kind, key, func(mark *Mark) error {
		if mark.Done {
			return errUnchanged
		}
		mark.Done = true
		return nil
	})
}
