package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// golden compares with what was reviewed; `go test ./infra -update` takes what there is now.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatalf("write %s: %v", path, err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read %s: %v; make it with -update", path, err)
	}
	if bytes.Equal(got, want) {
		return
	}
	before, after := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			t.Fatalf("%s:%d differs: reviewed %q, now %q; look at all of it with -update and git diff", path, i+1, around(before[i], after[i]), around(after[i], before[i]))
		}
	}
	t.Fatalf("%s has %d lines, now %d; look with -update and git diff", path, len(before), len(after))
}

// around is where a line begins to differ from another: one line may hold a whole definition.
func around(line, other string) string {
	const context = 100
	same := 0
	for same < min(len(line), len(other)) && line[same] == other[same] {
		same++
	}
	return line[max(0, same-context):min(len(line), same+context)]
}

// TestMain knows -update, and keeps the CDK quiet.
func TestMain(m *testing.M) {
	flag.Bool("update", false, "take the templates of now as reviewed")
	if err := prepareRuntime(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func goldenTemplates(t *testing.T, a assembly) {
	for name, stack := range a {
		golden(t, name+".template.json", stack.text)
	}
}

// goldenRights lists what each role may do, in a form that a reviewer reads.
func goldenRights(t *testing.T, a assembly) {
	var text strings.Builder
	for _, stack := range slices.Sorted(maps.Keys(a)) {
		rights := policies(a[stack])
		for _, holder := range slices.Sorted(maps.Keys(rights)) {
			fmt.Fprintf(&text, "%s %s\n", stack, holder)
			for _, s := range rights[holder] {
				for _, action := range s.actions {
					fmt.Fprintf(&text, "    %s on %s%s\n", action, strings.Join(s.resources, ", "), s.when)
				}
			}
		}
	}
	golden(t, "rights.txt", []byte(text.String()))
}
