package scenario_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/postgres/pgtest"
	"github.com/pilotage/pilotage/local/report"
	"github.com/pilotage/pilotage/local/scenario"
	"github.com/pilotage/pilotage/local/world"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

// runner runs scenarios on this machine, with a real database and real processes.
func runner(t *testing.T) *scenario.Runner {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &scenario.Runner{
		Dir: filepath.Join(dir, "worlds"), Root: root, Programs: filepath.Join(dir, "programs"), Postgres: pgtest.Binaries(t),
		Clock: clock.System{}, View: report.NewView(io.Discard, report.Options{Mode: report.Plain, Now: clock.System{}.Now}),
	}
}

// run loads a scenario from text and runs it. Files lie beside it, by name.
func run(t *testing.T, r *scenario.Runner, text string, beside map[string]string) (report.Scenario, error) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"demo.yaml": strings.ReplaceAll(text, "RUNNINGAPP", runningApp(t))}
	for name, content := range beside {
		files[name] = content
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, settings, err := scenario.Load(filepath.Join(dir, "demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(t.Context(), file, settings)
}

// shipping pushes 1.1.0 to staging.
const shipping = `name: shipping
settings: RUNNINGAPP/pilotage.local.yaml
releases: RUNNINGAPP/releases
start: {staging: 1.0.0}
traffic:
  environment: staging
  ratePerSecond: 20
  requests: [{method: GET, path: /stats}]
when: {push: {branch: main, release: 1.1.0, by: anna}}
`

func TestWrongExpectationsAreNamedWithWhatWasSeen(t *testing.T) {
	result, err := run(t, runner(t), shipping+`expect:
  outcome: refused
  error: Pilotage.Rejected
  release: 1.0.0
  schema: 7
  hold: set
  states: [Validate, Approve, Lock]
  never: [Migrate]
  requests: {atLeast: 100000}
  lost: {atLeast: 1}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.OK || result.Outcome != "succeeded" || result.Expected != "refused" {
		t.Errorf("got %s, expected %s, ok %v", result.Outcome, result.Expected, result.OK)
	}
	got := slices.Clone(result.Problems)
	for i, one := range got {
		one = regexp.MustCompile(`after \d+\.\d s`).ReplaceAllString(one, "after N s")
		got[i] = regexp.MustCompile(`, \d+ was seen$`).ReplaceAllString(one, ", N was seen")
	}
	want := []string{
		"expect.outcome: refused was expected, succeeded was seen",
		"expect.error: Pilotage.Rejected was expected, nothing was seen",
		"expect.schema: 7 was expected, N was seen",
		"expect.requests: at least 100000 was expected, N was seen",
		"expect.lost: at least 1 was expected, N was seen",
		"expect.never: state Migrate was entered after N s",
		"expect.states: Approve was not entered after Validate",
		"expect.release: 1.0.0 was expected to be live, 1.1.0 is",
		"expect.hold: set was expected, none was seen",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if result.SchemaBefore != 1 || result.SchemaAfter != 2 || result.Requests == 0 {
		t.Errorf("got schema %d before, %d after and %d requests", result.SchemaBefore, result.SchemaAfter, result.Requests)
	}
	weights := make([]int, 0, len(result.Weights))
	for _, change := range result.Weights {
		weights = append(weights, change.Green)
	}
	if !slices.Equal(weights, []int{0, 50, 100}) {
		t.Errorf("got weights %v, want 0, 50 and 100", weights)
	}
	for what, there := range map[string]int{"path": len(result.Path), "mails": len(result.Mails), "record": len(result.Record), "series": len(result.Series)} {
		if there == 0 {
			t.Errorf("the result has no %s", what)
		}
	}
}

func TestMaintenanceModeIsShownAndTakenAway(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(runningApp(t), "pilotage.local.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.Replace(string(text), "      kind: rolling\n", "      kind: rolling\n      maintenance: true\n", 1)
	text2 := strings.Replace(shipping, "RUNNINGAPP/pilotage.local.yaml", "maintenance.yaml", 1)
	for name, test := range map[string]struct{ release, expect string }{
		"a good release": {"1.1.0", `expect:
  outcome: succeeded
  release: 1.1.0
  schema: 2
  hold: none
  states: [Lock, EnterMaintenance, Backup, Migrate, Release, SmokeTest, Shift, Prove, Observe, Verify, LeaveMaintenance, Promote, Succeeded]
  never: [Rollback]
  failed: {atLeast: 1}
  lost: {atMost: 0}
`},
		"one that is never healthy": {"1.4.0", `expect:
  outcome: rolled-back
  error: Pilotage.Unhealthy
  release: 1.0.0
  schema: 1
  hold: set
  states: [EnterMaintenance, Backup, Migrate, Release, Rollback, RestoreTraffic, RevertSchema, Verify, RestoreMaintenance, Restored, RolledBack]
  never: [Shift, LeaveMaintenance]
  failed: {atLeast: 1}
  lost: {atMost: 0}
`},
	} {
		t.Run(name, func(t *testing.T) {
			scenario := strings.Replace(text2, "release: 1.1.0", "release: "+test.release, 1) + test.expect
			result, err := run(t, runner(t), scenario, map[string]string{"maintenance.yaml": settings})
			if err != nil || !result.OK {
				t.Errorf("got %v and problems\n%s", err, strings.Join(result.Problems, "\n"))
			}
		})
	}
}

func TestStartingVersionThatExitsSaysWhy(t *testing.T) {
	_, err := run(t, runner(t), strings.Replace(shipping, "staging: 1.0.0", "staging: 1.6.0", 1)+"expect: {outcome: succeeded}\n", nil)
	want := regexp.MustCompile(`^release 1\.6\.0 does not start in running-app/staging@local: 0 of 1 tasks are healthy after \d+s: ` +
		`task ended \(exit status 1\), its last line: running-app 1\.6\.0: start: read the list of shoes: shoes\.json: no such file$`)
	if err == nil || !want.MatchString(err.Error()) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestStatesThatNeverComeAreNamed(t *testing.T) {
	r := runner(t)
	var holds []ledger.Hold
	r.Inspect = func(ctx context.Context, w *world.World) error {
		hold, err := w.Ports.Ledger.Hold(ctx, w.Scope("staging"))
		holds = append(holds, hold)
		return err
	}
	result, err := run(t, r, `name: nothing
settings: RUNNINGAPP/pilotage.local.yaml
releases: RUNNINGAPP/releases
start: {staging: 1.0.0}
when: {push: {branch: main, release: 1.3.0, by: ben}}
then:
  - {after: Observe, do: {stop: {machine: deploy}}}
approve: [{by: clara@running-app.example.com, decision: approve}]
expect: {outcome: refused, hold: none, release: 1.0.0, schema: 1}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(result.Problems)
	want := []string{
		"approve: nobody asked clara@running-app.example.com for approval",
		"then[0]: state Observe was entered 0 times, not 1",
	}
	if !slices.Equal(result.Problems, want) {
		t.Errorf("got problems %q, want %q", result.Problems, want)
	}
	if result.Outcome != string(deploy.Refused) || len(holds) != 1 || holds[0].Active() {
		t.Errorf("got %s and holds %v", result.Outcome, holds)
	}
}

// TestBuildThatFailsIsRefused: the buildspec is followed for real, and its failure says where to
// read on.
func TestBuildThatFailsIsRefused(t *testing.T) {
	r := runner(t)
	result, err := run(t, r, `name: broken
settings: RUNNINGAPP/pilotage.local.yaml
releases: RUNNINGAPP/releases
start: {staging: 1.0.0}
unpublished: [1.1.0]
build: {variables: {TESTS: ./no/such/folder}}
when: {push: {branch: main, release: 1.1.0, by: anna}}
expect:
  outcome: refused
  error: Pilotage.Invalid
  release: 1.0.0
  schema: 1
  hold: none
  states: [Validate, CheckCatalog, Build, Validate, RecordRefusal, UnlockRefused, Refused]
  never: [Plan]
`, nil)
	if err != nil || !result.OK {
		t.Fatalf("got %q and error %v", result.Problems, err)
	}
	said := strings.Join(strings.Fields(result.Record), " ")
	for _, want := range []string{"commit 44540c3 is not published", "ended as FAILED in phase PRE_BUILD", "go test $TESTS. Reason: exit status 1", "its log: "} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in the record:\n%s", want, result.Record)
		}
	}
	logs, err := filepath.Glob(filepath.Join(r.Dir, "broken", "builds", "*.log"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("got logs %q and error %v", logs, err)
	}
	if text, err := os.ReadFile(logs[0]); err != nil || !strings.Contains(string(text), "no/such/folder") {
		t.Errorf("got log %s and error %v", text, err)
	}
}
