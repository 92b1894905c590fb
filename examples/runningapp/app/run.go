package app

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// Run is one run of one runner. The fields are in the order of Columns.selectRuns.
type Run struct {
	ID int64 `json:"id"`
	// Runner is a name of 1 to 80 characters.
	Runner    string    `json:"runner"`
	StartedAt time.Time `json:"startedAt"`
	// DistanceMeters is 1 to 1,000,000.
	DistanceMeters int `json:"distanceMeters"`
	// DurationSeconds is 1 to 604,800, a week.
	DurationSeconds int `json:"durationSeconds"`
	// Shoe is at most 80 characters, Note at most 500; both may be empty.
	Shoe string `json:"shoe,omitempty"`
	Note string `json:"note,omitempty"`
}

// Stats sums up runs. The fields are in the order of Columns.selectStats.
type Stats struct {
	Runs            int64 `json:"runs"`
	DistanceMeters  int64 `json:"distanceMeters"`
	DurationSeconds int64 `json:"durationSeconds"`
	LongestMeters   int64 `json:"longestMeters"`
	// PaceSecondsPerKm is 0 when there are no runs.
	PaceSecondsPerKm int64 `json:"paceSecondsPerKm"`
}

const (
	maxRunner   = 80
	maxShoe     = 80
	maxNote     = 500
	maxMeters   = 1_000_000
	maxDuration = 7 * 24 * time.Hour
)

// check completes a run that somebody sent and returns a *problem for the first thing that is
// wrong with it.
func (r *Run) check(now time.Time, columns Columns) error {
	if r.StartedAt.IsZero() {
		r.StartedAt = now
	}
	r.StartedAt = r.StartedAt.UTC().Truncate(time.Second)
	switch {
	case r.ID != 0:
		return invalid("id", "is given by the service; leave it out")
	case r.Runner == "":
		return invalid("runner", "is missing")
	case r.DistanceMeters < 1 || r.DistanceMeters > maxMeters:
		return invalid("distanceMeters", fmt.Sprintf("must be 1 to %d, not %d", maxMeters, r.DistanceMeters))
	case r.DurationSeconds < 1 || r.DurationSeconds > int(maxDuration.Seconds()):
		return invalid("durationSeconds", fmt.Sprintf("must be 1 to %.0f, not %d", maxDuration.Seconds(), r.DurationSeconds))
	case r.StartedAt.Year() < 1970 || r.StartedAt.After(now.Add(24*time.Hour)):
		return invalid("startedAt", "must be after 1970 and not in the future")
	case r.Shoe != "" && !columns.Shoe:
		return invalid("shoe", "is not a field of this release")
	case r.Note != "" && !columns.Note:
		return invalid("note", "is not a field of this release")
	}
	return firstOf(checkText("runner", r.Runner, maxRunner),
		checkText("shoe", r.Shoe, maxShoe), checkText("note", r.Note, maxNote))
}

// checkText refuses what is too long or what PostgreSQL would not store as text.
func checkText(field, text string, most int) error {
	if !utf8.ValidString(text) {
		return invalid(field, "must be UTF-8")
	}
	if n := utf8.RuneCountInString(text); n > most {
		return invalid(field, fmt.Sprintf("must be at most %d characters, not %d", most, n))
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return invalid(field, "must not contain control characters")
		}
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
