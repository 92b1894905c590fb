package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/fault"
)

// Position is a place in a file, both counted from 1.
type Position struct {
	Line   int
	Column int
}

// Problem is one thing that is wrong with a file.
type Problem struct {
	File string
	Position
	// Text is what is wrong and what would be right, its path included.
	Text string
}

// String is, for example, `pilotage.yaml:14:7: environments.staging.url: "x" is no URL`.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems is everything that is wrong with a file, in the order of its lines.
type Problems []Problem

// Error is the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Problem says what is wrong with the value of path, which need not be in the file. The
// format is that of fmt.Sprintf.
func (d Document) Problem(path, format string, args ...any) Problem {
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	return Problem{File: d.name, Position: d.Locate(path), Text: text}
}

// Fail makes of problems one error of class fault.Invalid, which is Problems to errors.As; nil
// when there are none.
func (d Document) Fail(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	sorted := slices.Clone(problems)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	for i := range sorted {
		sorted[i].File = d.name
	}
	return fault.New(fault.Invalid, "%w", Problems(sorted))
}

// problem is a Problem of a file that Fail is going to name.
func problem(at Position, format string, args ...any) Problem {
	return Problem{Position: at, Text: fmt.Sprintf(format, args...)}
}

// inPath is, for example, `"url" in environments.staging`.
func inPath(key, path string) string {
	if path == "" {
		return fmt.Sprintf("%q", key)
	}
	return fmt.Sprintf("%q in %s", key, path)
}
