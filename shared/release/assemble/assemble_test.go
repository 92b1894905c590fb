package assemble_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/release/assemble"
	"github.com/pilotage/pilotage/shared/release/manifest"
)

func described() manifest.Manifest {
	return manifest.Manifest{
		Service: "shop", Repository: "acme/shop", Version: "1.2.0", Commit: strings.Repeat("c", 40), Author: "ada@example.com",
		ConfigSchema: "1", RequiresSchema: 1, Evidence: []deploy.Evidence{{Check: "tests", By: "ci", At: "2026-02-12T09:00:00Z"}},
	}
}

func files() fstest.MapFS {
	return fstest.MapFS{"0001_create_cart.expand.sql": {Data: []byte("-- +goose Up\nCREATE TABLE cart (id int);\n-- +goose Down\nDROP TABLE cart;\n")}}
}

func release(t *testing.T, m manifest.Manifest, built assemble.Built, migrations fs.FS) deploy.Release {
	t.Helper()
	made, err := assemble.Release(m, built, migrations)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestReleaseIsItsContent(t *testing.T) {
	built := assemble.Built{Artefact: "shop@sha256:1", Sum: "1"}
	one := release(t, described(), built, files())
	if len(one.Migrations) != 1 || one.Migrations[0].Name != "create_cart" || one.Artefact != built.Artefact || one.Author != "ada@example.com" {
		t.Errorf("got %+v", one)
	}
	for name, test := range map[string]struct {
		change func(*manifest.Manifest, *assemble.Built, fstest.MapFS)
		same   bool
	}{
		"nothing":             {func(*manifest.Manifest, *assemble.Built, fstest.MapFS) {}, true},
		"evidence":            {func(m *manifest.Manifest, _ *assemble.Built, _ fstest.MapFS) { m.Evidence = nil }, true},
		"changes":             {func(m *manifest.Manifest, _ *assemble.Built, _ fstest.MapFS) { m.Changes = []deploy.Change{{}} }, true},
		"where it lies":       {func(_ *manifest.Manifest, b *assemble.Built, _ fstest.MapFS) { b.Artefact = "mirror@sha256:1" }, true},
		"what is run":         {func(_ *manifest.Manifest, b *assemble.Built, _ fstest.MapFS) { b.Sum = "2" }, false},
		"the commit":          {func(m *manifest.Manifest, _ *assemble.Built, _ fstest.MapFS) { m.Commit = strings.Repeat("d", 40) }, false},
		"the shape of config": {func(m *manifest.Manifest, _ *assemble.Built, _ fstest.MapFS) { m.ConfigSchema = "2" }, false},
		"a migration": {func(_ *manifest.Manifest, _ *assemble.Built, f fstest.MapFS) {
			f["0002_add.expand.sql"] = f["0001_create_cart.expand.sql"]
		}, false},
	} {
		m, b, f := described(), built, files()
		test.change(&m, &b, f)
		if got := release(t, m, b, f); (got.Digest == one.Digest) != test.same {
			t.Errorf("%s differs: got %s of %s, want the same: %v", name, got.Digest, one.Digest, test.same)
		}
	}
}

func TestMigrationsThatCannotBeReadAreRefused(t *testing.T) {
	if got, err := assemble.Release(described(), assemble.Built{}, fstest.MapFS{"first.sql": {Data: []byte("x")}}); err == nil {
		t.Errorf("got %+v", got)
	}
}

func TestImageHasADigest(t *testing.T) {
	digest := strings.Repeat("a1", 32)
	built, err := assemble.Image("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:" + digest)
	if err != nil || built.Sum != digest || !strings.HasSuffix(built.Artefact, digest) {
		t.Errorf("got %+v and error %v", built, err)
	}
	for _, reference := range []string{"", "shop", "shop:1.2.0", "shop@sha256:", "shop@sha256:" + digest[1:], "shop@sha256:" + strings.ToUpper(digest), "sh op@sha256:" + digest, "@sha256:" + digest} {
		if _, err := assemble.Image(reference); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got error %v, want one of class Invalid", reference, err)
		}
	}
}
