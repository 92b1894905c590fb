package world_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
)

// options are a world of the running app, with these releases published.
func options(tb testing.TB, environments []string, versions ...string) (world.Options, []deploy.Release) {
	tb.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		tb.Fatal(err)
	}
	example, dir := filepath.Join(root, "examples", "runningapp"), tb.TempDir()
	settings, err := config.Load(filepath.Join(example, "pilotage.local.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	catalog := &releases.Catalog{Service: settings.Service, Dir: filepath.Join(example, "releases"), Root: root, Out: filepath.Join(dir, "programs")}
	var published []deploy.Release
	for _, version := range versions {
		release, err := catalog.Publish(tb.Context(), version)
		if err != nil {
			tb.Fatal(err)
		}
		published = append(published, release)
	}
	return world.Options{
		Dir: filepath.Join(dir, "world"), Settings: world.Settings{File: settings}, Catalog: catalog, Environments: environments,
		Postgres: pgtest.Binaries(tb), Clock: clock.System{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}, published
}

// open makes a world in which each environment serves a version.
func open(tb testing.TB, options world.Options, version string) *world.World {
	tb.Helper()
	w, err := world.Open(tb.Context(), options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	for _, environment := range options.Environments {
		if err := w.Seed(tb.Context(), environment, version); err != nil {
			tb.Fatal(err)
		}
	}
	return w
}
