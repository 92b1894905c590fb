package freeze

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// rule is a recurrence rule. It counts in times as clocks show them, written as UTC.
//
// The library that expands it is always started at the beginning of a year, month, week or day:
// started in the middle of one it reads BYSETPOS otherwise than RFC 5545, and started where a rule
// began it would go through all repetitions since. What RFC 5545 takes from the first window is
// therefore written into the option, and COUNT and UNTIL are watched here.
type rule struct {
	option rrule.ROption
	// first is when the first window begins, length how long each is.
	first  time.Time
	length time.Duration
	// count is how many windows there are, until the last moment at which one may begin; zero for
	// no end.
	count int
	until time.Time
}

const (
	maxCount    = 1000
	maxInterval = 1000
	maxPerDay   = 24
)

// begin is when the first window begins by the rule; zero for never.
func (r rule) begin() time.Time {
	for first := range r.from(r.first) {
		return first
	}
	return time.Time{}
}

// from are the times at which windows begin, from one that is over at a time, or from the first.
func (r rule) from(now time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		option := r.option
		start := r.start(now.Add(-r.length))
		option.Dtstart = ahead(start)
		moved := option.Dtstart.Unix() - start.Unix()
		expanded, err := rrule.NewRRule(option)
		if err != nil {
			return // parse has tried it
		}
		next, seen := expanded.Iterator(), 0
		for begin, more := next(); more; begin, more = next() {
			begin = time.Unix(begin.Unix()-moved, 0).UTC()
			if begin.Before(r.first) {
				continue
			}
			if seen++; r.count > 0 && seen > r.count || !yield(begin) {
				return
			}
		}
	}
}

// ahead moves a time to one of the last centuries that the library knows: it goes on looking for a
// window until the year 9999. The calendar repeats itself every 400 years, its weekdays included, so
// what does not happen until then never does.
func ahead(t time.Time) time.Time { return t.AddDate((9599-t.Year())/400*400, 0, 0) }

// start is the beginning of a period of the rule at least one before a time, or that of the first
// window. Windows that are counted are counted from the first.
func (r rule) start(before time.Time) time.Time {
	year, month, day := r.first.Date()
	if r.count > 0 || before.Before(r.first) {
		before = r.first
	}
	// skip is how many units lie between, less one period, and a whole number of periods.
	skip := func(units int) int { return max(0, units/r.option.Interval-1) * r.option.Interval }
	days := int(before.Sub(r.first).Hours() / 24)
	switch r.option.Freq {
	case rrule.YEARLY:
		return time.Date(year+skip(before.Year()-year), time.January, 1, 0, 0, 0, 0, time.UTC)
	case rrule.MONTHLY:
		months := (before.Year()-year)*12 + int(before.Month()-month)
		return time.Date(year, month+time.Month(skip(months)), 1, 0, 0, 0, 0, time.UTC)
	case rrule.WEEKLY:
		into := (weekday(r.first) - r.option.Wkst.Day() + 7) % 7
		return time.Date(year, month, day-into+7*skip(days/7), 0, 0, 0, 0, time.UTC)
	}
	return time.Date(year, month, day+skip(days), 0, 0, 0, 0, time.UTC)
}

// weekday counts from Monday, as the library does.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

// parse understands a rule whose first window begins at a time.
func parse(text string, first time.Time) (rule, error) {
	if err := known(text); err != nil {
		return rule{}, err
	}
	option, err := rrule.StrToROption(text)
	if err != nil {
		return rule{}, wrong("repeats", "%s cannot be read: %s", text, err)
	}
	for _, check := range []func(string, rrule.ROption) error{often, ends, combined, ordinals} {
		if err := check(text, *option); err != nil {
			return rule{}, err
		}
	}
	r := rule{option: *option, first: first, count: option.Count, until: option.Until}
	r.option.Count, r.option.Until, r.option.Interval = 0, time.Time{}, max(1, option.Interval)
	imply(&r.option, first)
	if perDay := len(r.option.Byhour) * len(r.option.Byminute) * len(r.option.Bysecond); perDay > maxPerDay {
		return rule{}, wrong("repeats", "%s begins %d times a day; %d are possible", text, perDay, maxPerDay)
	}
	if _, err := rrule.NewRRule(r.option); err != nil {
		return rule{}, wrong("repeats", "%s cannot be read: %s", text, err)
	}
	return r, nil
}

// imply writes into a rule what RFC 5545 takes from the first window where the rule leaves it open
// (section 3.3.10).
func imply(option *rrule.ROption, first time.Time) {
	days := [][]int{option.Byyearday, option.Bymonthday}
	open := len(option.Byweekday) == 0 && !slices.ContainsFunc(days, func(d []int) bool { return len(d) > 0 })
	// The weekdays of the library are variables, and not to be trusted as such.
	same := []rrule.Weekday{[]rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}[weekday(first)]}
	switch {
	case open && (option.Freq == rrule.WEEKLY || len(option.Byweekno) > 0):
		option.Byweekday = same
	case open && option.Freq == rrule.YEARLY:
		option.Bymonthday = []int{first.Day()}
		if len(option.Bymonth) == 0 {
			option.Bymonth = []int{int(first.Month())}
		}
	case open && option.Freq == rrule.MONTHLY:
		option.Bymonthday = []int{first.Day()}
	}
	for _, part := range []struct {
		values *[]int
		usual  int
	}{{&option.Byhour, first.Hour()}, {&option.Byminute, first.Minute()}, {&option.Bysecond, first.Second()}} {
		if len(*part.values) == 0 {
			*part.values = []int{part.usual}
		}
	}
}

// known refuses parts that RFC 5545 does not have, and those that are given twice.
func known(text string) error {
	parts := []string{
		"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY",
		"BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST",
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case !slices.Contains(parts, name):
			return wrong("repeats", "%q is no part of a rule of RFC 5545; there are %s", part, strings.Join(parts, ", "))
		case seen[name]:
			return wrong("repeats", "%s is given twice; give it once, with commas", name)
		case name == "UNTIL" && !strings.HasSuffix(value, "Z"):
			return wrong("repeats", "UNTIL=%s has to be in UTC, as RFC 5545 wants it where there is a time zone: UNTIL=20261231T230000Z", value)
		}
		seen[name] = true
	}
	return nil
}
