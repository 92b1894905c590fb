package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/release/manifest"
)

const releases = "../../../examples/runningapp/releases"

const valid = `service: running-app
version: 1.1.0
repository: pilotage/running-app
commit: 44540c30af6c72afb185aef75525893db858f778
author: ben@example.com
build:
  command: [go, build, -o, $OUT, .]
migrations: migrations/
requiresSchema: 2
configSchema: "1"
evidence:
  - {check: tests, by: ci, at: "2026-02-12T09:03:00Z"}
changes:
  - {subject: let a run name the shoe}
`

func TestParseReadsTheExamples(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(releases, "*", "release.yaml"))
	if err != nil || len(paths) < 3 {
		t.Fatalf("found %d manifests, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := manifest.Parse(path, text)
		if err != nil {
			t.Error(err)
		}
		if want := filepath.Base(filepath.Dir(path)); m.Version != want {
			t.Errorf("got version %q, want %q", m.Version, want)
		}
	}
}

func TestReleaseHasWhatTheManifestKnows(t *testing.T) {
	m, err := manifest.Parse("r", []byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	got := m.Release()
	if got.Service != "running-app" || got.Version != "1.1.0" || got.Repository != "pilotage/running-app" ||
		got.Commit != "44540c30af6c72afb185aef75525893db858f778" || got.Author != "ben@example.com" ||
		got.ConfigSchema != "1" || got.RequiresSchema != 2 || !got.Has("tests") || len(got.Changes) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestParseSaysWhatIsWrongWhereAndWhatWouldBeRight(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"an unknown field", "author:", "authors:", `r:5:1: unknown field "authors"; did you mean "author"?`},
		{"a missing field", "author: ben@example.com\n", "", `r:1:1: author: missing; give a mail address such as "anna@example.com"`},
		{"a version that is a number", "1.1.0", "1.10", `r:2:10: version: want text, got the number 1.10; write "1.10", in quotes`},
		{"a version that is a path", "1.1.0", "../1.1.0", `r:2:10: version: "../1.1.0" is not a version such as "1.2.0", of at most 39 letters, digits and . _ + -`},
		{"a short commit", "44540c30af6c72afb185aef75525893db858f778", "44540c3a", `r:4:9: commit: "44540c3a" is not a commit of 40 hex digits`},
		{"an author without an address", "ben@example.com", "Ben", `r:5:9: author: "Ben" is not a mail address such as "anna@example.com"`},
		{"no command", "[go, build, -o, $OUT, .]", "[]", `r:7:3: build.command: names no program; for example [go, build, -o, $OUT, ./cmd/service]`},
		{"a command that writes nowhere", "$OUT", "x", `r:7:3: build.command: has no $OUT, which stands for the file to write; for example [go, build, -o, $OUT, ./cmd/service]`},
		{"no build", "build:\n  command: [go, build, -o, $OUT, .]\n", "", `r:1:1: build.command: missing; give it`},
		{"migrations elsewhere", "migrations/", "../migrations", `r:8:13: migrations: "../migrations" is not a folder below this file, such as "migrations"`},
		{"migrations everywhere", "migrations/", "/", `r:8:13: migrations: "/" is not a folder below this file, such as "migrations"`},
		{"a negative schema", "requiresSchema: 2", "requiresSchema: -1", `r:9:17: requiresSchema: is -1; it must be 0 or more`},
		{"no schema", "requiresSchema: 2\n", "", `r:1:1: requiresSchema: missing; give it`},
		{"evidence without a time", `, at: "2026-02-12T09:03:00Z"`, "", `r:12:5: evidence[0].at: missing; give an RFC 3339 time such as "2026-12-24T00:00:00Z"`},
		{
			"evidence given twice", "changes:", "  - {check: tests, by: x, at: 2026-02-12T09:03:00Z}\nchanges:",
			`r:13:13: evidence[1].check: "tests" is that of evidence[0] too; keep one`,
		},
		{"a change without a subject", "subject: let", "author: a@example.com}\n  - {subject: let", `r:14:5: changes[0].subject: missing; give one line of 1 to 200 characters`},
		{
			"two problems", "1.1.0\nrepository: pilotage/running-app", "\"\"\nrepository: x",
			"r:2:10: version: \"\" is not a version such as \"1.2.0\", of at most 39 letters, digits and . _ + -\n" +
				"r:3:13: repository: \"x\" is not a repository such as \"owner/name\"",
		},
		{
			"a version that is a commit", "1.1.0", "44540c30af6c72afb185aef75525893db858f778",
			`r:2:10: version: "44540c30af6c72afb185aef75525893db858f778" is not a version such as "1.2.0", of at most 39 letters, digits and . _ + -`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(valid, test.old) {
				t.Fatalf("nothing to edit")
			}
			_, err := manifest.Parse("r", []byte(strings.Replace(valid, test.old, test.new, 1)))
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

// bare is a release.yaml as it is committed: nothing in it changes with each commit.
const bare = `service: running-app
version: 1.1.0
repository: pilotage/running-app
migrations: migrations/
requiresSchema: 2
configSchema: "1"
`

func TestCompleteTakesWhatTheFileCannotKnow(t *testing.T) {
	given := manifest.Given{
		Commit: strings.Repeat("a", 40), Author: "ada@example.com", Built: true,
		Evidence: []deploy.Evidence{{Check: "tests", By: "codebuild", At: "2026-03-01T00:00:00Z"}},
	}
	m, err := manifest.Complete("r", []byte(bare), given)
	if err != nil {
		t.Fatal(err)
	}
	if m.Commit != given.Commit || m.Author != given.Author || len(m.Evidence) != 1 {
		t.Errorf("got %+v", m)
	}
	given.Commit = "44540c30af6c72afb185aef75525893db858f778"
	given.Evidence = append(given.Evidence, deploy.Evidence{Check: "lint", By: "codebuild", At: "2026-03-01T00:00:00Z"})
	m, err = manifest.Complete("r", []byte(valid), given)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Evidence) != 2 || m.Evidence[0].By != "codebuild" || m.Author != given.Author {
		t.Errorf("got %+v, want evidence of tests and lint, both given", m.Evidence)
	}
}

func TestCompleteSaysWhatIsStillMissing(t *testing.T) {
	_, err := manifest.Complete("r", []byte(bare), manifest.Given{})
	for _, field := range []string{"commit", "author", "build.command", "evidence"} {
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), field+": missing") {
			t.Errorf("%s: got %v", field, err)
		}
	}
	_, err = manifest.Complete("r", []byte(valid), manifest.Given{Commit: strings.Repeat("a", 40)})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "r:4:9: commit: is \"44540c30") {
		t.Errorf("another commit: got %v", err)
	}
}
