package config

import (
	"reflect"
	"regexp"
	"testing"

	"github.com/pilotage/pilotage/shared/yamlfile"
)

func TestEveryFieldHasARuleAndEveryRuleAField(t *testing.T) {
	patterns := map[string]reflect.Value{}
	collect(patterns, "", reflect.ValueOf(model()))
	delete(patterns, "")
	for _, r := range rules() {
		value, found := patterns[r.path]
		if !found {
			t.Errorf("the rule of %s has no field", r.path)
			continue
		}
		delete(patterns, r.path)
		if r.meaning == "" {
			t.Errorf("%s has no meaning", r.path)
		}
		numeric := value.CanInt() || value.CanFloat() || value.Kind() == reflect.Slice || value.Kind() == reflect.Map
		if numeric != r.span.bound {
			t.Errorf("%s: a %s with range %q", r.path, value.Kind(), r.span)
		}
		if _, err := regexp.Compile(r.form.Pattern()); err != nil {
			t.Errorf("%s: %v", r.path, err)
		}
	}
	for pattern := range patterns {
		t.Errorf("%s has no rule", pattern)
	}
}

func TestDefaultsAreInRange(t *testing.T) {
	patterns := map[string]reflect.Value{}
	collect(patterns, "", reflect.ValueOf(model()))
	document, err := yamlfile.Parse("defaults", nil)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, r := range rules() {
		value := patterns[r.path]
		if r.usual != nil {
			value = reflect.ValueOf(r.usual)
		}
		scalar := value.CanInt() || value.CanFloat() || value.Kind() == reflect.String && value.String() != ""
		if r.presence == required || !scalar {
			continue
		}
		checked++
		c := checker{document: document, rules: map[string]rule{r.path: r}}
		c.value(r.path, r.path, value)
		for _, problem := range c.problems {
			t.Error(problem)
		}
	}
	if checked < 25 {
		t.Errorf("checked %d defaults", checked)
	}
}
