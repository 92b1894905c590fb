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

// laneList is an execution as a list of steps.
type laneList struct {
	Title, Took string
	Nested      bool
	Steps       []stepItem
}

type stepItem struct{ Name, Note, Visits, Took, Phase string }

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

// story is the outcome in sentences.
func story(s Scenario) string {
	if s.Error != "" {
		return "The scenario could not be run."
	}
	var b strings.Builder
	switch s.Outcome {
	case "succeeded":
		b.WriteString("The release was promoted")
	case "refused":
		b.WriteString("The deployment was refused before anything changed")
	case "rolled-back":
		b.WriteString("The release was taken back")
	case "failed-dirty":
		b.WriteString("The way back failed too, so that the lock was kept and people were paged")
	default:
		b.WriteString("The scenario ended as " + word(s.Outcome))
	}
	switch {
	case s.Expected != s.Outcome:
		b.WriteString(", though " + word(s.Expected) + " was expected. ")
	case s.OK:
		b.WriteString(", as expected. ")
	default:
		b.WriteString(", but not everything was as expected. ")
	}
	if s.Failed+s.Lost == 0 {
		fmt.Fprintf(&b, "Each of %s was answered.", plural(s.Requests, "request"))
	} else {
		fmt.Fprintf(&b, "Of %s, %s failed (%s) and %s got lost.", plural(s.Requests, "request"),
			some(s.Failed), percent(s.Failed, s.Requests), some(s.Lost))
	}
	if s.SecondsToRestore > 0 {
		fmt.Fprintf(&b, " All traffic was back %s after the first bad answer.", duration(s.SecondsToRestore))
	}
	return b.String()
}

// some is a number as it stands in a sentence.
func some(n int) string {
	if n == 0 {
		return "none"
	}
	return count(n)
}

func laneLists(t *track) []laneList {
	lists := make([]laneList, len(t.lanes))
	for i, l := range t.lanes {
		lists[i] = laneList{
			Title: l.Title, Nested: l.Nested,
			Took: duration(l.last().End - l.Steps[0].Start),
		}
		for _, step := range l.Steps {
			item := stepItem{Name: oneLine(step.State), Note: step.Note, Phase: phase(step.State)}
			if step.Visits > 1 {
				item.Visits = fmt.Sprintf("×%d", step.Visits)
			}
			if step.End-step.Start >= 0.05 {
				item.Took = duration(step.End - step.Start)
			}
			lists[i].Steps = append(lists[i].Steps, item)
		}
	}
	return lists
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

// phase is what a state is about, as a class of the style sheet.
func phase(state string) string {
	switch state {
	case "Shift", "Prove", "Promote", "RestoreTraffic", "ProveTraffic":
		return "traffic"
	case "Observe", "Verify", "SmokeTest":
		return "judge"
	case "EnterMaintenance", "LeaveMaintenance", "RestoreMaintenance", "Backup", "Migrate", "Release",
		"Retire", "RestoreCapacity", "RestoreDatabase", "RevertSchema", "Abandon":
		return "change"
	case "Rollback", "RolledBack", "Hold", "Refused", "RecordRefusal", "UnlockRefused":
		return "back"
	case "Page", "FailedDirty", "LeaseLost":
		return "dirty"
	case "Succeeded", "Restored":
		return "good"
	default:
		return "prepare"
	}
}
