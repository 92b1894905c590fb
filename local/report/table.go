package report

import (
	"fmt"
	"io"
)

// Table writes the outcome of a demonstration as a table.
func Table(w io.Writer, r Report) error {
	for _, s := range r.Scenarios {
		if _, err := fmt.Fprintf(w, "%-20s %-12s %-12s %v\n", s.Name, s.Expected, s.Outcome, s.OK); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}
