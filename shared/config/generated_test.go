package config_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pilotage/pilotage/shared/config"
)

const example = "../../examples/runningapp/pilotage.yaml"

func update() bool {
	set := flag.Lookup("update")
	return set != nil && set.Value.String() == "true"
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the generated files")
	flag.Parse()
	os.Exit(m.Run())
}

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{
		"pilotage.schema.json":        schema,
		"../../docs/configuration.md": []byte(config.Reference()),
	} {
		if update() {
			if err := os.WriteFile(filepath.FromSlash(path), want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what rules.go says (%v); run go generate ./shared/config", path, err)
		}
	}
}

// compiled is the schema, ready to validate.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("pilotage.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("pilotage.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// generic is a YAML text as jsonschema wants it.
func generic(t *testing.T, text string) any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSchemaTakesTheExample(t *testing.T) {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t).Validate(generic(t, string(text))); err != nil {
		t.Error(err)
	}
}

func TestSchemaRefusesWhatTheRulesRefuse(t *testing.T) {
	schema := compiled(t)
	if err := schema.Validate(generic(t, minimal)); err != nil {
		t.Fatalf("the minimal file: %v", err)
	}
	refused := 0
	for _, test := range refusals() {
		if test.related {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			refused++
			if err := schema.Validate(generic(t, test.edit(minimal))); err == nil {
				t.Error("the schema takes it")
			}
		})
	}
	if refused < 20 {
		t.Errorf("tried %d files", refused)
	}
}

func TestSchemaSaysWhatEveryFieldMeans(t *testing.T) {
	var walk func(path string, schema any)
	objects := 0
	walk = func(path string, schema any) {
		object, isObject := schema.(map[string]any)
		if !isObject {
			return
		}
		if object["description"] == "" || object["description"] == nil {
			t.Errorf("%s has no description", path)
		}
		properties, _ := object["properties"].(map[string]any)
		if properties != nil {
			objects++
			if object["additionalProperties"] != false {
				t.Errorf("%s takes unknown fields", path)
			}
		}
		for name, property := range properties {
			walk(path+"."+name, property)
		}
		walk(path+"[]", object["items"])
		walk(path+".*", object["additionalProperties"])
	}
	text, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	walk("", document)
	if objects < 10 {
		t.Errorf("walked %d objects", objects)
	}
}

func TestReferenceHasEveryField(t *testing.T) {
	reference := config.Reference()
	var walk func(kind reflect.Type)
	walk = func(kind reflect.Type) {
		switch kind.Kind() {
		case reflect.Struct:
			for i := range kind.NumField() {
				name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
				if !strings.Contains(reference, name+"`") && !strings.Contains(reference, "### "+name+"\n") {
					t.Errorf("the reference lacks %s", name)
				}
				walk(kind.Field(i).Type)
			}
		case reflect.Map, reflect.Slice:
			walk(kind.Elem())
		}
	}
	walk(reflect.TypeFor[config.File]())
}
