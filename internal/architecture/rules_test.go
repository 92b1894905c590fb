package architecture

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestEachHouseRuleIsSeen shows each rule code that it refuses, and code that it does not.
func TestEachHouseRuleIsSeen(t *testing.T) {
	long := "func f() {\n" + strings.Repeat("\n", 60) + "}\n"
	tests := []struct {
		rule, path, code string
		want             int
	}{
		{"nothing sleeps", "a.go", `import "time"; func f() { time.Sleep(1) }`, 1},
		{"nothing sleeps", "a_test.go", `import "time"; func f() { time.Sleep(1) }`, 1},
		{"nothing sleeps", "a_test.go", `import ("testing/synctest"; "time"); func f() { time.Sleep(1) }`, 0},
		{"no init functions", "a.go", `func init() {}`, 1},
		{"no init functions", "a.go", `type t struct{}; func (t) init() {}`, 0},
		{"time comes from a clock", "a.go", `import "time"; func f() { time.Now(); time.Since(x); time.Until(x) }`, 3},
		{"time comes from a clock", "a.go", `import "time"; type t struct{ now func() time.Time }; func f() t { return t{time.Now} }`, 1},
		{"time comes from a clock", "a_test.go", `import "time"; func f() { time.Now() }`, 0},
		{"no package variables", "a.go", `var x = 1`, 1},
		{"no package variables", "a.go", "var (\n\tx = 1\n\ty int\n)", 2},
		{"no package variables", "a.go", `import "errors"; var errX = errors.New("x")`, 0},
		{"no package variables", "a.go", `var errX error`, 1},
		{"no package variables", "a.go", `var _ I = T{}`, 0},
		{"no package variables", "a.go", "import _ \"embed\"\n//go:embed x\nvar x string", 0},
		{"functions stop at 60 lines", "a.go", long, 1},
		{"functions stop at 60 lines", "a_test.go", long, 0},
	}
	seen := map[string]bool{}
	for _, test := range tests {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, test.path, "package a\n"+test.code, parser.ParseComments)
		if err != nil {
			t.Fatalf("%s: %v", test.code, err)
		}
		seen[test.rule] = true
		one := bubbles([]source{{path: test.path, set: set, file: file}})[0]
		for _, r := range rules() {
			if r.name != test.rule {
				continue
			}
			if got := r.look(one); len(got) != test.want {
				t.Errorf("%s, %s: defects %q, want %d", r.name, test.code, got, test.want)
			}
		}
	}
	for _, r := range rules() {
		if !seen[r.name] {
			t.Errorf("no test shows the rule %q", r.name)
		}
	}
}
