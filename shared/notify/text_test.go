package notify_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/pilotage/pilotage/shared/notify"
)

func TestLinesAreWrappedForAPhone(t *testing.T) {
	long := strings.Repeat("words and more ", 20)
	line := notify.Line("Why", long)
	for one := range strings.Lines(line) {
		if len(strings.TrimRight(one, "\n")) > 72 {
			t.Errorf("%q is longer than a phone is wide", one)
		}
	}
	if rows := notify.Rows(line); len(rows) != 1 || rows[0] != [2]string{"Why", strings.TrimSpace(long)} {
		t.Errorf("got %q", rows)
	}
}

// TestNoTextPassesForAnother: a commit's subject must not clear the screen, nor write a line of its own,
// nor turn round what follows it.
func TestNoTextPassesForAnother(t *testing.T) {
	for text, want := range map[string]string{
		"fix\nWhat           harmless":   "fix What harmless",
		"fix\x1b[2J\x1b[1;1HWhat":        "fix\uFFFD[2J\uFFFD[1;1HWhat",
		"fix \u202egnihtemos\u202c else": "fix \uFFFDgnihtemos\uFFFD else",
		"fix \u2066it\u2069\u061c":       "fix \uFFFDit\uFFFD\uFFFD",
		"fix\r\v\f\u0085\u2028it":        "fix it",
		"Größe, 説明, 👩‍🚀, שלום":           "Größe, 説明, 👩‍🚀, שלום",
	} {
		if got := notify.Line("Why", text); got != "Why            "+want+"\n" {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzLine: whatever the text, a line has no control character, and reads back as one row.
func FuzzLine(f *testing.F) {
	f.Add("a \x1b[2Jb\nc\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		line := notify.Line("Why", text)
		if rows := notify.Rows(line); len(rows) != 1 || strings.ContainsFunc(rows[0][1], func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q: got %q", text, rows)
		}
	})
}
