package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pilotage/pilotage/shared/yamlfile"
)

// check finds everything that is wrong with the values of a file: first each field by its rule,
// then fields that have to fit each other.
func check(document yamlfile.Document, file File) []yamlfile.Problem {
	c := checker{document: document, rules: map[string]rule{}}
	for _, r := range rules() {
		c.rules[r.path] = r
	}
	c.value("", "", reflect.ValueOf(file))
	c.file(file)
	return c.problems
}

// checker collects problems.
type checker struct {
	document yamlfile.Document
	rules    map[string]rule
	problems []yamlfile.Problem
}

// refuse notes what is wrong with the value of a path.
func (c *checker) refuse(path, format string, args ...any) {
	c.problems = append(c.problems, c.document.Problem(path, format, args...))
}

// value checks a value, and all below it, by its rule. The path names it in the file, the
// pattern in the rules.
func (c *checker) value(path, pattern string, value reflect.Value) {
	r := c.rules[pattern]
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			name := fieldName(value.Type().Field(i))
			c.field(join(path, name), join(pattern, name), value.Field(i))
		}
	case reflect.Map:
		c.count(path, r, value.Len())
		for _, key := range value.MapKeys() {
			item := c.rules[pattern+".<name>"]
			if wrong := item.form.Check(key.String()); wrong != "" {
				c.refuse(join(path, key.String()), "%s", wrong)
			}
			c.value(join(path, key.String()), pattern+".<name>", value.MapIndex(key))
		}
	case reflect.Slice:
		c.count(path, r, value.Len())
		for i := range value.Len() {
			c.value(fmt.Sprintf("%s[%d]", path, i), pattern+"[]", value.Index(i))
		}
	case reflect.String:
		c.text(path, r, value.String())
	case reflect.Float64:
		c.number(path, r, value.Float())
	case reflect.Int, reflect.Int64:
		c.number(path, r, float64(value.Int()))
	}
}

// field checks one field of a struct: whether it is there, and then its value.
func (c *checker) field(path, pattern string, value reflect.Value) {
	given := c.document.Has(path)
	r := c.rules[pattern]
	if !given && r.presence == required {
		c.missing(path, r)
		return
	}
	if !given && (value.IsZero() || value.Kind() == reflect.Slice) {
		return
	}
	c.value(path, pattern, value)
}

// missing reports a field that has no default. What is missing inside a missing part is not
// reported on top.
func (c *checker) missing(path string, r rule) {
	hint := ""
	if r.example != "" {
		name := path[strings.LastIndex(path, ".")+1:]
		hint = fmt.Sprintf(", for example %s: %s", name, r.example)
	}
	c.refuse(path, "missing; give it%s", hint)
}

// count checks how many items there are.
func (c *checker) count(path string, r rule, items int) {
	if !r.span.holds(float64(items)) {
		c.refuse(path, "has %d items; %s are possible", items, r.span)
	}
}

// text checks a text against its form or the values that it may have.
func (c *checker) text(path string, r rule, text string) {
	if len(r.among) == 0 {
		if wrong := r.form.Check(text); wrong != "" {
			c.refuse(path, "%s", wrong)
		}
		return
	}
	for _, possible := range r.among {
		if text == possible {
			return
		}
	}
	hint := "it is one of " + strings.Join(r.among, ", ")
	if near := yamlfile.Nearest(text, r.among); near != "" {
		hint = fmt.Sprintf("did you mean %q? It is one of %s", near, strings.Join(r.among, ", "))
	}
	c.refuse(path, "%q is unknown; %s", text, hint)
}

// number checks a number against its range.
func (c *checker) number(path string, r rule, value float64) {
	if !r.span.holds(value) {
		c.refuse(path, "is %s; it must be %s", number(value), r.span)
	}
}

// fieldName is the name that the json tag gives.
func fieldName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
