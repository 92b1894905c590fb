package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/yamlfile/form"
)

// The schema is for editors and other tools. It is checked in, and renewed with
//go:generate go test -run Generated . -update

// Schema is the JSON Schema (draft 2020-12) of pilotage.yaml, indented. It says of each field
// what rules.go says; what it cannot say, the relations between fields, only Parse checks.
func Schema() ([]byte, error) {
	d := drawer{rules: map[string]rule{}}
	for _, r := range rules() {
		d.rules[r.path] = r
	}
	root := d.value("", reflect.ValueOf(model()))
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://github.com/pilotage/pilotage/raw/main/shared/config/pilotage.schema.json"
	root["title"] = FileName
	root["description"] = "What pilotage knows of one service and of the environments that it is deployed to."
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("encode the schema of %s: %w", FileName, err)
	}
	return text.Bytes(), nil
}

// model is a file of one environment that has its defaults only.
func model() File {
	return File{Environments: map[string]deploy.Environment{"<name>": Defaults()}}
}

// drawer turns Go types into JSON Schema.
type drawer struct{ rules map[string]rule }

// value draws what a field may hold. The value carries the defaults.
func (d drawer) value(pattern string, value reflect.Value) map[string]any {
	r := d.rules[pattern]
	drawn := map[string]any{"description": describe(r)}
	switch value.Kind() {
	case reflect.Struct:
		d.structure(drawn, pattern, value)
	case reflect.Map:
		drawn["type"] = "object"
		drawn["minProperties"], drawn["maxProperties"] = r.span.least, r.span.most
		drawn["propertyNames"] = map[string]any{"pattern": d.rules[pattern+".<name>"].form.Pattern()}
		drawn["additionalProperties"] = d.value(pattern+".<name>", value.MapIndex(reflect.ValueOf("<name>")))
	case reflect.Slice:
		drawn["type"] = "array"
		drawn["minItems"], drawn["maxItems"] = r.span.least, r.span.most
		drawn["items"] = d.value(pattern+"[]", reflect.Zero(value.Type().Elem()))
	case reflect.String:
		drawn["type"] = "string"
		drawText(drawn, r)
	case reflect.Bool:
		drawn["type"] = "boolean"
	default:
		drawn["type"] = "integer"
		if value.CanFloat() {
			drawn["type"] = "number"
		}
		drawRange(drawn, r.span)
	}
	if usual := defaultOf(r, value); usual != nil && r.usually == "" {
		drawn["default"] = usual
	}
	return drawn
}

func (d drawer) structure(drawn map[string]any, pattern string, value reflect.Value) {
	properties, wanted := map[string]any{}, []string{}
	for i := range value.NumField() {
		name := fieldName(value.Type().Field(i))
		at := join(pattern, name)
		properties[name] = d.value(at, value.Field(i))
		if d.rules[at].presence == required {
			wanted = append(wanted, name)
		}
	}
	drawn["type"] = "object"
	drawn["properties"] = properties
	drawn["additionalProperties"] = false
	if len(wanted) > 0 {
		drawn["required"] = wanted
	}
}

func drawText(drawn map[string]any, r rule) {
	if len(r.among) > 0 {
		drawn["enum"] = r.among
	}
	if pattern := r.form.Pattern(); pattern != "" {
		drawn["pattern"] = pattern
	}
	switch r.form {
	case form.Title:
		drawn["minLength"], drawn["maxLength"] = 1, 200
	case form.URL:
		drawn["format"] = "uri"
		drawn["pattern"] = `^https?://[^?#]+$`
	case form.Mail:
		drawn["format"] = "email"
	case form.Time:
		drawn["format"] = "date-time"
	}
}

func drawRange(drawn map[string]any, s span) {
	if !s.bound {
		return
	}
	least, most := "minimum", "maximum"
	if s.above {
		least = "exclusiveMinimum"
	}
	if s.below {
		most = "exclusiveMaximum"
	}
	drawn[least], drawn[most] = s.least, s.most
}

// describe is the meaning of a field with its unit.
func describe(r rule) string {
	if r.unit == "" {
		return r.meaning
	}
	return r.meaning + " Unit: " + r.unit + "."
}

// defaultOf is what a field holds when the file leaves it out; nil when it must be given, or is
// empty then.
func defaultOf(r rule, value reflect.Value) any {
	switch {
	case r.presence == required:
		return nil
	case r.usual != nil:
		return r.usual
	case value.Kind() == reflect.Bool || value.CanInt() || value.CanFloat():
		return value.Interface()
	case value.Kind() == reflect.String && value.String() != "":
		return value.String()
	}
	return nil
}
