package report

import "fmt"

// result is how a scenario ended, in one line that fits 80 columns unless its name is long.
func result(s Scenario, number, total int) string {
	text := fmt.Sprintf("%-6s %d/%d %s %s %s of %s failed, %s lost", verdict(s), number, total,
		left(oneLine(s.Name), 14), left(word(s.Outcome), 12), count(s.Failed), count(s.Requests), count(s.Lost))
	if s.SecondsToRestore > 0 {
		text += ", back in " + duration(s.SecondsToRestore)
	}
	return text
}

// verdict is a word that a person finds again in a long log.
func verdict(s Scenario) string {
	if s.OK {
		return "ok"
	}
	return "FAILED"
}

// problems are the reasons why a scenario is not ok, one line each.
func problems(s Scenario) []string {
	lines := make([]string, 0, len(s.Problems)+1)
	if s.Error != "" {
		lines = append(lines, "could not be run: "+oneLine(s.Error))
	}
	for _, problem := range s.Problems {
		lines = append(lines, oneLine(problem))
	}
	if len(lines) == 0 && !s.OK {
		lines = append(lines, fmt.Sprintf("expected %s, saw %s", word(s.Expected), word(s.Outcome)))
	}
	return lines
}

// word is a value that may be missing.
func word(text string) string {
	if text = oneLine(text); text == "" {
		return "–"
	}
	return text
}
