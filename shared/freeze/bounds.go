package freeze

import (
	"slices"
	"strings"

	"github.com/teambition/rrule-go"
)

// often refuses what is repeated too often or too seldom to be a freeze.
func often(text string, o rrule.ROption) error {
	switch {
	case o.Freq > rrule.DAILY:
		return wrong("repeats", "FREQ=%s is too often for a freeze; DAILY, WEEKLY, MONTHLY or YEARLY is possible", o.Freq)
	case o.Interval < 0 || o.Interval > maxInterval || o.Interval == 0 && has(text, "INTERVAL"):
		return wrong("repeats", "INTERVAL=%d is out of range; 1 to %d is possible", o.Interval, maxInterval)
	}
	return nil
}

// ends refuses ends that are none, or two.
func ends(text string, o rrule.ROption) error {
	switch {
	case has(text, "COUNT") && has(text, "UNTIL"):
		return wrong("repeats", "COUNT and UNTIL cannot be given together: one end is enough")
	case has(text, "COUNT") && (o.Count < 1 || o.Count > maxCount):
		return wrong("repeats", "COUNT=%d is out of range; 1 to %d is possible", o.Count, maxCount)
	}
	return nil
}

// combined refuses parts that RFC 5545 does not let be combined (section 3.3.10).
func combined(_ string, o rrule.ROption) error {
	by := slices.Concat(o.Bymonth, o.Byweekno, o.Byyearday, o.Bymonthday, o.Byhour, o.Byminute, o.Bysecond)
	switch {
	case len(o.Byweekno) > 0 && o.Freq != rrule.YEARLY:
		return wrong("repeats", "BYWEEKNO goes with FREQ=YEARLY only")
	case len(o.Byweekno) > 0 && (o.Wkst != rrule.MO || slices.Min(o.Byweekno) < 1):
		return wrong("repeats", "BYWEEKNO counts weeks that begin on Monday, from 1; WKST and negative numbers are not possible with it")
	case len(o.Byyearday) > 0 && o.Freq != rrule.YEARLY:
		return wrong("repeats", "BYYEARDAY goes with FREQ=YEARLY only")
	case len(o.Bymonthday) > 0 && o.Freq == rrule.WEEKLY:
		return wrong("repeats", "BYMONTHDAY does not go with FREQ=WEEKLY")
	case len(o.Bysetpos) > 0 && len(by) == 0 && len(o.Byweekday) == 0:
		return wrong("repeats", "BYSETPOS chooses among what another BY part lists; give one")
	case o.Wkst.N() != 0:
		return wrong("repeats", "WKST=%s has a number; a weekday alone is possible", o.Wkst)
	}
	return nil
}

// ordinals refuses numbered weekdays where there are none: the fifth Friday of a month exists, the
// sixth does not.
func ordinals(_ string, o rrule.ROption) error {
	numbered := func(d rrule.Weekday) bool { return d.N() != 0 }
	if !slices.ContainsFunc(o.Byweekday, numbered) {
		return nil
	}
	most := 53
	if o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0 {
		most = 5
	}
	for _, day := range o.Byweekday {
		switch {
		case o.Freq != rrule.MONTHLY && o.Freq != rrule.YEARLY || len(o.Byweekno) > 0:
			return wrong("repeats", "BYDAY=%s has a number, which goes with FREQ=MONTHLY, and with FREQ=YEARLY without BYWEEKNO", day)
		case !numbered(day):
			return wrong("repeats", "BYDAY has weekdays with a number and %s without; write them as two freezes", day)
		case day.N() < -most || day.N() > most:
			return wrong("repeats", "BYDAY=%s does not exist; numbers from 1 to %d, or negative from the end, are possible", day, most)
		}
	}
	return nil
}

// has reports whether a rule gives a part.
func has(text, part string) bool {
	return slices.ContainsFunc(strings.Split(text, ";"), func(p string) bool { return strings.HasPrefix(p, part+"=") })
}
