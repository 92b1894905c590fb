package deploy_test

import (
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
)

func TestMigrationsDigestIsThatOfWhatIsApplied(t *testing.T) {
	set := func(change func(*deploy.Release)) string {
		r := deploy.Release{Migrations: []deploy.Migration{
			{Version: 1, Name: "a", Kind: deploy.Expand, Checksum: "x"}, {Version: 2, Name: "b", Kind: deploy.Expand, Checksum: "y"}, {Version: 2, Name: "b", Kind: deploy.Contract, Checksum: "y"},
		}}
		change(&r)
		return r.MigrationsDigest()
	}
	want := set(func(*deploy.Release) {})
	for name, test := range map[string]struct {
		change func(*deploy.Release)
		same   bool
	}{
		"in another order":       {func(r *deploy.Release) { r.Migrations[0], r.Migrations[2] = r.Migrations[2], r.Migrations[0] }, true},
		"kinds in another order": {func(r *deploy.Release) { r.Migrations[1], r.Migrations[2] = r.Migrations[2], r.Migrations[1] }, true},
		"another name":           {func(r *deploy.Release) { r.Migrations[0].Name = "c" }, true},
		"another version":        {func(r *deploy.Release) { r.Migrations[0].Version = 3 }, false},
		"another kind":           {func(r *deploy.Release) { r.Migrations[0].Kind = deploy.Contract }, false},
		"another checksum":       {func(r *deploy.Release) { r.Migrations[0].Checksum = "w" }, false},
		"one less":               {func(r *deploy.Release) { r.Migrations = r.Migrations[1:] }, false},
		"none":                   {func(r *deploy.Release) { r.Migrations = nil }, false},
	} {
		if got := set(test.change); (got == want) != test.same || got == "" {
			t.Errorf("%s: got %s and %s, want the same: %v", name, got, want, test.same)
		}
	}
}
