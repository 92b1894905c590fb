package router

import (
	"regexp"
	"strings"
	"testing"
)

func TestMatchFollowsWildcards(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"/img/*", "/img/a/b.png", true},
		{"/img/*", "/img", false},
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"?", "", false},
		{"?", "a", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*.png", "/x.png.png", true},
		{"*.png", "/x.png/", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"/A", "/a", false},
		{"**a", "ba", true},
	} {
		if got := match(c.pattern, c.text); got != c.want {
			t.Errorf("match(%q, %q) = %t, want %t", c.pattern, c.text, got, c.want)
		}
	}
}

// FuzzMatch compares with the same pattern as a regular expression.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{{"/a/*", "/a/b"}, {"*?*", "x"}, {"a*a*a*b", "aaaaaa"}, {"\xff?", "\xffz"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > maxValueLength || len(text) > 1000 || !ascii(pattern) || !ascii(text) {
			t.Skip()
		}
		quoted := regexp.QuoteMeta(pattern)
		quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, `.*`), `\?`, `.`)
		want := regexp.MustCompile(`(?s)\A` + quoted + `\z`).MatchString(text)
		if got := match(pattern, text); got != want {
			t.Errorf("match(%q, %q) = %t, want %t", pattern, text, got, want)
		}
	})
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c >= 128 })
}

func TestSequenceKeepsEveryShareExactWithinAFewRequests(t *testing.T) {
	for _, weight := range []uint64{1, 5, 25, 50} {
		for _, stride := range []int{1, 2, 3, 10} { // a client that cycles through its requests
			var s sequence
			got, want := 0, 0.0
			for n := range 200 * 60 {
				at := s.next(100)
				if n%stride != 0 {
					continue
				}
				if want += float64(weight) / 100; at < weight {
					got++
				}
				if off := float64(got) - want; off > 6 || off < -6 {
					t.Fatalf("weight %d, every %d. request: %d after %d, want %.0f", weight, stride, got, n, want)
				}
			}
		}
	}
}
