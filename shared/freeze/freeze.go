// Package freeze knows when nothing is deployed: windows of time, once or again and again by a
// recurrence rule of RFC 5545.
//
// A window that is repeated is nominal: it begins and ends by the clocks on the wall of its time
// zone. From Friday 17:00 until Monday 06:00 it ends at 06:00 as well when the clocks were changed
// in between, an hour sooner or later than usual. A time that the clocks skip is the moment at
// which they skip it; of a time that comes twice, a window begins at the first and ends at the
// second. RFC 5545 has another reading of skipped times, by which a window from 02:30 to 03:10
// would begin after its own end.
//
// Windows of one rule that overlap or touch are one: Saturday and Sunday, each from midnight to
// midnight, are a weekend. A rule whose windows leave no gap for a year is refused.
package freeze

import (
	"fmt"
	"time"
	_ "time/tzdata" // time zones are the same everywhere

	"github.com/pilotage/pilotage/shared/deploy"
)

// Window is a freeze that was understood.
type Window struct {
	name    string
	repeats string
	first   span
	zone    *time.Location
	// rule is nil for a window that is not repeated.
	rule *rule
}

// span is from one moment up to another, which is not part of it.
type span struct{ from, until time.Time }

// State is how a window stands at a moment.
type State struct {
	Inside bool
	// Until is when it is over, whatever follows it without a gap included; zero when not inside.
	Until time.Time
	// Next is when it begins again after that; zero when it does not.
	Next time.Time
}

// Error says what is wrong with one field of a freeze.
type Error struct {
	// Field is its name in pilotage.yaml: "from", "until", "repeats" or "timezone".
	Field   string
	Message string
}

// Error is the field and what is wrong with it.
func (e *Error) Error() string { return e.Field + " " + e.Message }

func wrong(field, format string, args ...any) error {
	return &Error{Field: field, Message: fmt.Sprintf(format, args...)}
}

// longest bounds a window that is repeated, and windows that follow each other without a gap.
const longest = 366 * 24 * time.Hour

// Parse understands a freeze, or says as *Error which of its fields is wrong and what would be
// right. It takes at most a tenth of a second or so,
// whatever the rule is.
func Parse(f deploy.Freeze) (Window, error) {
	w := Window{name: f.Name, repeats: f.Repeats}
	var err error
	if w.first.from, err = time.Parse(time.RFC3339, f.From); err != nil {
		return Window{}, wrong("from", "%q is not an RFC 3339 time", f.From)
	}
	if w.first.until, err = time.Parse(time.RFC3339, f.Until); err != nil {
		return Window{}, wrong("until", "%q is not an RFC 3339 time", f.Until)
	}
	if !w.first.until.After(w.first.from) {
		return Window{}, wrong("until", "%s is not after %s, when it begins", f.Until, f.From)
	}
	// "Local" is what this machine happens to be set to, and so says nothing.
	if w.zone, err = time.LoadLocation(f.Timezone); err != nil || f.Timezone == "Local" {
		return Window{}, wrong("timezone", "%q is not a time zone of the IANA database", f.Timezone)
	}
	if f.Repeats == "" {
		return w, nil
	}
	if err := w.repeated(f); err != nil {
		return Window{}, err
	}
	return w, nil
}

// repeated understands the rule of a window.
func (w *Window) repeated(f deploy.Freeze) error {
	for _, side := range []struct {
		field, text string
		moment      time.Time
	}{{"from", f.From, w.first.from}, {"until", f.Until, w.first.until}} {
		local := side.moment.In(w.zone)
		if _, meant := side.moment.Zone(); meant != offset(local) {
			return wrong(side.field, "%s is not in the time of %s; write %s", side.text, w.zone, local.Format(time.RFC3339))
		}
		if side.moment.Nanosecond() != 0 {
			return wrong(side.field, "%s has fractions of a second; a window that is repeated has none", side.text)
		}
		if year := local.Year(); year < 1900 || year > 2199 {
			return wrong(side.field, "%s is in the year %d; 1900 to 2199 are possible", side.text, year)
		}
	}
	from, until := wall(w.first.from, w.zone), wall(w.first.until, w.zone)
	if length := until.Sub(from); length <= 0 || length > longest {
		return wrong("until", "%s makes windows of %s by the clock; up to 366 days are possible of one that is repeated", f.Until, length)
	}
	r, err := parse(f.Repeats, from)
	if err != nil {
		return err
	}
	if !r.until.IsZero() && r.until.Before(w.first.from) {
		return wrong("repeats", "%s is over before the first window begins", f.Repeats)
	}
	r.length = until.Sub(from)
	w.rule = &r
	if first := r.begin(); !first.Equal(from) {
		return wrong("repeats", "%s has no window at %s, where the first is said to begin; %s", f.Repeats, w.Time(w.first.from), w.begins(first))
	}
	if w.At(w.first.from).Until.Sub(w.first.from) > longest {
		return wrong("repeats", "%s, with windows of %s, leaves no gap for a year: nothing could ever be deployed", f.Repeats, r.length)
	}
	return nil
}

func (w *Window) begins(first time.Time) string {
	if first.IsZero() {
		return "it never begins"
	}
	return "its first begins at " + w.Time(moment(first, w.zone, early))
}

// At is how the window stands at a moment. It takes some milliseconds, however long ago the first
// window was.
func (w Window) At(now time.Time) State {
	var state State
	for s := range w.spans(now) {
		switch {
		case !s.until.After(now):
		case !state.Inside && s.from.After(now), state.Inside && s.from.After(state.Until):
			state.Next = s.from
			return state
		case state.Until.Sub(now) > longest:
			return state
		default:
			state.Inside, state.Until = true, s.until
		}
	}
	return state
}

// Name is what pilotage.yaml calls the window.
func (w Window) Name() string { return w.name }

// Repeats is the rule by which the window is repeated; empty for once.
func (w Window) Repeats() string { return w.repeats }

// Time is a moment for people, in the window's time zone: "Mon 2026-11-30 06:00 CET".
func (w Window) Time(t time.Time) string { return t.In(w.zone).Format("Mon 2006-01-02 15:04 MST") }
