package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestProgram builds the command once and runs it in all the ways that people do.
func TestProgram(t *testing.T) {
	p := build(t)
	t.Run("usage", func(t *testing.T) { testUsage(t, p) })
	t.Run("publish", func(t *testing.T) { testPublish(t, p) })
	t.Run("outcome", func(t *testing.T) { testOutcome(t, p) })
	t.Run("postgres", func(t *testing.T) { testPostgres(t, p) })
	t.Run("end", func(t *testing.T) { testEnd(t, p) })
}

func testUsage(t *testing.T, p program) {
	bad := filepath.Join(t.TempDir(), "pilotage.yaml")
	if err := os.WriteFile(bad, []byte("servce: running-app\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := p.scenario(t, "start: {staging: 9.9.9}\nwhen: {push: {branch: main, release: 1.1.0, by: anna}}\nexpect: {outcome: succeeded}\n")
	elsewhere := t.TempDir()
	for name, test := range map[string]struct {
		dir    string
		args   []string
		code   int
		output string
	}{
		"a good file":          {p.root, []string{"check", "examples/runningapp/pilotage.yaml"}, 0, "examples/runningapp/pilotage.yaml is right: service running-app with 2 environments\n"},
		"a bad file":           {elsewhere, []string{"check", bad}, 2, "pilotage: pilotage.yaml:1:1: unknown field \"servce\"; did you mean \"service\"?\n"},
		"no file":              {elsewhere, []string{"check"}, 2, "pilotage: accepts 1 arg(s), received 0\n"},
		"a file not there":     {elsewhere, []string{"check", "x.yaml"}, 2, "pilotage: read configuration \"x.yaml\": open x.yaml: no such file or directory\n"},
		"an unknown command":   {elsewhere, []string{"dmeo"}, 2, "pilotage: unknown command \"dmeo\"; did you mean demo?\n"},
		"an unknown flag":      {elsewhere, []string{"demo", "--fast"}, 2, "pilotage: unknown flag: --fast\nsee pilotage demo --help\n"},
		"an argument":          {elsewhere, []string{"demo", "x"}, 2, "pilotage: unknown command \"x\" for \"pilotage demo\"\n"},
		"outside the checkout": {elsewhere, []string{"demo"}, 2, "pilotage: there are no scenarios in examples/scenarios; run this at the root of the checkout, or name one with --scenario\n"},
		"a scenario not there": {p.root, []string{"demo", "--scenario", "x.yaml"}, 2, "pilotage: read scenario: open x.yaml: no such file or directory\n"},
		"a scenario that is wrong": {p.root, []string{"demo", "--scenario", wrong}, 2, "pilotage: " + wrong +
			":4:18: start.staging: \"9.9.9\" is none of 1.0.0, 1.1.0, 1.2.0, 1.3.0, 1.4.0, 1.5.0, 1.6.0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := p.run(t, test.dir, test.args...)
			if got.code != test.code || got.stdout+got.stderr != test.output {
				t.Errorf("got exit code %d and\n%s%s\nwant %d and\n%s", got.code, got.stdout, got.stderr, test.code, test.output)
			}
		})
	}
	if left, err := os.ReadDir(elsewhere); err != nil || len(left) > 0 {
		t.Errorf("something was written: %v %v", left, err)
	}
}

// refusing is the shortest scenario: a migration that is refused.
const refusing = "start: {staging: 1.1.0}\nwhen: {push: {branch: main, release: 1.3.0, by: ben}}\nexpect: {outcome: OUTCOME, schema: 2}\n"

func testOutcome(t *testing.T, p program) {
	for outcome, want := range map[string]struct {
		code int
		says string
	}{
		"refused":   {0, ""},
		"succeeded": {1, `expect\.outcome: succeeded was expected, refused was seen \(Pilotage\.Rejected in Plan: `},
	} {
		t.Run(outcome, func(t *testing.T) {
			out := p.out
			got := p.run(t, p.root, "demo", "--plain", "--out", out, "--scenario", p.scenario(t, strings.Replace(refusing, "OUTCOME", outcome, 1)))
			if got.code != want.code || got.stderr != "" {
				t.Errorf("got exit code %d and errors %q, want %d and none", got.code, got.stderr, want.code)
			}
			if !regexp.MustCompile(want.says).MatchString(got.stdout) {
				t.Errorf("got\n%s\nwant %s in it", got.stdout, want.says)
			}
			text, err := os.ReadFile(filepath.Join(out, "report.json"))
			var report struct {
				OK        bool
				Scenarios []struct{ Name, Expected, Outcome string }
			}
			if err != nil || json.Unmarshal(text, &report) != nil || report.OK != (want.code == 0) ||
				len(report.Scenarios) != 1 || report.Scenarios[0].Outcome != "refused" || report.Scenarios[0].Expected != outcome {
				t.Errorf("got report %s and error %v", text, err)
			}
			if page, err := os.Stat(filepath.Join(out, "report.html")); err != nil || page.Size() == 0 {
				t.Errorf("there is no page: %v", err)
			}
		})
	}
}

func testPostgres(t *testing.T, p program) {
	path := p.scenario(t, strings.Replace(refusing, "OUTCOME", "refused", 1))
	broken := func(name, initdb, postgres string) string {
		// PostgreSQL may run as another account, which has to get there.
		dir, err := os.MkdirTemp("", "pilotage-test-"+name+"-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // a folder of programs
			t.Fatal(err)
		}
		for program, script := range map[string]string{"initdb": initdb, "postgres": postgres, "pg_ctl": "exit 1"} {
			if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil { //nolint:gosec // a program
				t.Fatal(err)
			}
		}
		return dir
	}
	for name, test := range map[string]struct {
		dir  string
		code int
		want string
	}{
		"a folder without it":  {t.TempDir(), 2, `^pilotage: --postgres: find PostgreSQL: no directory with initdb, pg_ctl and postgres among \S+; run .npm ci. .*\n$`},
		"too old":              {broken("old", "exit 1", "echo 'postgres (PostgreSQL) 9.6.1'"), 1, `is PostgreSQL 9; version 15 or newer is needed\n$`},
		"it does not run":      {broken("dead", "exit 1", "echo 'libssl.so: not found' >&2; exit 127"), 1, `exit status 127: libssl\.so: not found\n$`},
		"it makes no database": {broken("full", "echo 'No space left on device' >&2; exit 1", "echo 'postgres (PostgreSQL) 17.2'"), 1, `No space left on device`},
		"it does not start": {broken("mute", `while [ "$1" != -D ] && [ $# -gt 0 ]; do case $1 in --pgdata=*) mkdir -p "${1#--pgdata=}";; esac; shift; done; [ $# -gt 0 ] && mkdir -p "$2"; exit 0`,
			`case $1 in --version|-V) echo 'postgres (PostgreSQL) 17.2';; *) echo 'FATAL: the shoes are wet' >&2; exit 1;; esac`), 1, `FATAL: the shoes are wet`},
	} {
		t.Run(name, func(t *testing.T) {
			out := p.out
			got := p.run(t, p.root, "demo", "--plain", "--out", out, "--postgres", test.dir, "--scenario", path)
			if got.code != test.code || !regexp.MustCompile(test.want).MatchString(got.stderr) {
				t.Errorf("got exit code %d and\n%s\nwant %d and %s", got.code, got.stderr, test.code, test.want)
			}
		})
	}
}
