package notify

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Headline is one line that says what a deployment is: "running-app 1.1.0 to production".
func Headline(doc deploy.Document) string {
	scope := doc.Request.Scope
	if doc.Request.Kind == deploy.KindRollback {
		if doc.Plan.Release.Version == "" {
			return fmt.Sprintf("rollback of %s in %s", scope.Service, scope.Environment)
		}
		return fmt.Sprintf("%s back to %s in %s", scope.Service, doc.Plan.Release.Version, scope.Environment)
	}
	version := doc.Plan.Release.Version
	if version == "" {
		version = doc.Request.Release
	}
	if version == "" {
		version = "(promotion of " + doc.Request.Promotes + ")"
	}
	return fmt.Sprintf("%s %s to %s", scope.Service, version, scope.Environment)
}

// The shape of a line: a name of at most 14 characters and text that is wrapped so that
// a phone held sideways shows it whole.
const (
	nameWidth = 15
	lineWidth = 72
)

// Line is a name and its text, wrapped at words, with the text's further lines below its first. What
// would move the cursor of a terminal, or turn the order of what is read, shows as "\uFFFD": texts come
// from commits and from people, and must not pass for another line.
func Line(name, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s", nameWidth, name)
	column := nameWidth
	for i, word := range strings.Fields(visible(text)) {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > lineWidth:
			b.WriteString("\n" + strings.Repeat(" ", nameWidth))
			column = nameWidth
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String() + "\n"
}

func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsSpace(r) && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// Rows reads lines back: pairs of a name and its unwrapped text.
func Rows(text string) [][2]string {
	var rows [][2]string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if rest, wrapped := strings.CutPrefix(line, strings.Repeat(" ", nameWidth)); wrapped && len(rows) > 0 {
			rows[len(rows)-1][1] += " " + rest
			continue
		}
		name, value := line, ""
		if len(line) > nameWidth {
			name, value = line[:nameWidth], line[nameWidth:]
		}
		rows = append(rows, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return rows
}

// Describe is the plan in plain text: what, why, who, what is in it, how, and the way back with
// its price. The release is the plan's; one that is not known says nothing of what is in it.
func Describe(doc deploy.Document, release deploy.Release) string {
	var b strings.Builder
	plan := doc.Plan
	line := func(name, format string, args ...any) {
		b.WriteString(Line(name, fmt.Sprintf(format, args...)))
	}
	line("What", "%s", Headline(doc))
	line("Now", "%s in slot %s", or(plan.From.Version, "nothing"), plan.Target.Other())
	line("Why", "%s", doc.Request.Reason)
	line("Asked by", "%s", doc.Request.RequestedBy)
	if plan.Release.Author != "" {
		line("Written by", "%s", plan.Release.Author)
	}
	if doc.Request.Promotes != "" {
		line("Verified as", "%s", doc.Request.Promotes)
	}
	if forced := doc.Results.Validate.Forced; len(forced) > 0 {
		line("Forced past", "%s", strings.Join(forced, "; "))
	}
	if ahead := doc.Results.Enqueue.Ahead; len(ahead) > 0 {
		line("Behind", "%s", strings.Join(ahead, ", "))
	}
	contents(line, plan, release)
	line("Traffic", "%s to slot %s", plan.Schedule, plan.Target)
	line("Schema", "%s", schema(plan))
	line("Backup", "%s", or(plan.SnapshotID, "none"))
	if plan.Maintenance {
		line("Maintenance", "users see the maintenance page meanwhile")
	}
	line("Forecast", "about %s", Duration(plan.Forecast.Seconds))
	if plan.WayBack.Text != "" {
		line("Way back", "%s About %s.", plan.WayBack.Text, Duration(plan.WayBack.Seconds))
	}
	if since := plan.WayBack.LosesSince; !since.IsZero() {
		line("Is lost", "all writes of the last %s, and those until users see the maintenance page", Duration(int(plan.MadeAt.Sub(since).Seconds())))
	}
	for _, note := range plan.Notes {
		line("Note", "%s", note)
	}
	line("Plan", "%s", plan.Digest)
	line("Deployment", "%s", doc.ID)
	return b.String()
}

// contents are what is in a release: its commits, its migrations, what was checked.
func contents(line func(name, format string, args ...any), plan deploy.Plan, release deploy.Release) {
	for _, change := range release.Changes {
		line("Change", "%s", strings.TrimSpace(short(change.Commit)+" "+change.Subject))
	}
	for _, migration := range plan.Migrations {
		line("Migration", "%s", describeMigration(plan, migration, release))
	}
	var checks []string
	for _, evidence := range release.Evidence {
		checks = append(checks, evidence.Check)
	}
	if len(checks) > 0 {
		line("Checked", "%s", strings.Join(checks, ", "))
	}
}

// describeMigration is one migration with how long it may hold up users, and what the lint says.
func describeMigration(plan deploy.Plan, migration deploy.Migration, release deploy.Release) string {
	database := plan.Environment.Database
	text := fmt.Sprintf("%04d %s: not rehearsed; each statement waits at most %s for its lock and runs at most %s",
		migration.Version, migration.Name, Duration(database.LockTimeoutSeconds), Duration(database.StatementTimeoutSeconds))
	for _, finding := range release.Findings {
		if strings.HasPrefix(finding.File, fmt.Sprintf("%04d_", migration.Version)) {
			text += fmt.Sprintf("; %s (%s)", finding.Message, finding.Rule)
		}
	}
	return text
}

func schema(plan deploy.Plan) string {
	if plan.SchemaFrom == plan.SchemaTo {
		return fmt.Sprintf("stays at %d", plan.SchemaFrom)
	}
	return fmt.Sprintf("from %d to %d", plan.SchemaFrom, plan.SchemaTo)
}

// Time is a moment as mails write it.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// IsAddress reports whether a name is a mail address: systems ask for deployments as well.
func IsAddress(name string) bool {
	_, err := mail.ParseAddress(name)
	return err == nil
}

// Duration is a length of time in seconds as people say it: "45 s", "12 min", "4 h", "1 h 5 min".
func Duration(seconds int) string {
	d := time.Duration(seconds) * time.Second
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", seconds)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d%time.Hour < time.Minute:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

func short(commit string) string { return commit[:min(len(commit), 7)] }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
