package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/local/scenario"
	"github.com/pilotage/pilotage/shared/fault"
)

// complete is a scenario without a fault, of which each test spoils a part.
const complete = `name: good
description: It ships.
settings: RUNNINGAPP/pilotage.local.yaml
releases: RUNNINGAPP/releases
start:
  staging: 1.0.0
  production: 1.0.0
before:
  - push: {branch: main, release: 1.1.0, by: anna}
traffic:
  environment: production
  ratePerSecond: 20
  requests:
    - {method: GET, path: /stats, share: 1}
when:
  promote: {environment: production, by: anna@running-app.example.com, reason: "RUN-112"}
then:
  - after: Observe
    times: 2
    do:
      rollback: {environment: production, mode: emergency, by: ben@running-app.example.com, reason: slow, schema: keep}
approve: [{by: clara@running-app.example.com, decision: approve}]
expect:
  outcome: rolled-back
  error: Pilotage.Halted
  release: 1.0.0
  hold: set
  states: [Shift, Observe]
  never: [Page]
  requests: {atLeast: 10}
  failed: {atMost: 0}
`

// runningApp is the folder of the example, wherever the scenario lies.
func runningApp(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "examples", "runningapp"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// load writes a scenario and reads it, and returns what is wrong with it. Folders are shortened.
func load(t *testing.T, text string) (scenario.File, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "demo.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "RUNNINGAPP", runningApp(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	file, _, err := scenario.Load(path)
	if err == nil {
		return file, ""
	}
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("got class %s, want %s", fault.Of(err), fault.Invalid)
	}
	message := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
	return file, strings.ReplaceAll(message, runningApp(t), "RUNNINGAPP")
}

func TestLoadTakesACompleteScenario(t *testing.T) {
	file, problem := load(t, complete)
	if problem != "" {
		t.Fatal(problem)
	}
	if file.Name != "good" || file.Then[0].Times != 2 || file.When.Promote.Environment != "production" || *file.Expect.Requests.AtLeast != 10 || file.Expect.Schema != nil {
		t.Errorf("got %+v", file)
	}
}

func TestLoadTakesTheShippedScenarios(t *testing.T) {
	shipped, err := filepath.Glob(filepath.Join("..", "..", "examples", "scenarios", "*.yaml"))
	if err != nil || len(shipped) < 6 {
		t.Fatalf("found %q: %v", shipped, err)
	}
	for _, path := range shipped {
		if _, _, err := scenario.Load(path); err != nil {
			t.Error(err)
		}
	}
}

func TestLoadSaysWhatWouldBeRight(t *testing.T) {
	const there = "1.0.0, 1.1.0, 1.2.0, 1.3.0, 1.4.0, 1.5.0, 1.6.0"
	for name, test := range map[string]struct{ old, new, want string }{
		"unknown field":               {"description:", "descripton:", `demo.yaml:2:1: unknown field "descripton"; did you mean "description"?`},
		"unknown field, nested":       {"ratePerSecond:", "rate:", `demo.yaml:12:3: unknown field "rate" in traffic; did you mean "ratePerSecond"?`},
		"text for a number":           {"ratePerSecond: 20", "ratePerSecond: fast", `demo.yaml:12:18: traffic.ratePerSecond: want a number, got the string "fast"`},
		"a list for a mapping":        {"start:\n  staging: 1.0.0\n  production: 1.0.0", "start: [staging]", `demo.yaml:5:1: start: want a mapping, got a list`},
		"no YAML":                     {"name: good", "name: [good", `demo.yaml:2:1: this is no YAML: ',' or ']' must be specified`},
		"a tab":                       {"  staging: 1.0.0", "\tstaging: 1.0.0", `demo.yaml:6:1: this is no YAML: found character '	' that cannot start any token`},
		"a field twice":               {"name: good", "name: good\nname: better", `demo.yaml:2:1: "name" is given twice, first on line 1; remove one`},
		"no name":                     {"name: good\n", "", `demo.yaml:1:1: name: is missing; a scenario needs a name without spaces and slashes`},
		"a name with a space":         {"name: good", "name: so good", `demo.yaml:1:7: name: is "so good"; a scenario needs a name without spaces and slashes`},
		"a name that leads away":      {"name: good", `name: ".."`, `demo.yaml:1:7: name: is ".."; a scenario needs a name without spaces and slashes`},
		"no settings":                 {"settings: RUNNINGAPP/pilotage.local.yaml\n", "", `demo.yaml:1:1: settings: is missing; name the service's pilotage.yaml, relative to this file`},
		"settings that are absent":    {"pilotage.local.yaml", "absent.yaml", `demo.yaml:3:11: settings: read configuration "RUNNINGAPP/absent.yaml": open RUNNINGAPP/absent.yaml: no such file or directory`},
		"no releases":                 {"releases: RUNNINGAPP/releases\n", "", `demo.yaml:1:1: releases: is missing; name the folder of the service's releases, relative to this file`},
		"releases that are absent":    {"RUNNINGAPP/releases", "RUNNINGAPP/absent", `demo.yaml:4:11: releases: there are no releases in RUNNINGAPP/absent; a release is a folder with a release.yaml`},
		"unpublished, and no release": {"before:\n", "unpublished: [9.9.9]\nbefore:\n", `demo.yaml:8:15: unpublished[0]: "9.9.9" is none of THERE`},
		"unpublished, and served": {"before:\n", "unpublished: [1.0.0]\nbefore:\n", `demo.yaml:8:15: unpublished[0]: 1.0.0 is what production serves at the start, so it is published
demo.yaml:8:15: unpublished[0]: 1.0.0 is what staging serves at the start, so it is published`},
		"nothing started":                    {"start:\n  staging: 1.0.0\n  production: 1.0.0\n", "", `demo.yaml:1:1: start: names no environment; name at least one and the version that it serves, as in {staging: 1.0.0}`},
		"unknown environment":                {"  staging: 1.0.0", "  stagin: 1.0.0", `demo.yaml:6:11: start.stagin: running-app has no environment "stagin"; did you mean "staging"? those that exist are production, staging`},
		"unknown release":                    {"  staging: 1.0.0", "  staging: 1.0.1", `demo.yaml:6:12: start.staging: "1.0.1" is none of THERE; did you mean 1.0.0?`},
		"unknown release is pushed":          {"release: 1.1.0, by: anna", "release: 2.0.0, by: anna", `demo.yaml:9:35: before[0].push.release: "2.0.0" is none of THERE; did you mean 1.0.0?`},
		"unknown branch":                     {"branch: main", "branch: man", `demo.yaml:9:20: before[0].push.branch: "man" is none of main; did you mean main?`},
		"two actions":                        {"when:\n", "when:\n  stop: {machine: deploy}\n", `demo.yaml:15:1: when: has 2 actions; exactly one of push, promote, rollback, schedule and stop is wanted`},
		"no action":                          {"  - push: {branch: main, release: 1.1.0, by: anna}", "  - {}", `demo.yaml:9:5: before[0]: has 0 actions; exactly one of push, promote, rollback, schedule and stop is wanted`},
		"promotion without a way":            {"promote: {environment: production", "promote: {environment: staging", `demo.yaml:16:26: when.promote.environment: nothing is promoted to "staging": it has no promoteFrom in pilotage.yaml`},
		"promotion from what is not started": {"  staging: 1.0.0\n  production: 1.0.0\nbefore:\n  - push: {branch: main, release: 1.1.0, by: anna}", "  production: 1.0.0", `demo.yaml:13:26: when.promote.environment: environment "staging" is not started; start names production`},
		"unknown mode":                       {"mode: emergency", "mode: fast", `demo.yaml:21:49: then[0].do.rollback.mode: "fast" is none of standard, emergency`},
		"unknown way of the schema":          {"schema: keep", "schema: restor", `demo.yaml:21:115: then[0].do.rollback.schema: "restor" is none of keep, down, restore; did you mean restore?`},
		"nobody with an access key":          {"promote: {environment: production, by: anna@", "promote: {environment: production, by: eve@", `demo.yaml:16:42: when.promote.by: "eve@running-app.example.com" is nobody among the people of the settings with an identity; commands are signed`},
		"no schedule":                        {"rollback: {environment: production, mode: emergency, by: ben@running-app.example.com, reason: slow, schema: keep}", "schedule: {environment: staging}", `demo.yaml:21:31: then[0].do.schedule.environment: "staging" is not deployed to at any time: it has no schedule in pilotage.yaml`},
		"unknown machine":                    {"rollback: {environment: production, mode: emergency, by: ben@running-app.example.com, reason: slow, schema: keep}", "stop: {machine: deployment}", `demo.yaml:21:23: then[0].do.stop.machine: "deployment" is none of deploy, rollback; did you mean deploy?`},
		"after no state":                     {"  - after: Observe\n    times", "  - times", `demo.yaml:18:5: then[0].after: is missing; name a state, as in Observe`},
		"after an unknown state":             {"after: Observe", "after: Obsrve", `demo.yaml:18:12: then[0].after: no state is called "Obsrve"; did you mean Observe?`},
		"less than no times":                 {"times: 2", "times: -1", `demo.yaml:19:12: then[0].times: is -1; 1 or more is possible`},
		"traffic to nobody":                  {"environment: production\n  rate", "environment: prod\n  rate", `demo.yaml:11:16: traffic.environment: environment "prod" is not started; start names production, staging`},
		"too much traffic":                   {"ratePerSecond: 20", "ratePerSecond: 20000", `demo.yaml:12:18: traffic.ratePerSecond: is 20000; more than 0 and up to 2000 is possible`},
		"no traffic at all":                  {"ratePerSecond: 20\n", "ratePerSecond: 0\n", `demo.yaml:12:18: traffic.ratePerSecond: is 0; more than 0 and up to 2000 is possible`},
		"no requests":                        {"  requests:\n    - {method: GET, path: /stats, share: 1}\n", "", `demo.yaml:10:1: traffic.requests: is empty; users need at least one request, as in {method: GET, path: /}`},
		"a path without slash":               {"path: /stats", "path: stats", `demo.yaml:14:27: traffic.requests[0].path: is "stats"; a path begins with a slash`},
		"a method that is none":              {"method: GET", "method: GET IT", `demo.yaml:14:7: traffic.requests[0]: net/http: invalid method "GET IT"`},
		"less than no share":                 {"share: 1", "share: -1", `demo.yaml:14:42: traffic.requests[0].share: is -1; 1 or more is possible`},
		"nobody approves":                    {"by: clara@running-app.example.com, decision: approve", "decision: approve", `demo.yaml:22:11: approve[0].by: is missing; name the approver whose mail is opened`},
		"unknown decision":                   {"decision: approve", "decision: aprove", `demo.yaml:22:57: approve[0].decision: "aprove" is none of approve, reject, delay; did you mean approve?`},
		"rejection without reason":           {"decision: approve", "decision: reject", `demo.yaml:22:11: approve[0].reason: is missing; to reject needs one`},
		"no outcome":                         {"  outcome: rolled-back\n", "", `demo.yaml:23:1: expect.outcome: is missing; give one of succeeded, refused, rolled-back, failed-dirty`},
		"unknown outcome":                    {"outcome: rolled-back", "outcome: rolledback", `demo.yaml:24:12: expect.outcome: "rolledback" is none of succeeded, refused, rolled-back, failed-dirty; did you mean rolled-back?`},
		"unknown class":                      {"Pilotage.Halted", "Halted", `demo.yaml:25:10: expect.error: "Halted" is none of Pilotage.Invalid, Pilotage.Denied, Pilotage.Rejected, Pilotage.Expired, Pilotage.Locked, Pilotage.Transient, Pilotage.Unhealthy, Pilotage.Regressed, Pilotage.Halted, Pilotage.DeadlineExceeded, Pilotage.MigrationIncomplete, Pilotage.LeaseLost, Pilotage.Internal`},
		"unknown release expected":           {"  release: 1.0.0\n  hold", "  release: 1.0\n  hold", `demo.yaml:26:12: expect.release: want text, got the number 1.0; write "1.0", in quotes`},
		"unknown hold":                       {"hold: set", `hold: "yes"`, `demo.yaml:27:9: expect.hold: "yes" is none of set, none; did you mean set?`},
		"unknown state expected":             {"states: [Shift, Observe]", "states: [Shift, Bake]", `demo.yaml:28:19: expect.states[1]: no state is called "Bake"; did you mean Page?`},
		"unknown state never":                {"never: [Page]", "never: [Pages]", `demo.yaml:29:11: expect.never[0]: no state is called "Pages"; did you mean Page?`},
		"a bound without inside":             {"requests: {atLeast: 10}", "requests: {atLeast: 10, atMost: 5}", `demo.yaml:30:3: expect.requests: nothing is at least 10 and at most 5`},
		"an environment that is not watched": {"  outcome: rolled-back", "  environment: moon\n  outcome: rolled-back", `demo.yaml:24:16: expect.environment: environment "moon" is not started; start names production, staging`},
		"many at once": {"  hold: set\n  states: [Shift, Observe]", "  hold: on\n  states: [Sift]", `demo.yaml:27:9: expect.hold: "on" is none of set, none
demo.yaml:28:12: expect.states[0]: no state is called "Sift"; did you mean Shift?`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(complete, test.old, test.new, 1)
			if text == complete {
				t.Fatalf("%q is not in the scenario", test.old)
			}
			_, got := load(t, text)
			if got != strings.ReplaceAll(test.want, "THERE", there) {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
