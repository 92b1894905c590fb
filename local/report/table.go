package report

import (
	"fmt"
	"io"
	"strings"
)

// tableWidth is what a table keeps to as long as the names of scenarios allow.
const tableWidth = 100

// column is one of the table's.
type column struct {
	// head is in two lines, because most values are shorter than what they are called.
	head [2]string
	// place puts a value into that many columns: left or right.
	place func(text string, columns int) string
	value func(Scenario) string
}

// Table writes the outcome of a demonstration for people: a line per scenario, and below what
// went other than expected. It keeps to 100 columns where names allow and uses no colour. It
// returns w's error.
func Table(w io.Writer, r Report) error {
	var b strings.Builder
	b.WriteString(strings.Join(tableLines(r.Scenarios), "\n"))
	b.WriteString("\n\nTimes are in seconds.\n" + totals(r) + "\n")
	for _, s := range r.Scenarios {
		lines := problems(s)
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s  %s\n", verdict(s), oneLine(s.Name))
		for _, line := range lines {
			b.WriteString(wrap(line, "  - ", tableWidth))
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func columns() []column {
	return []column{
		{[2]string{"", "scenario"}, left, func(s Scenario) string { return fit(word(s.Name), 24) }},
		{[2]string{"", "expected"}, left, func(s Scenario) string { return word(s.Expected) }},
		{[2]string{"", "outcome"}, left, func(s Scenario) string { return word(s.Outcome) }},
		{[2]string{"", "ok"}, left, verdict},
		{[2]string{"re-", "quests"}, right, func(s Scenario) string { return count(s.Requests) }},
		{[2]string{"", "failed"}, right, func(s Scenario) string { return count(s.Failed) }},
		{[2]string{"", "lost"}, right, func(s Scenario) string { return count(s.Lost) }},
		{[2]string{"re-", "stored"}, right, func(s Scenario) string { return tenths(s.SecondsToRestore) }},
		{[2]string{"", "schema"}, right, schemas},
		{[2]string{"trans-", "itions"}, right, func(s Scenario) string { return count(s.Transitions) }},
		{[2]string{"forec./", "active"}, right, forecast},
		{[2]string{"", "time"}, right, func(s Scenario) string { return tenths(s.Seconds) }},
	}
}

func tableLines(scenarios []Scenario) []string {
	lines := make([]string, len(scenarios)+3)
	all := columns()
	rows := make([][]string, len(all))
	widths := make([]int, len(all))
	total := 0
	for i, c := range all {
		rows[i] = append(rows[i], c.head[0], c.head[1])
		for _, s := range scenarios {
			rows[i] = append(rows[i], c.value(s))
		}
		for _, text := range rows[i] {
			widths[i] = max(widths[i], cells(text))
		}
		total += widths[i]
	}
	gap := "  "
	if total+2*(len(all)-1) > tableWidth {
		gap = " "
	}
	// The name gives way first: the number of a row tells as much.
	widths[0] -= min(max(0, total+len(gap)*(len(all)-1)-tableWidth), max(0, widths[0]-12))
	for i, c := range all {
		for j, text := range rows[i] {
			at := j
			if j > 1 {
				at++
			}
			lines[at] += c.place(fit(text, widths[i]), widths[i]) + gap
		}
		lines[2] += strings.Repeat("─", widths[i]) + gap
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func schemas(s Scenario) string {
	if s.SchemaBefore == s.SchemaAfter {
		return fmt.Sprint(s.SchemaAfter)
	}
	return fmt.Sprintf("%d→%d", s.SchemaBefore, s.SchemaAfter)
}

func forecast(s Scenario) string {
	if s.ForecastSeconds == 0 && s.ActiveSeconds == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f/%.0f", s.ForecastSeconds, s.ActiveSeconds)
}

func tenths(seconds float64) string {
	if seconds == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", seconds)
}

// totals is the whole demonstration in one line.
func totals(r Report) string {
	var requests, failed, lost, met int
	for _, s := range r.Scenarios {
		requests, failed, lost = requests+s.Requests, failed+s.Failed, lost+s.Lost
		if s.OK {
			met++
		}
	}
	head := fmt.Sprintf("FAILED  %d of %s went as expected", met, plural(len(r.Scenarios), "scenario"))
	if r.OK {
		head = fmt.Sprintf("ok  %s went as expected", plural(len(r.Scenarios), "scenario"))
	}
	return fmt.Sprintf("%s: %s, %s failed, %s lost", head, plural(requests, "request"), count(failed), count(lost))
}
