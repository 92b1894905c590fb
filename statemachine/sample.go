package statemachine

import (
	"reflect"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
)

// sampleText and sampleTime are what strings and times of a sample hold.
const (
	sampleText = "sample"
	sampleTime = "2026-01-02T03:04:05Z"
)

// document is a sample as expressions see it. Binding costs more than evaluating, so each sample
// is bound once.
type document struct {
	fields map[string]any
	bound  any
}

// samples are the documents that one Lint evaluates expressions over.
type samples struct {
	full, sparse document
	// outline has nothing below a result or a part of the plan: most of what travels is moved
	// as it is, and a small document moves faster. faultless is outline before anything failed.
	outline, faultless document
}

func newSamples() (samples, error) {
	faultless := outlineDocument()
	delete(faultless, "error")
	var made [4]document
	for i, fields := range []map[string]any{fullDocument(), sparseDocument(), outlineDocument(), faultless} {
		bound, err := bind(fields)
		if err != nil {
			return samples{}, err
		}
		made[i] = document{fields, bound}
	}
	return samples{made[0], made[1], made[2], made[3]}, nil
}

// fullDocument is a document in which every field is there, as JSON values. What only the state
// that runs adds (stage, outcome, task token) is left out, and so is the second plan, which the
// machine takes out of Replan's result.
func fullDocument() map[string]any {
	doc := sampleOf(reflect.TypeFor[deploy.Document](), everyField).(map[string]any)
	delete(doc["results"].(map[string]any)["replan"].(map[string]any), "plan")
	for _, added := range []string{"stage", "outcome", "taskToken"} {
		delete(doc, added)
	}
	return doc
}

// outlineDocument is a full document cut off below its results and the parts of its plan.
func outlineDocument() map[string]any {
	doc := fullDocument()
	for _, name := range []string{"request", "plan", "results"} {
		part := doc[name].(map[string]any)
		for key, value := range part {
			switch value.(type) {
			case map[string]any:
				part[key] = map[string]any{}
			case []any:
				part[key] = []any{}
			}
		}
	}
	return doc
}

// sparseDocument is a document in which every stage has answered and each field that may be
// absent is. Conditions must still hold up.
func sparseDocument() map[string]any {
	doc := fullDocument()
	doc["request"] = sampleOf(reflect.TypeFor[deploy.Request](), requiredFields)
	doc["plan"] = sampleOf(reflect.TypeFor[deploy.Plan](), requiredFields)
	results := map[string]any{}
	for _, f := range fieldsOf(reflect.TypeFor[deploy.Results]()) {
		results[f.name] = sampleOf(f.of, requiredFields)
	}
	doc["results"] = results
	return doc
}

func everyField(jsonField) bool       { return true }
func requiredFields(f jsonField) bool { return !f.optional }

// sampleOf is a value of the type as JSON has it, with those fields of structs that are wanted.
func sampleOf(t reflect.Type, wanted func(jsonField) bool) any {
	if t == reflect.TypeFor[time.Time]() {
		return sampleTime
	}
	switch t.Kind() {
	case reflect.Struct:
		object := map[string]any{}
		for _, f := range fieldsOf(t) {
			if wanted(f) {
				object[f.name] = sampleOf(f.of, wanted)
			}
		}
		return object
	case reflect.Slice:
		return []any{sampleOf(t.Elem(), wanted)}
	case reflect.Map:
		return map[string]any{sampleText: sampleOf(t.Elem(), wanted)}
	case reflect.Bool:
		return true
	case reflect.String:
		return sampleText
	default:
		return float64(1)
	}
}

// jsonField is a field of a struct under its name in JSON.
type jsonField struct {
	name     string
	of       reflect.Type
	optional bool
}

// fieldsOf lists the fields of a struct as encoding/json sees them, embedded ones included.
func fieldsOf(t reflect.Type) []jsonField {
	var fields []jsonField
	for f := range t.Fields() {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			fields = append(fields, fieldsOf(f.Type)...)
		case f.IsExported() && tag != "-":
			if tag == "" {
				tag = f.Name
			}
			fields = append(fields, jsonField{name: tag, of: f.Type, optional: strings.Contains(options, "omit")})
		}
	}
	return fields
}

// missing is the first step of a path that the type has no field for, "" when it has them all.
func missing(t reflect.Type, path []string) string {
	for _, step := range path {
		if t.Kind() == reflect.Map {
			t = t.Elem()
			continue
		}
		for t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
			return step
		}
		found := false
		for _, f := range fieldsOf(t) {
			if f.name == step {
				t, found = f.of, true
				break
			}
		}
		if !found {
			return step
		}
	}
	return ""
}
