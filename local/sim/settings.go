package sim

import (
	"context"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/release"
)

// settings is the configuration of all scopes.
type settings struct{ w *World }

// Environment implements functions.Settings.
func (s settings) Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error) {
	return read(s.w, ctx, "Settings.Environment", func() (deploy.Environment, error) {
		env, found := s.w.settings[scope]
		if !found {
			return env, fault.New(fault.Invalid, "there is no environment %s; there are %s and %s", scope, Scope(), Staging())
		}
		return env, nil
	})
}

// All implements functions.Settings.
func (s settings) All(ctx context.Context) ([]deploy.Configured, error) {
	return read(s.w, ctx, "Settings.All", func() ([]deploy.Configured, error) {
		var all []deploy.Configured
		for _, scope := range []deploy.Scope{Scope(), Staging()} {
			all = append(all, deploy.Configured{Scope: scope, Repository: Repository, Environment: s.w.settings[scope]})
		}
		return all, nil
	})
}

// catalog is the published releases.
type catalog struct{ w *World }

// Find implements release.Catalog.
func (c catalog) Find(ctx context.Context, service, ref string) (deploy.Release, error) {
	return read(c.w, ctx, "Catalog.Find", func() (deploy.Release, error) {
		if service != Scope().Service {
			return deploy.Release{}, fault.New(fault.Invalid, "there is no service %q", service)
		}
		return c.w.release(ref)
	})
}

// Migrations implements release.Catalog; the simulated schema needs no files.
func (c catalog) Migrations(context.Context, string, string) (fs.FS, error) {
	return fstest.MapFS{}, nil
}

// release finds a release by digest, commit or version.
func (w *World) release(ref string) (deploy.Release, error) {
	var versions []string
	for _, r := range w.releases {
		if ref != "" && (ref == r.Digest || ref == r.Commit || ref == r.Version) {
			return r, nil
		}
		versions = append(versions, r.Version)
	}
	return deploy.Release{}, release.Unknown("there is no release %q; there are %s", ref, strings.Join(versions, ", "))
}

// Publish adds a release to the catalog, or replaces the one of its version.
func (w *World) Publish(r deploy.Release) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.releases {
		if w.releases[i].Version == r.Version {
			w.releases[i] = r
			return
		}
	}
	w.releases = append(w.releases, r)
}
