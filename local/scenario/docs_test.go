package scenario_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/scenario"
)

// guide is docs/scenarios.md and the example in it.
func guide(t *testing.T) (text, example string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "scenarios.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(content), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/scenarios.md has no example")
	}
	return string(content), example
}

func TestExampleOfTheGuideIsRight(t *testing.T) {
	_, example := guide(t)
	file, problem := load(t, strings.ReplaceAll(example, "../runningapp", "RUNNINGAPP"))
	if problem != "" {
		t.Fatal(problem)
	}
	for i, part := range []any{file, file.Traffic, file.Traffic.Requests[1], file.Expect, file.Then[0]} {
		value := reflect.ValueOf(part)
		for n := range value.NumField() {
			if name := value.Type().Field(n).Tag.Get("json"); name != "" && value.Field(n).IsZero() {
				t.Errorf("part %d of the example does not show %s", i, name)
			}
		}
	}
}

func TestGuideNamesEachField(t *testing.T) {
	text, _ := guide(t)
	for _, part := range []any{
		scenario.File{},
		scenario.Build{},
		scenario.Action{},
		scenario.Push{},
		scenario.Promote{},
		scenario.Rollback{},
		scenario.Schedule{},
		scenario.Stop{},
		scenario.Later{},
		scenario.Traffic{},
		scenario.Request{},
		scenario.Approve{},
		scenario.Expect{},
		scenario.Bound{},
	} {
		fields := reflect.TypeOf(part)
		for n := range fields.NumField() {
			name := fields.Field(n).Tag.Get("json")
			if name != "" && !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "{"+name+":") {
				t.Errorf("docs/scenarios.md does not explain %s of %s", name, fields.Name())
			}
		}
	}
}
