package report

import (
	"fmt"
	"io"
	"strings"
)

// screen is the block of lines at the end of a terminal that is painted again and again. What
// scrolled away above it is never touched.
type screen struct {
	out     io.Writer
	size    func() (columns, rows int)
	colours palette
	// painted is how many columns each line of the block takes.
	painted []int
}

// paint replaces the block. Lines are cut to the terminal, and to its height.
func (s *screen) paint(lines []line) {
	columns, rows := s.size()
	lines = lines[:min(len(lines), max(1, rows-1))]
	var b strings.Builder
	b.WriteString("\x1b[?25l" + s.home(columns, rows))
	s.painted = s.painted[:0]
	for _, l := range lines {
		// The last column stays free: a terminal that is written to there may break the line.
		b.WriteString(l.render(columns-1, s.colours) + "\x1b[K\r\n")
		s.painted = append(s.painted, min(l.cells(), columns-1))
	}
	b.WriteString("\x1b[J")
	_, _ = io.WriteString(s.out, b.String())
}

// leave writes lines in place of the block, which remain.
func (s *screen) leave(lines []line) {
	columns, rows := s.size()
	var b strings.Builder
	b.WriteString(s.home(columns, rows) + "\x1b[J")
	for _, l := range lines {
		b.WriteString(l.render(l.cells(), s.colours) + "\r\n")
	}
	s.painted = nil
	_, _ = io.WriteString(s.out, b.String())
}

// close shows the cursor again, below the block.
func (s *screen) close() {
	s.painted = nil
	_, _ = io.WriteString(s.out, "\x1b[0m\x1b[?25h")
}

// home moves to where the block begins. A terminal that became narrower has broken its lines.
func (s *screen) home(columns, rows int) string {
	up := 0
	for _, n := range s.painted {
		up += max(1, (n+columns-1)/max(1, columns))
	}
	if up = min(up, rows-1); up <= 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", up)
}
