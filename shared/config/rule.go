package config

import (
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// rule says what one field means and what it may hold.
type rule struct {
	// path names the field; <name> stands for any name and [] for any item of a list.
	path string
	// meaning is one or two sentences for the reference.
	meaning string
	presence
	span  span
	form  form.Form
	among []string
	unit  string
	// usual is a default that applies where another field makes it matter; usually says when.
	usual   any
	usually string
	// example is put into messages about a missing field.
	example string
}

// presence says whether a field may be left out.
type presence int

const (
	optional presence = iota
	required
)

// span is a range of numbers, or of how many items a list has.
type span struct {
	bound       bool
	least, most float64
	// above and below are set when least and most are themselves out of range.
	above, below bool
}

// within is a range with both of its ends.
func within(least, most float64) span { return span{bound: true, least: least, most: most} }

// holds reports whether a value is in range.
func (s span) holds(value float64) bool {
	if !s.bound {
		return true
	}
	if s.above && value <= s.least || s.below && value >= s.most {
		return false
	}
	return value >= s.least && value <= s.most
}

// String is, for example, "more than 0 and less than 0.5" or "60 to 86400".
func (s span) String() string {
	if !s.bound {
		return ""
	}
	if !s.above && !s.below {
		return fmt.Sprintf("%s to %s", number(s.least), number(s.most))
	}
	low, high := "at least ", "at most "
	if s.above {
		low = "more than "
	}
	if s.below {
		high = "less than "
	}
	return low + number(s.least) + " and " + high + number(s.most)
}

// number writes a number without an exponent.
func number(value float64) string {
	text := fmt.Sprintf("%.6f", value)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
