package releases_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/migration"
)

// manifest is release.yaml.
type manifest struct {
	Service    string `json:"service"`
	Version    string `json:"version"`
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
	Author     string `json:"author"`
	Build      struct {
		Command []string `json:"command"`
	} `json:"build"`
	Migrations     string            `json:"migrations"`
	RequiresSchema int64             `json:"requiresSchema"`
	ConfigSchema   string            `json:"configSchema"`
	Evidence       []deploy.Evidence `json:"evidence"`
	Changes        []deploy.Change   `json:"changes"`
}

func TestManifestsAreComplete(t *testing.T) {
	commits := map[string]bool{}
	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			var m manifest
			strictly(t, filepath.Join(version, "release.yaml"), &m)
			if m.Service != "running-app" || m.Version != version || len(m.Commit) != 40 || commits[m.Commit] {
				t.Errorf("got %s %s at commit %q, want running-app %s at a commit of its own", m.Service, m.Version, m.Commit, version)
			}
			commits[m.Commit] = true
			if got, want := m.Build.Command[len(m.Build.Command)-1], "./examples/runningapp/releases/"+version; got != want {
				t.Errorf("builds %q, want %q", got, want)
			}
			if len(m.Changes) == 0 || m.Changes[0].Commit != m.Commit || m.Changes[0].Author != m.Author {
				t.Errorf("newest change: got %+v, want commit %s by %s", m.Changes, m.Commit, m.Author)
			}
			release := deploy.Release{Evidence: m.Evidence}
			for _, check := range []string{"build", "lint", "typecheck", "tests", "security"} {
				if !release.Has(check) {
					t.Errorf("evidence of %s is missing", check)
				}
			}
			set := migrations(t, version)
			if got := set.Migrations[len(set.Migrations)-1].Version; got != m.RequiresSchema {
				t.Errorf("newest migration: got %d, want the required schema %d", got, m.RequiresSchema)
			}
		})
	}
}

// A release carries every migration up to its own, unchanged. 1.3.0 was never taken over by the
// ones after it, which follow 1.2.0.
func TestMigrationsAreCopiesOfTheReleaseBefore(t *testing.T) {
	before := map[string]string{
		"1.1.0": "1.0.0", "1.2.0": "1.1.0", "1.3.0": "1.1.0", "1.4.0": "1.2.0", "1.5.0": "1.2.0", "1.6.0": "1.2.0",
	}
	for version, old := range before {
		set, base := migrations(t, version), migrations(t, old)
		for i, m := range base.Migrations {
			if got := set.Migrations[i]; got.Name != m.Name || got.Checksum != m.Checksum {
				t.Errorf("%s: migration %d: got %s %.8s, want %s %.8s as in %s", version, m.Version, got.Name, got.Checksum, m.Name, m.Checksum, old)
			}
		}
	}
}

func TestOnlyTheDestructiveReleaseIsRefusedByTheLint(t *testing.T) {
	for _, version := range versions() {
		findings := migration.Lint(migrations(t, version))
		if got, want := migration.Refused(findings), version == "1.3.0"; got != want {
			t.Errorf("%s: refused: got %v, want %v: %+v", version, got, want, findings)
		}
		dropped := slices.ContainsFunc(findings, func(f migration.Finding) bool {
			return f.Rule == "drop-column" && f.File == "0003_drop_distance.expand.sql"
		})
		if dropped != (version == "1.3.0") {
			t.Errorf("%s: drop-column found: got %v", version, dropped)
		}
	}
}

func TestNothingElseIsInTheFolder(t *testing.T) {
	entries, err := os.ReadDir(".")
	must(t, err)
	var got []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") {
			got = append(got, entry.Name())
		}
	}
	if want := versions(); !slices.Equal(got, want) {
		t.Errorf("releases: got %v, want %v", got, want)
	}
}
