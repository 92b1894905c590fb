package ledger

import (
	"context"
	"time"
)

// Strays counts requests that belonged to nothing, such as for a link that was never made. They
// have no vote to be remembered in, and there may be any number of them.
type Strays struct {
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

const strayPartition = "strays"

// CountStray counts one more of a kind on the day of now, in UTC.
func (l *Ledger) CountStray(ctx context.Context, kind string) error {
	now := l.Clock.Now()
	return update(ctx, l, strayPartition+"#"+kind, now.UTC().Format(time.DateOnly), func(s *Strays) error {
		if s.Count == 0 {
			s.First = now
		}
		s.Count, s.Last = s.Count+1, now
		return nil
	})
}

// Strays reads the count of a kind on a day, such as "2026-11-28".
func (l *Ledger) Strays(ctx context.Context, kind, day string) (Strays, error) {
	var counted Strays
	_, err := l.read(ctx, strayPartition+"#"+kind, day, &counted)
	return counted, err
}
