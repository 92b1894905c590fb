package notify

import (
	"fmt"
	"strings"
	"time"

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

// Describe is the plan in plain text, in lines of at most about 70 characters: what, why, who,
// how, until when, and the way back.
func Describe(doc deploy.Document, changes []deploy.Change) string {
	var b strings.Builder
	plan := doc.Plan
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, fmt.Sprintf(format, args...))
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
	line("Traffic", "%s to slot %s", plan.Schedule, plan.Target)
	line("Schema", "%s", schema(plan))
	line("Backup", "%s", or(plan.SnapshotID, "none"))
	if plan.Maintenance {
		line("Maintenance", "users see the maintenance page meanwhile")
	}
	line("Forecast", "%s", Duration(plan.Forecast.Seconds))
	if plan.WayBack.Text != "" {
		line("Way back", "%s About %s.", plan.WayBack.Text, Duration(plan.WayBack.Seconds))
	}
	for _, note := range plan.Notes {
		line("Note", "%s", note)
	}
	for _, change := range changes {
		line("Change", "%s", strings.TrimSpace(short(change.Commit)+" "+change.Subject))
	}
	line("Plan", "%s", plan.Digest)
	line("Deployment", "%s", doc.ID)
	return b.String()
}

func schema(plan deploy.Plan) string {
	if plan.SchemaFrom == plan.SchemaTo {
		return fmt.Sprintf("stays at %d", plan.SchemaFrom)
	}
	names := make([]string, len(plan.Migrations))
	for i, migration := range plan.Migrations {
		names[i] = fmt.Sprintf("%04d %s", migration.Version, migration.Name)
	}
	text := fmt.Sprintf("from %d to %d", plan.SchemaFrom, plan.SchemaTo)
	if len(names) > 0 {
		text += " (" + strings.Join(names, ", ") + ")"
	}
	return text
}

// Duration is a length of time in seconds as people say it: "45 s", "12 min", "1 h 5 min".
func Duration(seconds int) string {
	d := time.Duration(seconds) * time.Second
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", seconds)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
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
