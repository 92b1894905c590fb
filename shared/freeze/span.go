package freeze

import (
	"iter"
	"time"
)

// spans are the window's repetitions in order, from one that is over at a moment or from the first.
func (w Window) spans(now time.Time) iter.Seq[span] {
	if w.rule == nil {
		return func(yield func(span) bool) { yield(w.first) }
	}
	return func(yield func(span) bool) {
		for from := range w.rule.from(wall(now, w.zone)) {
			s := span{moment(from, w.zone, early), moment(from.Add(w.rule.length), w.zone, late)}
			if until := w.rule.until; !until.IsZero() && s.from.After(until) || !yield(s) {
				return
			}
		}
	}
}

// wall is what clocks show at a moment, written as if it were UTC: so days have 24 hours.
func wall(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	return local.Add(time.Duration(offset(local)) * time.Second).UTC()
}

func offset(local time.Time) int {
	_, seconds := local.Zone()
	return seconds
}

// twice says which one is meant of a time that comes twice.
type twice int

const (
	early twice = iota
	late
)

// moment is when clocks show a time. One that they skip is the moment at which they do.
func moment(shown time.Time, zone *time.Location, of twice) time.Time {
	// Date promises no more than to be right on one side of a change.
	near := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), shown.Second(), 0, zone)
	begin, end := near.ZoneBounds()
	sides := []time.Time{near}
	if !begin.IsZero() {
		sides = append(sides, begin.Add(-time.Nanosecond))
	}
	if !end.IsZero() {
		sides = append(sides, end)
	}
	var found time.Time
	for _, side := range sides {
		candidate := shown.Add(-time.Duration(offset(side)) * time.Second).In(zone)
		if !wall(candidate, zone).Equal(shown) {
			continue
		}
		if found.IsZero() || of == early && candidate.Before(found) || of == late && candidate.After(found) {
			found = candidate
		}
	}
	switch {
	case !found.IsZero():
		return found
	case wall(near, zone).After(shown):
		return begin
	}
	return end
}
