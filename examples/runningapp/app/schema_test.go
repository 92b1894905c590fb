package app_test

import (
	"net/http"
	"testing"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

// works reports whether a release can write, read, list and sum up.
func works(t *testing.T, release app.Release, dsn string) bool {
	t.Helper()
	handler := serve(t, release, dsn)
	created := ask(handler, "POST", "/runs", `{"runner":"Anna","distanceMeters":10000,"durationSeconds":3000}`)
	if created.Code != http.StatusCreated {
		return false
	}
	for _, target := range []string{created.Header().Get("Location"), "/runs", "/stats", "/", "/health/readiness"} {
		if ask(handler, "GET", target, "").Code != http.StatusOK {
			return false
		}
	}
	return true
}

func TestTheReleaseBeforeWorksWithTheSchemaAfter(t *testing.T) {
	noted := app.Release{Version: "1.2.0", RequiresSchema: 3, Columns: app.Columns{Shoe: true, Note: true}}
	kilometres := app.Release{Version: "1.3.0", RequiresSchema: 3, Columns: app.Columns{Shoe: true, Kilometres: true}}
	tests := []struct {
		schema  string
		release app.Release
		want    bool
	}{
		{"1.0.0", baseline(), true},
		{"1.0.0", next(), false}, // so that works can fail
		{"1.1.0", baseline(), true},
		{"1.1.0", next(), true},
		{"1.2.0", next(), true},
		{"1.2.0", noted, true},
		{"1.3.0", kilometres, true},
		{"1.3.0", next(), false}, // what the lint refuses it for
	}
	for _, test := range tests {
		t.Run(test.release.Version+" on the schema of "+test.schema, func(t *testing.T) {
			dsn := pgtest.Database(t)
			migrate(t, dsn, test.schema)
			if got := works(t, test.release, dsn); got != test.want {
				t.Errorf("works: got %v, want %v", got, test.want)
			}
		})
	}
}

func TestDownPartsLeadBackToTheReleaseBefore(t *testing.T) {
	for _, version := range []string{"1.1.0", "1.2.0", "1.3.0"} {
		t.Run(version, func(t *testing.T) {
			dsn := pgtest.Database(t)
			migrate(t, dsn, "1.0.0")
			if !works(t, baseline(), dsn) {
				t.Fatal("1.0.0 does not work on its own schema")
			}
			migrator := migrator(t, dsn, version)
			_, err := migrator.Expand(t.Context())
			must(t, err)
			_, err = migrator.RevertTo(t.Context(), 1)
			must(t, err)
			if !works(t, baseline(), dsn) {
				t.Error("1.0.0 does not work any more")
			}
			stats := decode[app.Stats](t, ask(serve(t, baseline(), dsn), "GET", "/stats", ""))
			if want := (app.Stats{Runs: 2, DistanceMeters: 20000, DurationSeconds: 6000, LongestMeters: 10000, PaceSecondsPerKm: 300}); stats != want {
				t.Errorf("stats: got %+v, want %+v", stats, want)
			}
		})
	}
}
