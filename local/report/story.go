package report

import (
	"fmt"
	"strings"
)

// story is the outcome in sentences.
func story(s Scenario) string {
	if s.Error != "" {
		return "The scenario could not be run."
	}
	var b strings.Builder
	switch s.Outcome {
	case "succeeded":
		b.WriteString("The release was promoted")
	case "refused":
		b.WriteString("The deployment was refused before anything changed")
	case "rolled-back":
		b.WriteString("The release was taken back")
	case "failed-dirty":
		b.WriteString("The way back failed too, so that the lock was kept and people were paged")
	default:
		b.WriteString("The scenario ended as " + word(s.Outcome))
	}
	switch {
	case s.Expected != s.Outcome:
		b.WriteString(", though " + word(s.Expected) + " was expected. ")
	case s.OK:
		b.WriteString(", as expected. ")
	default:
		b.WriteString(", but not everything was as expected. ")
	}
	if s.Failed+s.Lost == 0 {
		fmt.Fprintf(&b, "Each of %s was answered.", plural(s.Requests, "request"))
	} else {
		fmt.Fprintf(&b, "Of %s, %s failed (%s) and %s got lost.", plural(s.Requests, "request"),
			some(s.Failed), percent(s.Failed, s.Requests), some(s.Lost))
	}
	if s.SecondsToRestore > 0 {
		fmt.Fprintf(&b, " All traffic was back %s after the first bad answer.", duration(s.SecondsToRestore))
	}
	return b.String()
}

// some is a number as it stands in a sentence.
func some(n int) string {
	if n == 0 {
		return "none"
	}
	return count(n)
}
