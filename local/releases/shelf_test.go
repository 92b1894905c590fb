package releases_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/release"
)

// made is a release of a program that says its version.
func made(t *testing.T, version string) deploy.Release {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho "+version+"\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	number := strings.ReplaceAll(version, ".", "")
	return deploy.Release{
		Digest: fmt.Sprintf("sha256:%064s", number), Service: "shop", Version: version, Commit: fmt.Sprintf("%040s", number), Artefact: program,
	}
}

func migrations() fstest.MapFS { return fstest.MapFS{"0001_create.expand.sql": {Data: []byte("x")}} }

func TestShelf(t *testing.T) {
	shelf := releases.Shelf{Dir: filepath.Join(t.TempDir(), "shelf")}
	one := made(t, "1.2.0")
	if _, err := shelf.Find(t.Context(), "shop", one.Commit); !release.IsUnknown(err) || !strings.Contains(err.Error(), "none") {
		t.Errorf("of an empty shelf: got error %v", err)
	}
	for range 2 {
		if _, err := shelf.Publish(t.Context(), one, migrations()); err != nil {
			t.Fatal(err)
		}
	}
	// What was published does not depend on where it was built.
	if err := os.Remove(one.Artefact); err != nil {
		t.Fatal(err)
	}
	catalog := (&releases.Catalog{Service: "shop"}).Only(nil, shelf)
	for _, ref := range []string{one.Digest, one.Commit, one.Version} {
		found, err := catalog.Find(t.Context(), "shop", ref)
		if err != nil || found.Digest != one.Digest {
			t.Fatalf("%q: got %+v and error %v", ref, found, err)
		}
		program, err := catalog.Artefact(t.Context(), "shop", ref)
		text, readErr := os.ReadFile(program)
		if err != nil || readErr != nil || !strings.Contains(string(text), "1.2.0") {
			t.Errorf("%q: got program %q and errors %v, %v", ref, text, err, readErr)
		}
		files, err := catalog.Migrations(t.Context(), "shop", ref)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := fs.ReadFile(files, "0001_create.expand.sql"); err != nil || string(text) != "x" {
			t.Errorf("%q: got %q and error %v", ref, text, err)
		}
	}
	if _, err := catalog.Find(t.Context(), "shop", "9.9.9"); !release.IsUnknown(err) || !strings.Contains(err.Error(), "1.2.0") {
		t.Errorf("got error %v, want one that lists 1.2.0", err)
	}
}

func TestShelfMovesNoName(t *testing.T) {
	shelf := releases.Shelf{Dir: t.TempDir()}
	one := made(t, "1.2.0")
	if _, err := shelf.Publish(t.Context(), one, migrations()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*deploy.Release){
		"version 1.2.0": func(r *deploy.Release) { r.Commit = strings.Repeat("d", 40) },
		"commit 0000":   func(r *deploy.Release) { r.Version = "1.2.1" },
	} {
		other := one
		other.Digest = "sha256:" + strings.Repeat("8", 64)
		change(&other)
		if _, err := shelf.Publish(t.Context(), other, migrations()); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("moving %s: got error %v", name, err)
		}
	}
	for _, name := range []string{"", "..", "a/b", ".hidden"} {
		bad := one
		bad.Version = name
		if _, err := shelf.Publish(t.Context(), bad, migrations()); !fault.Is(err, fault.Invalid) {
			t.Errorf("version %q: got error %v, want one of class Invalid", name, err)
		}
		if _, err := shelf.Find(t.Context(), "shop", name); !release.IsUnknown(err) {
			t.Errorf("version %q: got error %v, want that it is unknown", name, err)
		}
	}
}

// TestShelfHasOneWinner: of builds of one commit that end together, one is what everybody finds.
func TestShelfHasOneWinner(t *testing.T) {
	shelf := releases.Shelf{Dir: t.TempDir()}
	var builds sync.WaitGroup
	var mu sync.Mutex
	won := map[string]int{}
	for i := range 8 {
		one := made(t, "1.2.0")
		one.Digest = fmt.Sprintf("sha256:%064d", i/2) // two build the same
		builds.Go(func() {
			if _, err := shelf.Publish(t.Context(), one, migrations()); err == nil {
				mu.Lock()
				won[one.Digest]++
				mu.Unlock()
			}
		})
	}
	builds.Wait()
	found, err := shelf.Find(t.Context(), "shop", "1.2.0")
	if err != nil || len(won) != 1 || won[found.Digest] != 2 {
		t.Errorf("got %v, and %q is found with error %v", won, found.Digest, err)
	}
}
