package yamlfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

type capacity struct {
	Replicas int    `json:"replicas"`
	CPU      int    `json:"cpuMillis"`
	Level    string `json:"logLevel"`
}

type environment struct {
	Capacity       capacity  `json:"capacity"`
	TimeoutSeconds int       `json:"timeoutSeconds"`
	Steps          []step    `json:"steps"`
	Alpha          float64   `json:"alpha"`
	Required       bool      `json:"required"`
	Until          time.Time `json:"until"`
	Extra          any       `json:"extra"`
	Small          *uint8    `json:"small"`
}

type step struct {
	Weight int `json:"weight"`
}

type base struct {
	Service string `json:"service"`
}

type file struct {
	base
	Base         base                   `json:"base"`
	Environments map[string]environment `json:"environments"`
	Hidden       string                 `json:"-"`
	private      string
}

func TestDecodeFillsWhatTheFileMentions(t *testing.T) {
	text := `
# a comment
service: "run ning"
environments:
  staging: &shared
    capacity: {replicas: 2, cpuMillis: 1000}
    steps:
      - weight: 5
      - weight: 100
    alpha: 1
    required: true
    until: 2026-12-24T00:00:00Z
    extra: {a: [1, 1.5, yes, true, "x"]}
    small: 255
  production: *shared
`
	got := file{Environments: map[string]environment{"staging": {TimeoutSeconds: 600, Capacity: capacity{Level: "info"}}}}
	if err := yamlfile.Decode("f.yaml", []byte(text), &got); err != nil {
		t.Fatal(err)
	}
	staging := got.Environments["staging"]
	want := "[run ning 600 info 2 1000 [{5} {100}] 1 true 2026-12-24 00:00:00 +0000 UTC map[a:[1 1.5 yes true x]] 255]"
	if got := fmt.Sprint([]any{
		got.Service, staging.TimeoutSeconds, staging.Capacity.Level, staging.Capacity.Replicas,
		staging.Capacity.CPU, staging.Steps, staging.Alpha, staging.Required, staging.Until, staging.Extra,
		*staging.Small,
	}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got.private != "" {
		t.Errorf("an unexported field is %q", got.private)
	}
	if got := got.Environments["production"].Capacity.Replicas; got != 2 {
		t.Errorf("the alias gave %d replicas, want 2", got)
	}
}

func TestDecodeSaysWhereWhatAndWhatWouldBeRight(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{
			"an unknown field", "environments:\n  staging:\n    capacity:\n      replcas: 2\n",
			`f.yaml:4:7: unknown field "replcas" in environments.staging.capacity; did you mean "replicas"?`,
		},
		{"an unknown field at the top", "environmentz: {}", `f.yaml:1:1: unknown field "environmentz"; did you mean "environments"?`},
		{
			"the beginning of a field", "environments: {a: {capacity: {cpu: 1}}}",
			`f.yaml:1:31: unknown field "cpu" in environments.a.capacity; did you mean "cpuMillis"?`,
		},
		{
			"a field far from any", "environments: {a: {capacity: {zzzzzzzz: 1}}}",
			`f.yaml:1:31: unknown field "zzzzzzzz" in environments.a.capacity; the fields here are replicas, cpuMillis, logLevel`,
		},
		{"hidden fields", "Hidden: x\nprivate: x", "f.yaml:1:1: unknown field \"Hidden\"; the fields here are service, base, environments\n" +
			"f.yaml:2:1: unknown field \"private\"; the fields here are service, base, environments"},
		{
			"text for a number", "environments:\n  staging:\n    timeoutSeconds: ten",
			`f.yaml:3:21: environments.staging.timeoutSeconds: want a whole number, got the string "ten"`,
		},
		{
			"a fraction for a whole number", "environments: {a: {timeoutSeconds: 1.5}}",
			`f.yaml:1:36: environments.a.timeoutSeconds: want a whole number, got the number 1.5`,
		},
		{
			"a version that looks like a number", "service: 1.10",
			`f.yaml:1:10: service: want text, got the number 1.10; write "1.10", in quotes`,
		},
		{"truth for text", "service: true", `f.yaml:1:10: service: want text, got the value true; write "true", in quotes`},
		{
			"the YAML 1.1 yes", "environments: {a: {required: yes}}",
			`f.yaml:1:30: environments.a.required: want true or false, got the string "yes"`,
		},
		{
			"an octal number", "environments: {a: {timeoutSeconds: 0600}}",
			`f.yaml:1:36: environments.a.timeoutSeconds: want a whole number in decimal digits, got 0600`,
		},
		{"infinity", "environments: {a: {alpha: .inf}}", `f.yaml:1:27: environments.a.alpha: want a number in decimal digits, got .inf`},
		{"a number too large", "environments: {a: {small: 256}}", `f.yaml:1:27: environments.a.small: the number 256 is out of range`},
		{"a negative number", "environments: {a: {small: -1}}", `f.yaml:1:27: environments.a.small: the number -1 is out of range`},
		{"a list for a mapping", "environments: []", `f.yaml:1:1: environments: want a mapping, got a list`},
		{"a mapping for a list", "environments: {a: {steps: {weight: 1}}}", `f.yaml:1:20: environments.a.steps: want a list, got a mapping`},
		{
			"an empty value", "environments:\n  a:\n    timeoutSeconds:\n",
			`f.yaml:3:21: environments.a.timeoutSeconds: want a whole number, got nothing; give one, or leave the field out`,
		},
		{"no time", "environments: {a: {until: soon}}", `f.yaml:1:27: environments.a.until: parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"`},
		{"a field given twice", "service: a\nservice: b", `f.yaml:2:1: "service" is given twice, first on line 1; remove one`},
		{
			"a field given twice below", "environments:\n  a: {alpha: 1}\n  b: {alpha: 1, alpha: 2}",
			`f.yaml:3:17: "alpha" in environments.b is given twice, first on line 3; remove one`,
		},
		{"an unknown alias", "service: *x", `f.yaml:1:1: the alias *x has no anchor before it`},
		{"an alias of itself", "environments: {a: &x {extra: *x}}", `f.yaml:1:23: the alias *x has no anchor before it`},
		{"a tag", "service: !!str 5", `f.yaml:1:10: the tag !!str is not used here; remove it`},
		{"a merge key", "environments:\n  a: &a {alpha: 1}\n  b:\n    <<: *a", `f.yaml:4:5: MergeKey cannot be the name of a field; names are plain text`},
		{"two documents", "service: a\n---\nservice: b", `f.yaml:3:1: a second document begins here; keep one a file`},
		{"not UTF-8", "service: \xff", `f.yaml:1:1: the file is not UTF-8; save it as UTF-8`},
		{"two problems", "service: 1\nenvironments: 2", "f.yaml:1:10: service: want text, got the number 1; write \"1\", in quotes\n" +
			"f.yaml:2:15: environments: want a mapping, got the number 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := yamlfile.Decode("f.yaml", []byte(test.text), &file{})
			if err == nil {
				t.Fatal("no error")
			}
			if err.Error() != test.want {
				t.Errorf("\ngot  %s\nwant %s", err, test.want)
			}
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("got class %s, want Invalid", fault.Of(err))
			}
		})
	}
}

func TestErrorsArePositioned(t *testing.T) {
	err := yamlfile.Decode("f.yaml", []byte("service: [\n"), &file{})
	var problems yamlfile.Problems
	if !errors.As(err, &problems) || problems[0].Line != 1 || problems[0].Column != 10 {
		t.Errorf("got %v, want one at 1:10", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q has more than one line", err)
	}
}

func TestHostileFilesAreRefusedQuickly(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	deep := ""
	for i := range 1400 {
		deep += strings.Repeat(" ", i) + "a:\n"
	}
	tests := []struct{ name, text, want string }{
		{"large", strings.Repeat("#", yamlfile.MaxBytes+1), "bytes;"},
		{"brackets", strings.Repeat("[", 1<<16), "words and signs"},
		{"braces", strings.Repeat("{a: ", 1<<16), "words and signs"},
		{"dashes", strings.Repeat("- ", 1<<15), "words and signs"},
		{"questions", strings.Repeat("? ", 1<<16), "words and signs"},
		{"few dashes", strings.Repeat("- ", 9000), "nests more than 64"},
		{"few brackets", strings.Repeat("[", 9000), "nests more than 64"},
		{"anchors", strings.Repeat("&a ", 6000) + "x", "nests more than 64"},
		{"tags", strings.Repeat("!!str ", 6000) + "x", "nests more than 64"},
		{"many keys", strings.Repeat("k: 1\n", 1<<15), "words and signs"},
		{"aliases of lists", bomb, "more than 20000 values"},
		{"deep", deep, "indented by more than 256"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var into map[string]any
			began := time.Now()
			err := yamlfile.Decode("f.yaml", []byte(test.text), &into)
			if err == nil || len(err.Error()) > 500 || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %.600v, want one short problem with %q", err, test.want)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestLocate(t *testing.T) {
	text := []byte("environments:\n  production:\n    strategy:\n      steps:\n        - weight: 1\n        - {weight: 5}\n" +
		"        - weight: 100\n    name: 'é' # x\n  staging: &s\n    alpha: 1\n  other: *s\n")
	tests := []struct {
		path         string
		line, column int
	}{
		{"environments", 1, 1},
		{"environments.production.strategy", 3, 5},
		{"environments.production.strategy.steps", 4, 7},
		{"environments.production.strategy.steps[0]", 5, 11},
		{"environments.production.strategy.steps[0].weight", 5, 19},
		{"environments.production.strategy.steps[1].weight", 6, 20},
		{"environments.production.strategy.steps[2].weight", 7, 19},
		{"environments.production.strategy.steps[3].weight", 4, 7},
		{"environments.production.strategy.kind", 3, 5},
		{"environments.production.name", 8, 11},
		{"environments.other", 11, 3},
		{"environments.other.alpha", 10, 12},
		{"nothing.of.this", 1, 1},
		{"", 1, 1},
	}
	for _, test := range tests {
		line, column := yamlfile.Locate(text, test.path)
		if line != test.line || column != test.column {
			t.Errorf("%s: got %d:%d, want %d:%d", test.path, line, column, test.line, test.column)
		}
	}
}

func TestEmptyFilesAreEmptyMappings(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# nothing\n", "---\n", "---\n# nothing\n"} {
		if err := yamlfile.Decode("f.yaml", []byte(text), &file{}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestKeysKeepTheOrderOfTheFile(t *testing.T) {
	document, err := yamlfile.Parse("f.yaml", []byte("environments:\n  z: {}\n  a: {}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(document.Keys("environments")); got != "[z a]" {
		t.Errorf("got %s", got)
	}
	if document.Has("environments.b") || !document.Has("environments.a") {
		t.Error("Has says otherwise")
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"service: a\nenvironments:\n  a: &x {steps: [{weight: 1}]}\n  b: *x\n", "a: |\n  x\n", "? a\n: b\n", "- - - a", "a: !!x b",
		"'a': \"\\u00e9\"", "<<: {a: 1}", "--- %\n...\n", "{a: [b, {c: d}], ", "a: 0x1F\nb: 1_0\nc: .nan", "&a *a", "a: b: c", "\t", "%YAML 1.2\n---\na",
		"a: >-\n x\n\n y", "!", "&", "*", "- ? -", ":", "{:}", "[,]", "\ufeffa: b", "a:\r\n  b\r",
	} {
		f.Add([]byte(seed), "environments.a.steps[0].weight")
	}
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		var into file
		if err := yamlfile.Decode("f.yaml", text, &into); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("class %s", fault.Of(err))
		}
		var any map[string]any
		_ = yamlfile.Decode("f.yaml", text, &any)
		if line, column := yamlfile.Locate(text, path); line < 1 || column < 1 {
			t.Errorf("%d:%d", line, column)
		}
	})
}
