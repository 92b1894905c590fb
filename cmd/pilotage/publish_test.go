package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/releases"
)

// bare is a release.yaml as it is committed: nothing in it changes with each commit.
const bare = `service: shop
version: 1.2.0
repository: acme/shop
migrations: migrations
requiresSchema: 1
configSchema: "1"
`

// testPublish publishes to a folder, and is told what is wrong.
func testPublish(t *testing.T, p program) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"release.yaml": bare, "program": "#!/bin/sh\n", "another": "#!/bin/sh\nexit 1\n",
		"migrations/0001_create.expand.sql": "-- +goose Up\nCREATE TABLE t (id int);\n-- +goose Down\nDROP TABLE t;\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commit, other := strings.Repeat("c", 40), strings.Repeat("d", 40)
	known := []string{"--author", "ada@example.com", "--passed", "tests", "--passed", "lint", "--by", "ci"}
	local := append([]string{"--program", "program", "--catalog", "catalog"}, known...)
	image := "shop@sha256:" + strings.Repeat("a", 64)
	for _, test := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing to run", []string{"--catalog", "c"}, 2, `what is run\? give either --image or --program`},
		{"nowhere", []string{"--image", image}, 2, `where to\? give either --bucket or --catalog`},
		{"an image on this machine", []string{"--image", image, "--catalog", "c"}, 2, `give --program`},
		{"a program on AWS", []string{"--program", "program", "--bucket", "b"}, 2, `give --image`},
		{"half a commit", append(local, "--commit", commit[:7]), 2, `--commit: "ccccccc" is not a commit of 40 hex digits`},
		{"a check that is none", append(local, "--passed", "All Tests"), 2, `--passed: "All Tests" is not a word`},
		{"no commit", local, 2, `release\.yaml:1:1: commit: missing`},
		{"no program there", append([]string{"--commit", commit, "--program", "nothing", "--catalog", "catalog"}, known...), 2, `read the program: open nothing`},
		{"no region", append([]string{"--commit", commit, "--image", image, "--bucket", "b", "--region", ""}, known...), 2, `set AWS_REGION`},
		{"it is published", append(local, "--commit", commit), 0, `^published shop 1\.2\.0 of commit ccccccc as sha256:[0-9a-f]{64}\n$`},
		{"it is published once", append(local, "--commit", commit, "--program", "another"), 0, `^shop 1\.2\.0 of commit ccccccc is published already, as sha256:[0-9a-f]{64}: nothing was changed\n$`},
		{"its version is not moved", append(local, "--commit", other), 2, `version 1\.2\.0 stands for release sha256:[0-9a-f]{64} already`},
	} {
		got := p.run(t, dir, append([]string{"publish", "release.yaml"}, test.args...)...)
		if got.code != test.code || !regexp.MustCompile(test.says).MatchString(got.stdout+got.stderr) {
			t.Errorf("%s: got exit code %d and\n%s%s\nwant %d and %s", test.name, got.code, got.stdout, got.stderr, test.code, test.says)
		}
	}
	found, err := releases.Shelf{Dir: filepath.Join(dir, "catalog")}.Find(t.Context(), "shop", commit)
	if err != nil || found.Author != "ada@example.com" || !found.Has("tests") || !found.Has("lint") || found.Evidence[0].By != "ci" ||
		len(found.Migrations) != 1 || !filepath.IsAbs(found.Artefact) {
		t.Errorf("got %+v and error %v", found, err)
	}
}
