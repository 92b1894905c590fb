package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/examples/runningapp/app"
	"github.com/pilotage/pilotage/local/postgres/pgtest"
)

func TestRunsAreStoredListedAndSummedUp(t *testing.T) {
	dsn := pgtest.Database(t)
	migrate(t, dsn, "1.1.0")
	handler := serve(t, next(), dsn)
	created := ask(handler, "POST", "/runs", `{"runner":"Anna","startedAt":"2026-05-01T06:30:00Z","distanceMeters":10000,"durationSeconds":3000,"shoe":"red"}`)
	wants(t, created, http.StatusCreated)
	wants(t, ask(handler, "POST", "/runs", `{"runner":"Ben","distanceMeters":5000,"durationSeconds":1800}`), http.StatusCreated)

	read := ask(handler, "GET", created.Header().Get("Location"), "")
	wants(t, read, http.StatusOK)
	if got, want := read.Body.String(), created.Body.String(); got != want {
		t.Errorf("read: got %s, want %s", got, want)
	}
	list := decode[struct{ Runs []app.Run }](t, ask(handler, "GET", "/runs", ""))
	if len(list.Runs) != 2 || list.Runs[0].Runner != "Ben" || list.Runs[1].Shoe != "red" {
		t.Errorf("list: got %+v, want Ben's run, then Anna's with red shoes", list.Runs)
	}
	stats := decode[app.Stats](t, ask(handler, "GET", "/stats", ""))
	want := app.Stats{Runs: 2, DistanceMeters: 15000, DurationSeconds: 4800, LongestMeters: 10000, PaceSecondsPerKm: 320}
	if stats != want {
		t.Errorf("stats: got %+v, want %+v", stats, want)
	}
	front := ask(handler, "GET", "/", "")
	wants(t, front, http.StatusOK)
	if !strings.Contains(front.Body.String(), "<td>Anna<td>10000<td>3000<td>red") {
		t.Errorf("front page lacks Anna's run: %s", front.Body)
	}
}

func TestPagesAndRunnersAreChosen(t *testing.T) {
	dsn := pgtest.Database(t)
	migrate(t, dsn, "1.0.0")
	handler := serve(t, baseline(), dsn)
	for _, runner := range []string{"Anna", "Ben", "Anna", "Ben"} {
		wants(t, ask(handler, "POST", "/runs", `{"runner":"`+runner+`","distanceMeters":1000,"durationSeconds":300}`), http.StatusCreated)
	}
	tests := map[string][]int64{
		"/runs":                     {4, 3, 2, 1},
		"/runs?limit=2":             {4, 3},
		"/runs?limit=2&before=3":    {2, 1},
		"/runs?runner=Anna":         {3, 1},
		"/runs?runner=Ben&before=4": {2},
		"/runs?runner=Nobody":       {},
	}
	for target, want := range tests {
		t.Run(target, func(t *testing.T) {
			runs := decode[struct{ Runs []app.Run }](t, ask(handler, "GET", target, "")).Runs
			if len(runs) != len(want) {
				t.Fatalf("got %+v, want ids %v", runs, want)
			}
			for i, run := range runs {
				if run.ID != want[i] {
					t.Errorf("run %d: got id %d, want %d", i, run.ID, want[i])
				}
			}
		})
	}
	if got := decode[app.Stats](t, ask(handler, "GET", "/stats?runner=Anna", "")).Runs; got != 2 {
		t.Errorf("Anna's runs: got %d, want 2", got)
	}
	if got, want := ask(handler, "GET", "/runs?runner=Nobody", "").Body.String(), "{\"runs\":[]}\n"; got != want {
		t.Errorf("no runs: got %q, want %q", got, want)
	}
}

func TestDryRunLeavesNothingBehind(t *testing.T) {
	dsn := pgtest.Database(t)
	migrate(t, dsn, "1.0.0")
	handler := serve(t, baseline(), dsn)
	wants(t, ask(handler, "POST", "/runs?dryRun=true", `{"runner":"Anna","distanceMeters":1000,"durationSeconds":300}`), http.StatusOK)
	if got := decode[app.Stats](t, ask(handler, "GET", "/stats", "")).Runs; got != 0 {
		t.Errorf("runs: got %d, want 0", got)
	}
}

func TestInputIsBounded(t *testing.T) {
	dsn := pgtest.Database(t)
	migrate(t, dsn, "1.0.0")
	handler := serve(t, baseline(), dsn)
	long := strings.Repeat("x", 81)
	tests := []struct {
		name, method, target, body string
		status                     int
		contains                   string
	}{
		{"no body", "POST", "/runs", "", 400, "not a run in JSON"},
		{"two objects", "POST", "/runs", `{"runner":"A","distanceMeters":1,"durationSeconds":1}{}`, 400, "something follows"},
		{"unknown field", "POST", "/runs", `{"speed":1}`, 400, "speed"},
		{"field of a later release", "POST", "/runs", `{"runner":"A","distanceMeters":1,"durationSeconds":1,"shoe":"red"}`, 400, "shoe is not a field of this release"},
		{"id of one's own", "POST", "/runs", `{"id":7,"runner":"A","distanceMeters":1,"durationSeconds":1}`, 400, "id is given"},
		{"no runner", "POST", "/runs", `{"distanceMeters":1,"durationSeconds":1}`, 400, "runner is missing"},
		{"long runner", "POST", "/runs", `{"runner":"` + long + `","distanceMeters":1,"durationSeconds":1}`, 400, "at most 80"},
		{"control character", "POST", "/runs", `{"runner":"A\u0000","distanceMeters":1,"durationSeconds":1}`, 400, "control characters"},
		{"no distance", "POST", "/runs", `{"runner":"A","durationSeconds":1}`, 400, "distanceMeters must be 1 to"},
		{"large distance", "POST", "/runs", `{"runner":"A","distanceMeters":1000001,"durationSeconds":1}`, 400, "distanceMeters must be 1 to"},
		{"large duration", "POST", "/runs", `{"runner":"A","distanceMeters":1,"durationSeconds":604801}`, 400, "durationSeconds must be 1 to"},
		{"future", "POST", "/runs", `{"runner":"A","distanceMeters":1,"durationSeconds":1,"startedAt":"2999-01-01T00:00:00Z"}`, 400, "startedAt"},
		{"large body", "POST", "/runs", `{"runner":"` + strings.Repeat("x", 17<<10) + `"}`, 413, "larger than 16384 bytes"},
		{"limit", "GET", "/runs?limit=101", "", 400, "limit must be 1 to 100"},
		{"before", "GET", "/runs?before=x", "", 400, "before must be"},
		{"runner not UTF-8", "GET", "/stats?runner=%ff", "", 400, "UTF-8"},
		{"id", "GET", "/runs/x", "", 400, "id must be"},
		{"absent run", "GET", "/runs/1", "", 404, "no such run"},
		{"absent route", "GET", "/nothing", "", 404, ""},
		{"wrong method", "DELETE", "/runs/1", "", 405, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := ask(handler, test.method, test.target, test.body)
			wants(t, w, test.status)
			if !strings.Contains(w.Body.String(), test.contains) {
				t.Errorf("body: got %s, want %q in it", w.Body, test.contains)
			}
			if got := w.Header().Get(app.HeaderRelease); got != "1.0.0" {
				t.Errorf("release: got %q, want 1.0.0", got)
			}
		})
	}
}
