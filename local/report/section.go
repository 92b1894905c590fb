package report

import (
	"fmt"
	"strings"
)

// section is one scenario as the page shows it. All texts are free of control characters; the
// template escapes them.
type section struct {
	Number            int
	Name, Description string
	OK                bool
	Verdict           string
	Outcome           string
	// Kind is the outcome as a class of the style sheet.
	Kind     string
	Expected string
	Story    string
	Problems []string
	// Row is the line of the table of contents, behind the name.
	Row     []string
	Figures []figure
	Chart   *chart
	Lanes   []laneList
	Stages  *stages
	Mails   []Mail
	Record  string
}

// figure is a number with its name.
type figure struct{ Name, Value, Note string }

func newSection(number int, s Scenario) section {
	t := follow(s)
	return section{
		Number: number, Name: word(s.Name), Description: oneLine(s.Description),
		OK: s.OK, Verdict: verdict(s), Outcome: word(s.Outcome), Kind: kind(s.Outcome),
		Expected: word(s.Expected), Story: story(s), Problems: problems(s),
		Row: []string{
			word(s.Expected), word(s.Outcome), count(s.Requests), count(s.Failed), count(s.Lost),
			tenths(s.SecondsToRestore), schemas(s), count(s.Transitions), forecast(s), tenths(s.Seconds),
		},
		Figures: figures(s), Chart: newChart(number, s, t), Lanes: laneLists(t),
		Stages: newStages(s), Mails: mails(s.Mails), Record: strings.TrimRight(manyLines(s.Record), "\n"),
	}
}

func kind(outcome string) string {
	switch outcome {
	case "succeeded", "refused", "rolled-back", "failed-dirty":
		return outcome
	default:
		return "unknown"
	}
}

func figures(s Scenario) []figure {
	restored := figure{"Restored in", "–", "nothing to restore"}
	if s.SecondsToRestore > 0 {
		restored = figure{"Restored in", duration(s.SecondsToRestore), "from the first bad answer"}
	}
	if s.Outcome == "failed-dirty" && s.SecondsToRestore == 0 {
		restored.Note = "not restored"
	}
	schema := figure{"Schema", schemas(s), "unchanged"}
	if s.SchemaBefore != s.SchemaAfter {
		schema.Note = "version"
	}
	active := figure{"Active", duration(s.ActiveSeconds), "no forecast"}
	if s.ForecastSeconds > 0 {
		active.Note = "forecast " + duration(s.ForecastSeconds)
	}
	return []figure{
		{"Requests", count(s.Requests), fmt.Sprintf("in %s", duration(s.Seconds))},
		{"Failed", count(s.Failed), percent(s.Failed, s.Requests)},
		{"Lost", count(s.Lost), percent(s.Lost, s.Requests)},
		restored, schema, active,
		{"Transitions", count(s.Transitions), "loops included"},
	}
}

func mails(sent []Mail) []Mail {
	shown := make([]Mail, len(sent))
	for i, m := range sent {
		shown[i] = Mail{
			Seconds: m.Seconds, To: oneLine(m.To), Subject: oneLine(m.Subject), Body: manyLines(m.Body),
		}
	}
	return shown
}
