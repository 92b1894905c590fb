package worldtest

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/fault"
)

// Catalog tests release.Catalog.
func Catalog(t *testing.T, s Subject) {
	for name, ref := range map[string]string{"digest": s.Next.Digest, "commit": s.Next.Commit, "version": s.Next.Version} {
		found, err := s.World.Catalog.Find(t.Context(), s.Scope.Service, ref)
		if err != nil || !reflect.DeepEqual(found, s.Next) {
			t.Errorf("by its %s: got %+v and error %v, want %+v", name, found, err, s.Next)
		}
	}
	for name, ask := range map[string]struct{ service, ref string }{
		"an unknown version": {s.Scope.Service, "0.0.0"}, "no version": {s.Scope.Service, ""}, "an unknown service": {"no-such-service", s.Next.Version},
	} {
		_, err := s.World.Catalog.Find(t.Context(), ask.service, ask.ref)
		refused(t, name, err, fault.Invalid)
	}
	if _, err := s.World.Catalog.Find(t.Context(), s.Scope.Service, "0.0.0"); err != nil && !strings.Contains(err.Error(), s.Live.Version) {
		t.Errorf("an unknown version: %q does not list those that exist", err)
	}
	files, err := s.World.Catalog.Migrations(t.Context(), s.Scope.Service, s.Next.Digest)
	must(t, err)
	if names, err := fs.Glob(files, "*.sql"); err != nil || len(names) != len(s.Next.Migrations) {
		t.Errorf("got migrations %q and error %v, want %d", names, err, len(s.Next.Migrations))
	}
	_, err = s.World.Catalog.Migrations(t.Context(), s.Scope.Service, "sha256:0000")
	refused(t, "migrations of an unknown release", err, fault.Invalid)
}
