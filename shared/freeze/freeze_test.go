package freeze_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/freeze"
)

const berlin = "Europe/Berlin"

func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func parse(t testing.TB, f deploy.Freeze) freeze.Window {
	t.Helper()
	w, err := freeze.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// describe is a state in the window's own time.
func describe(w freeze.Window, state freeze.State) string {
	text := "open"
	if state.Inside {
		text = "until " + w.Time(state.Until)
	}
	if !state.Next.IsZero() {
		text += ", next " + w.Time(state.Next)
	}
	return text
}

func weekend() deploy.Freeze {
	return deploy.Freeze{Name: "weekend", From: "2026-01-02T17:00:00+01:00", Until: "2026-01-05T06:00:00+01:00", Repeats: "FREQ=WEEKLY;BYDAY=FR", Timezone: berlin}
}

func TestAt(t *testing.T) {
	daily := func(from, until, repeats string) deploy.Freeze {
		return deploy.Freeze{Name: "x", From: from, Until: until, Repeats: repeats, Timezone: berlin}
	}
	for name, test := range map[string]struct {
		freeze deploy.Freeze
		now    string
		want   string
	}{
		"once, before":              {deploy.Freeze{From: "2026-12-24T00:00:00Z", Until: "2026-12-27T00:00:00Z"}, "2026-12-23T23:59:59Z", "open, next Thu 2026-12-24 00:00 UTC"},
		"once, its first moment":    {deploy.Freeze{From: "2026-12-24T00:00:00Z", Until: "2026-12-27T00:00:00Z"}, "2026-12-24T00:00:00Z", "until Sun 2026-12-27 00:00 UTC"},
		"once, its end":             {deploy.Freeze{From: "2026-12-24T00:00:00Z", Until: "2026-12-27T00:00:00Z"}, "2026-12-27T00:00:00Z", "open"},
		"once, in a zone":           {deploy.Freeze{From: "2026-12-24T00:00:00Z", Until: "2026-12-27T00:00:00Z", Timezone: berlin}, "2026-12-24T00:00:00Z", "until Sun 2026-12-27 01:00 CET"},
		"weekly, before it is born": {weekend(), "2025-12-26T18:00:00+01:00", "open, next Fri 2026-01-02 17:00 CET"},
		"weekly, inside":            {weekend(), "2026-01-10T12:00:00+01:00", "until Mon 2026-01-12 06:00 CET, next Fri 2026-01-16 17:00 CET"},
		"weekly, a second before":   {weekend(), "2026-01-09T16:59:59+01:00", "open, next Fri 2026-01-09 17:00 CET"},
		"weekly, its last second":   {weekend(), "2026-01-12T05:59:59+01:00", "until Mon 2026-01-12 06:00 CET, next Fri 2026-01-16 17:00 CET"},
		"weekly, its end":           {weekend(), "2026-01-12T06:00:00+01:00", "open, next Fri 2026-01-16 17:00 CET"},

		"clocks go forward in it": {weekend(), "2026-03-28T12:00:00+01:00", "until Mon 2026-03-30 06:00 CEST, next Fri 2026-04-03 17:00 CEST"},
		"clocks go back in it":    {weekend(), "2026-10-24T12:00:00+02:00", "until Mon 2026-10-26 06:00 CET, next Fri 2026-10-30 17:00 CET"},
		"summer":                  {weekend(), "2026-07-03T14:59:59Z", "open, next Fri 2026-07-03 17:00 CEST"},

		"begins at a time that is skipped":   {daily("2026-01-01T02:30:00+01:00", "2026-01-01T04:00:00+01:00", "FREQ=DAILY"), "2026-03-29T00:59:59Z", "open, next Sun 2026-03-29 03:00 CEST"},
		"lies within a time that is skipped": {daily("2026-01-01T02:10:00+01:00", "2026-01-01T02:50:00+01:00", "FREQ=DAILY"), "2026-03-28T12:00:00Z", "open, next Sun 2026-03-29 03:00 CEST"},
		"ends at a time that is skipped":     {daily("2026-01-01T01:00:00+01:00", "2026-01-01T02:30:00+01:00", "FREQ=DAILY"), "2026-03-29T00:30:00Z", "until Sun 2026-03-29 03:00 CEST, next Mon 2026-03-30 01:00 CEST"},
		"begins at the first of two":         {daily("2026-01-01T02:30:00+01:00", "2026-01-01T04:00:00+01:00", "FREQ=DAILY"), "2026-10-25T00:30:00Z", "until Sun 2026-10-25 04:00 CET, next Mon 2026-10-26 02:30 CET"},
		"ends at the second of two":          {daily("2026-01-01T01:00:00+01:00", "2026-01-01T02:30:00+01:00", "FREQ=DAILY"), "2026-10-25T01:29:59Z", "until Sun 2026-10-25 02:30 CET, next Mon 2026-10-26 01:00 CET"},

		"a leap day only":               {daily("2024-02-29T00:00:00+01:00", "2024-03-01T00:00:00+01:00", "FREQ=YEARLY"), "2026-02-28T12:00:00Z", "open, next Tue 2028-02-29 00:00 CET"},
		"no leap day in 2100":           {daily("2024-02-29T00:00:00+01:00", "2024-03-01T00:00:00+01:00", "FREQ=YEARLY"), "2096-03-01T12:00:00Z", "open, next Fri 2104-02-29 00:00 CET"},
		"the last day of a month":       {daily("2026-01-31T00:00:00+01:00", "2026-02-01T00:00:00+01:00", "FREQ=MONTHLY;BYMONTHDAY=-1"), "2028-02-01T00:00:00Z", "open, next Tue 2028-02-29 00:00 CET"},
		"a 31st where there is none":    {daily("2026-01-31T00:00:00+01:00", "2026-02-01T00:00:00+01:00", "FREQ=MONTHLY"), "2026-02-27T00:00:00Z", "open, next Tue 2026-03-31 00:00 CEST"},
		"the last working day":          {daily("2026-01-30T00:00:00+01:00", "2026-01-31T00:00:00+01:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"), "2026-05-28T00:00:00Z", "open, next Fri 2026-05-29 00:00 CEST"},
		"the second Tuesday":            {daily("2026-01-13T00:00:00+01:00", "2026-01-14T00:00:00+01:00", "FREQ=MONTHLY;BYDAY=2TU"), "2026-11-01T00:00:00Z", "open, next Tue 2026-11-10 00:00 CET"},
		"every other week":              {daily("2026-01-05T00:00:00+01:00", "2026-01-06T00:00:00+01:00", "FREQ=WEEKLY;INTERVAL=2"), "2026-11-24T12:00:00Z", "open, next Mon 2026-12-07 00:00 CET"},
		"every tenth day":               {daily("2000-01-01T00:00:00+01:00", "2000-01-02T00:00:00+01:00", "FREQ=DAILY;INTERVAL=10"), "2026-11-24T12:00:00Z", "open, next Mon 2026-11-30 00:00 CET"},
		"every third month":             {daily("2025-11-15T00:00:00+01:00", "2025-11-16T00:00:00+01:00", "FREQ=MONTHLY;INTERVAL=3"), "2026-11-24T12:00:00Z", "open, next Mon 2027-02-15 00:00 CET"},
		"every fourth year":             {daily("1998-06-10T00:00:00+02:00", "1998-07-13T00:00:00+02:00", "FREQ=YEARLY;INTERVAL=4"), "2026-11-24T12:00:00Z", "open, next Mon 2030-06-10 00:00 CEST"},
		"the first weekday of a week":   {daily("2026-01-05T00:00:00+01:00", "2026-01-06T00:00:00+01:00", "FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1"), "2026-01-06T12:00:00Z", "open, next Mon 2026-01-12 00:00 CET"},
		"a day of a week of the year":   {daily("2026-05-11T00:00:00+02:00", "2026-05-12T00:00:00+02:00", "FREQ=YEARLY;BYWEEKNO=20"), "2026-05-12T12:00:00Z", "open, next Mon 2027-05-17 00:00 CEST"},
		"across the end of the year":    {daily("2000-12-20T00:00:00+01:00", "2001-01-07T00:00:00+01:00", "FREQ=YEARLY"), "2027-01-06T22:59:59Z", "until Thu 2027-01-07 00:00 CET, next Mon 2027-12-20 00:00 CET"},
		"until in UTC, the last one":    {daily("2026-01-01T00:30:00+01:00", "2026-01-01T01:00:00+01:00", "FREQ=DAILY;UNTIL=20260103T233000Z"), "2026-01-03T12:00:00Z", "open, next Sun 2026-01-04 00:30 CET"},
		"until in UTC, a second early":  {daily("2026-01-01T00:30:00+01:00", "2026-01-01T01:00:00+01:00", "FREQ=DAILY;UNTIL=20260103T232959Z"), "2026-01-03T12:00:00Z", "open"},
		"until long ago":                {daily("1990-01-01T00:00:00+01:00", "1990-01-01T01:00:00+01:00", "FREQ=DAILY;UNTIL=19910101T000000Z"), "2026-01-03T12:00:00Z", "open"},
		"inside the last one":           {daily("2026-01-01T00:00:00+01:00", "2026-01-02T12:00:00+01:00", "FREQ=WEEKLY;COUNT=2"), "2026-01-09T10:59:59Z", "until Fri 2026-01-09 12:00 CET"},
		"counted, over":                 {daily("2026-01-01T00:00:00+01:00", "2026-01-02T12:00:00+01:00", "FREQ=WEEKLY;COUNT=2"), "2026-01-09T11:00:00Z", "open"},
		"counted, from decades ago":     {daily("1970-01-01T00:00:00+01:00", "1970-01-01T01:00:00+01:00", "FREQ=WEEKLY;COUNT=1000"), "2026-01-09T11:00:00Z", "open"},
		"Saturday and Sunday, touching": {daily("2026-01-03T00:00:00+01:00", "2026-01-04T00:00:00+01:00", "FREQ=WEEKLY;BYDAY=SA,SU"), "2026-01-10T12:00:00Z", "until Mon 2026-01-12 00:00 CET, next Sat 2026-01-17 00:00 CET"},
		"overlapping":                   {daily("2026-01-02T12:00:00+01:00", "2026-01-04T12:00:00+01:00", "FREQ=WEEKLY;BYDAY=FR,SA"), "2026-01-09T13:00:00Z", "until Mon 2026-01-12 12:00 CET, next Fri 2026-01-16 12:00 CET"},
		"three times a day":             {daily("2026-01-01T08:00:00+01:00", "2026-01-01T09:00:00+01:00", "FREQ=DAILY;BYHOUR=8,12,18"), "2026-06-01T10:30:00Z", "until Mon 2026-06-01 13:00 CEST, next Mon 2026-06-01 18:00 CEST"},
		"a zone that skipped a day": {
			deploy.Freeze{From: "2011-12-01T00:00:00-10:00", Until: "2011-12-01T12:00:00-10:00", Repeats: "FREQ=DAILY", Timezone: "Pacific/Apia"},
			"2011-12-30T09:00:00Z", "open, next Sat 2011-12-31 00:00 +14",
		},
		"a zone half an hour apart": {
			deploy.Freeze{From: "2026-01-01T01:00:00+11:00", Until: "2026-01-01T02:15:00+11:00", Repeats: "FREQ=DAILY", Timezone: "Australia/Lord_Howe"},
			"2026-10-03T15:15:00Z", "until Sun 2026-10-04 02:30 +11, next Mon 2026-10-05 01:00 +11",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := parse(t, test.freeze)
			if got := describe(w, w.At(at(t, test.now))); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	with := func(change func(*deploy.Freeze)) deploy.Freeze {
		changed := weekend()
		change(&changed)
		return changed
	}
	rule := func(text string) deploy.Freeze { return with(func(f *deploy.Freeze) { f.Repeats = text }) }
	for name, test := range map[string]struct {
		freeze deploy.Freeze
		want   string
	}{
		"no time":                   {with(func(f *deploy.Freeze) { f.From = "2026-01-02" }), `from "2026-01-02" is not an RFC 3339 time`},
		"no end":                    {with(func(f *deploy.Freeze) { f.Until = "" }), `until "" is not an RFC 3339 time`},
		"an end before it":          {with(func(f *deploy.Freeze) { f.Until = f.From }), "until 2026-01-02T17:00:00+01:00 is not after 2026-01-02T17:00:00+01:00, when it begins"},
		"no zone":                   {with(func(f *deploy.Freeze) { f.Timezone = "Berlin" }), `timezone "Berlin" is not a time zone of the IANA database`},
		"whatever zone":             {with(func(f *deploy.Freeze) { f.Timezone = "Local" }), `timezone "Local" is not a time zone of the IANA database`},
		"the time of elsewhere":     {with(func(f *deploy.Freeze) { f.From = "2026-01-02T17:00:00Z" }), "from 2026-01-02T17:00:00Z is not in the time of Europe/Berlin; write 2026-01-02T18:00:00+01:00"},
		"the summer's offset":       {with(func(f *deploy.Freeze) { f.Until = "2026-01-05T06:00:00+02:00" }), "until 2026-01-05T06:00:00+02:00 is not in the time of Europe/Berlin; write 2026-01-05T05:00:00+01:00"},
		"fractions":                 {with(func(f *deploy.Freeze) { f.Until = "2026-01-05T06:00:00.5+01:00" }), "until 2026-01-05T06:00:00.5+01:00 has fractions of a second; a window that is repeated has none"},
		"another age":               {with(func(f *deploy.Freeze) { f.From, f.Timezone = "0001-01-01T00:00:00Z", "" }), "from 0001-01-01T00:00:00Z is in the year 1; 1900 to 2199 are possible"},
		"longer than a year":        {with(func(f *deploy.Freeze) { f.Until = "2027-06-01T00:00:00+02:00" }), "until 2027-06-01T00:00:00+02:00 makes windows of 12343h0m0s by the clock; up to 366 days are possible of one that is repeated"},
		"another first day":         {rule("FREQ=WEEKLY;BYDAY=TH"), "repeats FREQ=WEEKLY;BYDAY=TH has no window at Fri 2026-01-02 17:00 CET, where the first is said to begin; its first begins at Thu 2026-01-08 17:00 CET"},
		"never":                     {rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "repeats FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30 has no window at Fri 2026-01-02 17:00 CET, where the first is said to begin; it never begins"},
		"never, day by day":         {rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "repeats FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30 has no window at Fri 2026-01-02 17:00 CET, where the first is said to begin; it never begins"},
		"over before it begins":     {rule("FREQ=WEEKLY;UNTIL=20250101T000000Z"), "repeats FREQ=WEEKLY;UNTIL=20250101T000000Z is over before the first window begins"},
		"without a gap":             {rule("FREQ=DAILY"), "repeats FREQ=DAILY, with windows of 61h0m0s, leaves no gap for a year: nothing could ever be deployed"},
		"every second":              {rule("FREQ=SECONDLY"), "repeats FREQ=SECONDLY is too often for a freeze; DAILY, WEEKLY, MONTHLY or YEARLY is possible"},
		"every minute":              {rule("FREQ=MINUTELY;INTERVAL=30"), "repeats FREQ=MINUTELY is too often for a freeze; DAILY, WEEKLY, MONTHLY or YEARLY is possible"},
		"every hour":                {rule("FREQ=HOURLY"), "repeats FREQ=HOURLY is too often for a freeze; DAILY, WEEKLY, MONTHLY or YEARLY is possible"},
		"every minute of a day":     {rule("FREQ=DAILY;BYHOUR=8,9,10,11,12;BYMINUTE=0,10,20,30,40"), "repeats FREQ=DAILY;BYHOUR=8,9,10,11,12;BYMINUTE=0,10,20,30,40 begins 25 times a day; 24 are possible"},
		"no interval":               {rule("FREQ=DAILY;INTERVAL=0"), "repeats INTERVAL=0 is out of range; 1 to 1000 is possible"},
		"an interval too long":      {rule("FREQ=DAILY;INTERVAL=9000000000000000000"), "repeats INTERVAL=9000000000000000000 is out of range; 1 to 1000 is possible"},
		"no count":                  {rule("FREQ=WEEKLY;COUNT=0"), "repeats COUNT=0 is out of range; 1 to 1000 is possible"},
		"too many":                  {rule("FREQ=WEEKLY;COUNT=1001"), "repeats COUNT=1001 is out of range; 1 to 1000 is possible"},
		"two ends":                  {rule("FREQ=WEEKLY;COUNT=2;UNTIL=20270101T000000Z"), "repeats COUNT and UNTIL cannot be given together: one end is enough"},
		"a local end":               {rule("FREQ=WEEKLY;UNTIL=20270101T000000"), "repeats UNTIL=20270101T000000 has to be in UTC, as RFC 5545 wants it where there is a time zone: UNTIL=20261231T230000Z"},
		"a day as the end":          {rule("FREQ=WEEKLY;UNTIL=20270101"), "repeats UNTIL=20270101 has to be in UTC, as RFC 5545 wants it where there is a time zone: UNTIL=20261231T230000Z"},
		"a part given twice":        {rule("FREQ=WEEKLY;BYDAY=FR;BYDAY=SA"), "repeats BYDAY is given twice; give it once, with commas"},
		"Easter":                    {rule("FREQ=YEARLY;BYEASTER=0"), `repeats "BYEASTER=0" is no part of a rule of RFC 5545; there are FREQ, UNTIL, COUNT, INTERVAL, BYSECOND, BYMINUTE, BYHOUR, BYDAY, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH, BYSETPOS, WKST`},
		"another first":             {rule("FREQ=WEEKLY;DTSTART=20260102T170000Z"), `repeats "DTSTART=20260102T170000Z" is no part of a rule of RFC 5545; there are FREQ, UNTIL, COUNT, INTERVAL, BYSECOND, BYMINUTE, BYHOUR, BYDAY, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH, BYSETPOS, WKST`},
		"no frequency":              {rule("BYDAY=FR"), "repeats BYDAY=FR cannot be read: RRULE property FREQ is required"},
		"a frequency of none":       {rule("FREQ=FORTNIGHTLY"), "repeats FREQ=FORTNIGHTLY cannot be read: undefined frequency: FORTNIGHTLY"},
		"a month too many":          {rule("FREQ=YEARLY;BYMONTH=13"), "repeats FREQ=YEARLY;BYMONTH=13 cannot be read: bymonth must be between 1 and 12"},
		"a sixth Friday":            {rule("FREQ=MONTHLY;BYDAY=6FR"), "repeats BYDAY=+6FR does not exist; numbers from 1 to 5, or negative from the end, are possible"},
		"a 53rd in December":        {rule("FREQ=YEARLY;BYMONTH=12;BYDAY=53FR"), "repeats BYDAY=+53FR does not exist; numbers from 1 to 5, or negative from the end, are possible"},
		"a numbered weekday":        {rule("FREQ=WEEKLY;BYDAY=1FR"), "repeats BYDAY=+1FR has a number, which goes with FREQ=MONTHLY, and with FREQ=YEARLY without BYWEEKNO"},
		"numbered and not":          {rule("FREQ=MONTHLY;BYDAY=1FR,MO"), "repeats BYDAY has weekdays with a number and MO without; write them as two freezes"},
		"a week's month days":       {rule("FREQ=WEEKLY;BYMONTHDAY=2"), "repeats BYMONTHDAY does not go with FREQ=WEEKLY"},
		"a month's year days":       {rule("FREQ=MONTHLY;BYYEARDAY=2"), "repeats BYYEARDAY goes with FREQ=YEARLY only"},
		"a month's weeks":           {rule("FREQ=MONTHLY;BYWEEKNO=2"), "repeats BYWEEKNO goes with FREQ=YEARLY only"},
		"weeks from the end":        {rule("FREQ=YEARLY;BYWEEKNO=-1"), "repeats BYWEEKNO counts weeks that begin on Monday, from 1; WKST and negative numbers are not possible with it"},
		"not the first of the week": {with(func(f *deploy.Freeze) { f.Repeats = "FREQ=WEEKLY;BYDAY=WE,FR;BYSETPOS=1" }), "repeats FREQ=WEEKLY;BYDAY=WE,FR;BYSETPOS=1 has no window at Fri 2026-01-02 17:00 CET, where the first is said to begin; its first begins at Wed 2026-01-07 17:00 CET"},
		"a choice among none":       {rule("FREQ=MONTHLY;BYSETPOS=1"), "repeats BYSETPOS chooses among what another BY part lists; give one"},
		"a numbered week start":     {rule("FREQ=WEEKLY;WKST=2MO"), "repeats WKST=+2MO has a number; a weekday alone is possible"},
		"nothing after it":          {rule("FREQ=WEEKLY;"), `repeats "" is no part of a rule of RFC 5545; there are FREQ, UNTIL, COUNT, INTERVAL, BYSECOND, BYMINUTE, BYHOUR, BYDAY, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH, BYSETPOS, WKST`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := freeze.Parse(test.freeze)
			var wrong *freeze.Error
			if !errors.As(err, &wrong) || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestWeeksAreThoseOfISO8601: the library's weeks against those of package time.
func TestWeeksAreThoseOfISO8601(t *testing.T) {
	for week := 1; week <= 53; week++ {
		// The Thursday of a week is in its year.
		first := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 7*(week-1))
		w := parse(t, deploy.Freeze{From: first.Format(time.RFC3339), Until: first.Add(time.Hour).Format(time.RFC3339), Repeats: fmt.Sprintf("FREQ=YEARLY;BYWEEKNO=%d;BYDAY=TH", week)})
		var want []string
		for day := first.AddDate(0, 0, 7); day.Year() < 2044; day = day.AddDate(0, 0, 7) {
			if _, number := day.ISOWeek(); number == week {
				want = append(want, day.Format(time.DateOnly))
			}
		}
		var got []string
		for now := w.At(first).Next; now.Year() < 2044; now = w.At(now).Next {
			got = append(got, now.Format(time.DateOnly))
		}
		if !slices.Equal(got, want) {
			t.Errorf("week %d: got %v, want %v", week, got, want)
		}
	}
}

// TestJumpingAheadChangesNothing: a rule from decades ago has the windows that it has when it is
// gone through one by one, which COUNT makes it do.
func TestJumpingAheadChangesNothing(t *testing.T) {
	for _, repeats := range []string{
		"FREQ=DAILY;INTERVAL=7", "FREQ=DAILY;INTERVAL=37", "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,TH,SU;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU",
		"FREQ=MONTHLY;INTERVAL=5", "FREQ=MONTHLY;BYDAY=-1TU", "FREQ=MONTHLY;INTERVAL=7;BYDAY=MO,TU;BYSETPOS=-1", "FREQ=YEARLY;INTERVAL=2", "FREQ=YEARLY;BYDAY=48TU;INTERVAL=3",
		"FREQ=YEARLY;BYYEARDAY=334", "FREQ=YEARLY;BYWEEKNO=48",
	} {
		f := deploy.Freeze{From: "1999-11-30T22:00:00+01:00", Until: "1999-12-01T22:00:00+01:00", Repeats: repeats, Timezone: berlin}
		jumping := parse(t, f)
		f.Repeats += ";COUNT=1000"
		counting := parse(t, f)
		for now := at(t, "2010-01-01T00:00:00Z"); now.Year() < 2012; now = now.Add(401 * time.Hour) {
			if got, want := describe(jumping, jumping.At(now)), describe(counting, counting.At(now)); got != want {
				t.Fatalf("%s at %s: got %s, want %s", repeats, now.Format(time.RFC3339), got, want)
			}
		}
	}
}

// TestEveryRuleIsCheap: no rule that is let in, and none that is not, holds anybody up.
func TestEveryRuleIsCheap(t *testing.T) {
	hours := strings.TrimPrefix(strings.Repeat(",1", 24), ",")
	for _, repeats := range []string{
		"FREQ=DAILY", "FREQ=WEEKLY;COUNT=1000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTHDAY=1;BYDAY=MO;BYMONTH=1;COUNT=1000",
		"FREQ=DAILY;BYHOUR=" + hours, "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7", "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2;INTERVAL=999", "FREQ=DAILY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29",
	} {
		begun := time.Now()
		w, err := freeze.Parse(deploy.Freeze{From: "1900-01-01T00:00:00Z", Until: "1900-01-01T01:00:00Z", Repeats: repeats})
		if err == nil {
			w.At(at(t, "2199-01-01T12:00:00Z"))
		}
		t.Logf("%8s %s (%v)", time.Since(begun).Round(time.Microsecond), repeats, err)
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("%s took %s", repeats, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-01-02T17:00:00+01:00", "2026-01-05T06:00:00+01:00", "FREQ=WEEKLY;BYDAY=FR", berlin, int64(1800000000))
	f.Add("2026-01-01T02:10:00+01:00", "2026-01-01T02:50:00+01:00", "FREQ=DAILY", berlin, int64(1774746000))
	f.Add("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z", "FREQ=YEARLY;INTERVAL=4;COUNT=9", "", int64(4107542400))
	f.Add("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20300101T000000Z", "UTC", int64(1800000000))
	f.Add("2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z", "FREQ=YEARLY;BYWEEKNO=2;WKST=MO", "", int64(1900000000))
	f.Add("2011-12-01T00:00:00-10:00", "2011-12-01T12:00:00-10:00", "FREQ=DAILY;BYHOUR=0,12", "Pacific/Apia", int64(1325239200))
	f.Add("2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z", "", "America/New_York", int64(1800000000))
	f.Fuzz(func(t *testing.T, from, until, repeats, zone string, seconds int64) {
		w, err := freeze.Parse(deploy.Freeze{From: from, Until: until, Repeats: repeats, Timezone: zone})
		if err != nil {
			var wrong *freeze.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a *freeze.Error", err)
			}
			return
		}
		// Between the years 1900 and 2200.
		now := time.Unix(seconds%4733500000+2524600000, 0)
		state := w.At(now)
		if state.Inside != !state.Until.IsZero() || state.Inside && !state.Until.After(now) {
			t.Errorf("at %s: got %+v", now, state)
		}
		if state.Inside && state.Until.Sub(now) < 365*24*time.Hour && w.At(state.Until).Inside {
			t.Errorf("at %s: it ends at %s, and is not over then", now, state.Until)
		}
		if next := state.Next; !next.IsZero() && (!next.After(now) || next.Before(state.Until) || !w.At(next).Inside || w.At(next.Add(-time.Nanosecond)).Inside) {
			t.Errorf("at %s: got %+v, and it does not begin at %s", now, state, next)
		}
	})
}
