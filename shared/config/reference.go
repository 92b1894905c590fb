package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// Reference is docs/configuration.md: every field of pilotage.yaml with its meaning, unit, range
// and default, in Markdown.
func Reference() string {
	var text strings.Builder
	text.WriteString(preamble)
	usual := map[string]reflect.Value{}
	collect(usual, "", reflect.ValueOf(model()))
	section := "none yet"
	for _, r := range rules() {
		if named := sectionOf(r.path); named != section {
			section = named
			heading(&text, section)
		}
		if r.path == env+section || r.meaning == "" || strings.HasSuffix(r.path, "[]") && r.form == form.Any || r.path+"." == env {
			continue
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", strings.TrimPrefix(r.path, env), r.meaning, possibleOf(r, usual[r.path]), otherwise(r, usual[r.path]))
	}
	text.WriteString("\n## What has to fit together\n\n")
	for _, relation := range relations() {
		text.WriteString("- " + relation + "\n")
	}
	return text.String()
}

// The words around the tables.
const preamble = `# Configuration: pilotage.yaml

<!-- Made from shared/config/rules.go by "go generate ./shared/config". Change it there. -->

One file at the root of a service's repository says where the service is deployed to and what
must hold before, during and after. Gates and approvers come from this file on the branch that
is deployed from, never from the release that is being deployed.

Reading is strict. Unknown fields, fields given twice, values of another type and empty values
are refused, each with its line and with what would be right. Text that looks like a number, as
the version "1.10" does, is written in quotes. Anchors and aliases may be used; merge keys (<<)
and tags may not.

For completion in an editor, put this at the top of the file:

` + "```yaml\n# yaml-language-server: $schema=https://github.com/pilotage/pilotage/raw/main/shared/config/pilotage.schema.json\n```\n"

// heading begins a section with its table.
func heading(text *strings.Builder, section string) {
	switch section {
	case "":
		text.WriteString("\n## The service\n")
	case "environment":
		text.WriteString("\n## An environment\n\nThe fields below are those of `environments.<name>`.\n")
	default:
		for _, r := range rules() {
			if r.path == env+section {
				fmt.Fprintf(text, "\n### %s\n\n%s%s\n", section, r.meaning, standing(r))
			}
		}
	}
	text.WriteString("\n| field | meaning | possible | default |\n|---|---|---|---|\n")
}

// standing says how often a part may, or must, be there.
func standing(r rule) string {
	text := ""
	if r.span.bound {
		text = " A list of " + possible(r) + "."
	}
	if r.presence == required {
		text += " **Required.**"
	}
	return text
}

// sectionOf is the part of the reference that a field belongs to.
func sectionOf(path string) string {
	inside, isInside := strings.CutPrefix(path, env)
	if !isInside {
		return ""
	}
	part, _, _ := strings.Cut(inside, ".")
	part = strings.TrimSuffix(part, "[]")
	for _, r := range rules() {
		if strings.HasPrefix(r.path, env+part+".") || strings.HasPrefix(r.path, env+part+"[].") {
			return part
		}
	}
	return "environment"
}

// possibleOf is what a field may hold, by its rule or, without one, by its type.
func possibleOf(r rule, value reflect.Value) string {
	if value.Kind() == reflect.Bool {
		return "`true`, `false`"
	}
	return possible(r)
}

// possible is what a rule allows.
func possible(r rule) string {
	switch {
	case len(r.among) > 0:
		return "`" + strings.Join(r.among, "`, `") + "`"
	case r.span.bound && r.unit != "":
		return r.span.String() + " " + r.unit
	case r.span.bound && r.form == form.Any && isMany(r.path):
		return r.span.String() + " items"
	case r.span.bound:
		return r.span.String()
	case r.form != form.Any:
		return strings.ReplaceAll(r.form.Words(), "|", `\|`)
	}
	return ""
}

// isMany reports whether the rules have items, or names, below a path.
func isMany(path string) bool {
	for _, r := range rules() {
		if r.path == path+"[]" || r.path == path+".<name>" {
			return true
		}
	}
	return false
}

// otherwise is what holds when the file leaves a field out.
func otherwise(r rule, value reflect.Value) string {
	if r.presence == required {
		return "**required**"
	}
	usual := ""
	if value.IsValid() {
		if found := defaultOf(r, value); found != nil {
			usual = fmt.Sprintf("`%v`", found)
		}
	}
	switch {
	case strings.HasSuffix(r.path, "[]"):
		return ""
	case r.usual != nil:
		usual = fmt.Sprintf("`%v`", r.usual)
	case r.usually != "":
		return r.usually
	}
	return strings.TrimSpace(usual + " " + r.usually)
}

// collect notes the default of each field by its pattern.
func collect(into map[string]reflect.Value, pattern string, value reflect.Value) {
	into[pattern] = value
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			collect(into, join(pattern, fieldName(value.Type().Field(i))), value.Field(i))
		}
	case reflect.Map:
		collect(into, pattern+".<name>", value.MapIndex(reflect.ValueOf("<name>")))
	case reflect.Slice:
		collect(into, pattern+"[]", reflect.Zero(value.Type().Elem()))
	}
}
