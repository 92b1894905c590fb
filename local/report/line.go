package report

import "strings"

// style is how a piece of a line looks. What matters is never said by colour alone.
type style string

// The styles are the parameters of the terminal's "select graphic rendition".
const (
	normal  style = ""
	strong  style = "1"
	faint   style = "2"
	current style = "7"
	inBlue  style = "34"
	inGreen style = "32"
	inRed   style = "1;31"
)

// coloured styles are left out under NO_COLOR; weight and reversal are not colours.
func (s style) coloured() bool { return s == inBlue || s == inGreen || s == inRed }

// piece is text in one style.
type piece struct {
	text  string
	style style
}

// line is one line of a screen.
type line []piece

// say is a line with one more piece.
func (l line) say(text string, s style) line { return append(l, piece{text, s}) }

// cells is how many columns the line takes.
func (l line) cells() int {
	n := 0
	for _, p := range l {
		n += cells(p.text)
	}
	return n
}

// render is the line for a terminal, cut to that many columns.
func (l line) render(columns int, colours palette) string {
	var b strings.Builder
	for _, p := range l {
		if columns <= 0 {
			break
		}
		text := fit(p.text, columns)
		columns -= cells(text)
		if p.style == normal || (p.style.coloured() && colours == monochrome) {
			b.WriteString(text)
			continue
		}
		b.WriteString("\x1b[" + string(p.style) + "m" + text + "\x1b[0m")
	}
	return b.String()
}

// palette says whether a terminal gets colours.
type palette int

const (
	monochrome palette = iota
	colourful
)
