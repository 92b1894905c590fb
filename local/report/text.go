package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// oneLine is text that cannot do anything to a terminal: breaks and tabs become spaces, and what
// controls the terminal or the direction of writing is left out. Names, mails and errors come
// from releases, and a release may be hostile.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Join(strings.Fields(printable(text, func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		return -1
	})), " "))
}

// manyLines is like oneLine, but keeps the breaks and tabs.
func manyLines(text string) string {
	return printable(strings.ReplaceAll(text, "\r\n", "\n"), func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return -1
	})
}

func printable(text string, control func(rune) rune) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cc, r):
			return control(r)
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(text, "�"))
}

// cells is how many columns of a terminal the text takes.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// fit is the text in at most that many columns, with an ellipsis where something was cut off.
func fit(text string, columns int) string {
	if cells(text) <= columns {
		return text
	}
	if columns < 1 {
		return ""
	}
	used := 0
	for i, r := range text {
		if used+runeCells(r) > columns-1 {
			return text[:i] + "…"
		}
		used += runeCells(r)
	}
	return text
}

// left and right fill the text up to that many columns.
func left(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-cells(text)))
}

func right(text string, columns int) string {
	return strings.Repeat(" ", max(0, columns-cells(text))) + text
}

// count is a number with its thousands set apart.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// percent is a share of a whole, with as many digits as it takes to tell it from nothing.
func percent(part, whole int) string {
	share := 100 * float64(part) / float64(max(1, whole))
	switch {
	case part == 0:
		return "0 %"
	case share < 0.01:
		return "<0.01 %"
	case share < 10:
		return fmt.Sprintf("%.2f %%", share)
	default:
		return fmt.Sprintf("%.0f %%", share)
	}
}

// duration is a length of time as people say it: "0.4 s", "45 s", "3 min 20 s".
func duration(seconds float64) string {
	switch {
	case seconds < 9.95:
		return fmt.Sprintf("%.1f s", max(0, seconds))
	case seconds < 119.5:
		return fmt.Sprintf("%.0f s", seconds)
	default:
		whole := int(math.Round(seconds))
		return fmt.Sprintf("%d min %d s", whole/60, whole%60)
	}
}

// plural is a number of things in words.
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// wrap breaks a text at spaces into lines of at most that many columns. The first begins with
// the bullet, the others below its text.
func wrap(text, bullet string, columns int) string {
	var b strings.Builder
	line, indent := bullet, strings.Repeat(" ", cells(bullet))
	for i, w := range strings.Fields(text) {
		switch {
		case i == 0 || line == indent:
			line += w
		case cells(line)+1+cells(w) > columns:
			b.WriteString(line + "\n")
			line = indent + w
		default:
			line += " " + w
		}
	}
	return b.String() + line + "\n"
}
