package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// minimal has everything that must be given, and nothing else.
const minimal = `service: running-app
repository: pilotage/running-app
environments:
  staging:
    url: https://staging.example.com
    strategy:
      kind: canary
      steps:
        - {weight: 10, bakeSeconds: 60}
        - {weight: 100, bakeSeconds: 60}
    capacity: {cpuMillis: 500, memoryMiB: 512, replicas: 2}
    health: {path: /health/readiness}
    smokeTests:
      - {name: ready, path: /health/readiness, critical: true}
    approval: {required: false}
    database: {instance: running-app-staging}
    notify:
      team: [team@example.com]
      onCall: [oncall@example.com]
`

// refusal is an edit of the minimal file and what is said of the result.
type refusal struct {
	name     string
	old, new string
	want     string
	// related files break a rule between fields, which the schema does not know.
	related bool
}

func (r refusal) edit(text string) string {
	if !strings.Contains(text, r.old) {
		panic("nothing to edit for " + r.name)
	}
	return strings.Replace(text, r.old, r.new, 1)
}

func refusals() []refusal { return append(fieldRefusals(), relationRefusals()...) }

func fieldRefusals() []refusal {
	const steps, smoke = "environments.staging.strategy.steps", "environments.staging.smokeTests[0]"
	return []refusal{
		{
			name: "an unknown field", old: "replicas:", new: "replcas:",
			want: `11:48: unknown field "replcas" in environments.staging.capacity; did you mean "replicas"?`,
		},
		{
			name: "a wrong type", old: "replicas: 2", new: "replicas: two",
			want: `11:58: environments.staging.capacity.replicas: want a whole number, got the string "two"`,
		},
		{
			name: "a missing field", old: "    url: https://staging.example.com\n", new: "",
			want: `4:3: environments.staging.url: missing; give it, for example url: https://staging.example.com`,
		},
		{
			name: "a missing part", old: "    approval: {required: false}\n", new: "",
			want: `4:3: environments.staging.approval: missing; give it, for example approval: {required: false}`,
		},
		{
			name: "a gate left unsaid", old: "{required: false}", new: "{approvers: [a@example.com]}",
			want: `15:5: environments.staging.approval.required: missing; give it, for example required: false`,
		},
		{
			name: "no environments", old: minimal[strings.Index(minimal, "environments:"):], new: "environments: {}\n",
			want: `3:1: environments: has 0 items; 1 to 20 are possible`,
		},
		{
			name: "a service name", old: "service: running-app", new: "service: Running_App",
			want: `1:10: service: "Running_App" is not a name of 2 to 31 lower-case letters, digits and hyphens, a letter first`,
		},
		{
			name: "an environment name", old: "  staging:", new: "  Staging:",
			want: `4:3: environments.Staging: "Staging" is not a name of 2 to 31 lower-case letters, digits and hyphens, a letter first`,
		},
		{
			name: "a repository", old: "pilotage/running-app", new: "running-app",
			want: `2:13: repository: "running-app" is not a repository such as "owner/name"`,
		},
		{
			name: "a region", old: "repository:", new: "region: Frankfurt\nrepository:",
			want: `2:9: region: "Frankfurt" is not a region such as "eu-central-1"`,
		},
		{
			name: "no URL", old: "https://staging.example.com", new: "staging.example.com",
			want: `5:10: environments.staging.url: "staging.example.com" is not an https:// URL without query (http:// only for localhost)`,
		},
		{
			name: "a branch", old: "    strategy:", new: "    branches: [-x]\n    strategy:",
			want: `6:16: environments.staging.branches[0]: "-x" is not a branch, or a pattern of branches such as "feature/*"`,
		},
		{
			name: "a timeout too short", old: "    strategy:", new: "    timeoutSeconds: 59\n    strategy:",
			want: "6:21: environments.staging.timeoutSeconds: is 59; it must be 60 to 86400\n" +
				"6:21: environments.staging.timeoutSeconds: is 59, but the steps bake for 120 seconds together; give more, or bake less",
		},
		{
			name: "an unknown strategy", old: "kind: canary", new: "kind: cannary",
			want: `7:13: environments.staging.strategy.kind: "cannary" is unknown; did you mean "canary"? It is one of canary, blue-green, rolling`,
		},
		{
			name: "no steps", old: "steps:\n        - {weight: 10, bakeSeconds: 60}\n        - {weight: 100, bakeSeconds: 60}", new: "steps: []",
			want: `8:7: ` + steps + `: has 0 items; 1 to 20 are possible`,
		},
		{
			name: "a weight of nothing", old: "weight: 10,", new: "weight: 0,",
			want: `9:20: ` + steps + `[0].weight: is 0; it must be 1 to 100`,
		},
		{
			name: "a bake that is not said", old: "{weight: 10, bakeSeconds: 60}", new: "{weight: 10}",
			want: `9:11: ` + steps + `[0].bakeSeconds: missing; give it`,
		},
		{
			name: "too few probes", old: "      kind:", new: "      probeRequests: 9\n      kind:",
			want: `7:22: environments.staging.strategy.probeRequests: is 9; it must be 10 to 1000`,
		},
		{
			name: "no replicas", old: "replicas: 2", new: "replicas: 0",
			want: `11:58: environments.staging.capacity.replicas: is 0; it must be 1 to 1000`,
		},
		{
			name: "a log level", old: "replicas: 2", new: "replicas: 2, logLevel: loud",
			want: `11:71: environments.staging.capacity.logLevel: "loud" is unknown; it is one of debug, info, warn, error`,
		},
		{
			name: "a path", old: "health: {path: /", new: "health: {path: ",
			want: `12:20: environments.staging.health.path: "health/readiness" is not a path that begins with "/"`,
		},
		{
			name: "a method", old: "{name: ready,", new: "{name: ready, method: FETCH,",
			want: `14:31: ` + smoke + `.method: "FETCH" is unknown; did you mean "PATCH"? It is one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS`,
		},
		{
			name: "a status", old: "{name: ready,", new: "{name: ready, status: 0,",
			want: `14:31: ` + smoke + `.status: is 0; it must be 100 to 599`,
		},
		{
			name: "an unknown source", old: "    notify:", new: "    analysis: {source: ballancer}\n    notify:",
			want: `17:24: environments.staging.analysis.source: "ballancer" is unknown; did you mean "balancer"? It is one of balancer, application`,
		},
		{
			name: "an alpha of a half", old: "    notify:", new: "    analysis: {alpha: 0.5}\n    notify:",
			want: `17:23: environments.staging.analysis.alpha: is 0.5; it must be more than 0 and less than 0.5`,
		},
		{
			name: "an alpha of nothing", old: "    notify:", new: "    analysis: {alpha: 0}\n    notify:",
			want: `17:23: environments.staging.analysis.alpha: is 0; it must be more than 0 and less than 0.5`,
		},
		{
			name: "a tolerance of one", old: "    notify:", new: "    analysis: {tolerance: 1}\n    notify:",
			want: `17:27: environments.staging.analysis.tolerance: is 1; it must be more than 1 and at most 1000`,
		},
		{
			name: "an error budget of everything", old: "    notify:", new: "    analysis: {errorBudget: 1.0}\n    notify:",
			want: `17:29: environments.staging.analysis.errorBudget: is 1; it must be at least 0 and less than 1`,
		},
		{
			name: "an unknown end of a bake", old: "    notify:", new: "    analysis: {whenInconclusive: pass}\n    notify:",
			want: `17:34: environments.staging.analysis.whenInconclusive: "pass" is unknown; it is one of proceed, extend, fail`,
		},
		{
			name: "a restore by default", old: "    notify:", new: "    rollback: {schema: restore}\n    notify:",
			want: `17:24: environments.staging.rollback.schema: "restore" is unknown; it is one of keep, down`,
		},
		{
			name: "a queue policy", old: "    notify:", new: "    queue: {policy: wait}\n    notify:",
			want: `17:21: environments.staging.queue.policy: "wait" is unknown; it is one of queue, supersede, reject`,
		},
		{
			name: "a mail address", old: "team@example.com", new: "Team <team@example.com>",
			want: `18:14: environments.staging.notify.team[0]: "Team <team@example.com>" is not a mail address such as "anna@example.com"`,
		},
		{
			name: "nobody to page", old: "[oncall@example.com]", new: "[]",
			want: `19:7: environments.staging.notify.onCall: has 0 items; 1 to 50 are possible`,
		},
		{
			name: "a check", old: "    notify:", new: "    evidence: [Unit Tests]\n    notify:",
			want: `17:16: environments.staging.evidence[0]: "Unit Tests" is not a word of lower-case letters and digits, parts joined by - _ or .`,
		},
		{
			name: "a time of a freeze", old: "    notify:", new: "    freezes: [{name: x, from: 2026-12-24, until: 2026-12-27T00:00:00Z}]\n    notify:",
			want: `17:31: environments.staging.freezes[0].from: "2026-12-24" is not an RFC 3339 time such as "2026-12-24T00:00:00Z"`,
		},
		{
			name: "a rule of a freeze", old: "    notify:", new: "    freezes: [{name: x, from: 2026-12-24T00:00:00Z, until: 2026-12-27T00:00:00Z, repeats: weekly}]\n    notify:",
			want: `17:91: environments.staging.freezes[0].repeats: "weekly" is not a recurrence rule of RFC 5545 such as "FREQ=WEEKLY;BYDAY=FR"`,
		},
		{
			name: "a time zone of a freeze", related: true, old: "    notify:", new: "    freezes: [{name: x, from: 2026-12-24T00:00:00Z, until: 2026-12-27T00:00:00Z, timezone: Berlin}]\n    notify:",
			want: `17:92: environments.staging.freezes[0].timezone: "Berlin" is not a time zone of the IANA database such as "Europe/Berlin"`,
		},
		{
			name: "a database", old: "running-app-staging", new: "Staging--1",
			want: `16:26: environments.staging.database.instance: "Staging--1" is not an RDS identifier: lower-case letters, digits and single hyphens, a letter first, at most 63`,
		},
	}
}

func relationRefusals() []refusal {
	const second = "  production: {promoteFrom: staging, url: 'https://example.com', strategy: {kind: rolling, steps: [{weight: 100, bakeSeconds: 0}]}, " +
		"capacity: {cpuMillis: 500, memoryMiB: 512, replicas: 2}, health: {path: /}, smokeTests: [{name: a, path: /, critical: true}], " +
		"approval: {required: false}, database: {instance: a}, notify: {team: [a@example.com], onCall: [a@example.com]}}\n"
	const steps = "environments.staging.strategy.steps"
	return []refusal{
		{
			name: "plain HTTP", related: true, old: "https://", new: "http://",
			want: `5:10: environments.staging.url: "http://staging.example.com" is not an https:// URL without query (http:// only for localhost)`,
		},
		{
			name: "weights that do not rise", related: true, old: "weight: 10,", new: "weight: 100,",
			want: `10:20: ` + steps + `[1].weight: is 100 after 100; weights must rise`,
		},
		{
			name: "weights that stop short", related: true, old: "weight: 100,", new: "weight: 50,",
			want: `10:20: ` + steps + `[1].weight: is 50, and the last; the last step must have weight 100`,
		},
		{
			name: "blue-green in steps", related: true, old: "kind: canary", new: "kind: blue-green",
			want: `8:7: ` + steps + `: has 2 steps; blue-green has one, of weight 100; for more, set kind to canary`,
		},
		{
			name: "a canary in one step", related: true, old: "        - {weight: 10, bakeSeconds: 60}\n", new: "",
			want: `8:7: ` + steps + `: has one step; a canary needs one of less than 100 before it; for a single one, set kind to blue-green`,
		},
		{
			name: "bakes longer than the timeout", related: true, old: "weight: 10, bakeSeconds: 60", new: "weight: 10, bakeSeconds: 1740",
			want: `4:3: environments.staging.timeoutSeconds: is 1800, but the steps bake for 1800 seconds together; give more, or bake less`,
		},
		{
			name: "bakes longer than the timeout once they are extended", related: true, old: "    notify:",
			new:  "    analysis: {whenInconclusive: extend, extendSeconds: 840}\n    notify:",
			want: `4:3: environments.staging.timeoutSeconds: is 1800, but the steps bake for 120 seconds together and may be extended by 1680; give more, or set analysis.extendSeconds lower`,
		},
		{
			name: "bakes longer than the timeout once they are measured", related: true, old: "    strategy:", new: "    timeoutSeconds: 840\n    strategy:",
			want: `6:21: environments.staging.timeoutSeconds: is 840, but the steps bake for up to 840 seconds together: each goes on until the balancer has counted, which may take 420; give more, or take fewer steps, or set analysis.source to application where the service counts itself (110)`,
		},
		{
			name: "bakes longer than the timeout once the service has measured them", related: true, old: "    strategy:", new: "    timeoutSeconds: 220\n    analysis: {source: application, whenInconclusive: fail}\n    strategy:",
			want: `6:21: environments.staging.timeoutSeconds: is 220, but the steps bake for up to 220 seconds together: each goes on until the application has counted, which may take 110; give more, or take fewer steps`,
		},
		{
			name: "an extension of nothing", related: true, old: "60}\n        - {weight: 100, bakeSeconds: 60}", new: "420}\n        - {weight: 100, bakeSeconds: 420}\n    analysis: {whenInconclusive: extend, extendSeconds: 0}",
			want: `11:57: environments.staging.analysis.extendSeconds: is 0, so that nothing can be extended; give more, or set whenInconclusive to proceed or fail`,
		},
		{
			name: "a bake that the load balancer cannot measure", related: true, old: "    notify:", new: "    analysis: {extendSeconds: 359}\n    notify:",
			want: `9:37: ` + steps + `[0].bakeSeconds: is 60, with an extension of 359, but a step bakes at least 420 seconds to be measured by the balancer, which counts by 60 seconds and comes up to 300 late; give 1 more here or to analysis.extendSeconds, or set analysis.source to application where the service counts itself (110)` + "\n" +
				`10:38: ` + steps + `[1].bakeSeconds: is 60, with an extension of 359, but a step bakes at least 420 seconds to be measured by the balancer, which counts by 60 seconds and comes up to 300 late; give 1 more here or to analysis.extendSeconds, or set analysis.source to application where the service counts itself (110)`,
		},
		{
			name: "a bake that the service cannot measure", related: true, old: "weight: 100, bakeSeconds: 60}", new: "weight: 100, bakeSeconds: 30}\n    analysis: {source: application, extendSeconds: 79}",
			want: `10:38: ` + steps + `[1].bakeSeconds: is 30, with an extension of 79, but a step bakes at least 110 seconds to be measured by the application, which counts by 10 seconds and comes up to 90 late; give 1 more here or to analysis.extendSeconds`,
		},
		{
			name: "the same smoke test twice", related: true, old: "    approval:", new: "      - {name: ready, path: /}\n    approval:",
			want: `15:16: environments.staging.smokeTests[1].name: "ready" is the name of smokeTests[0] too; names differ`,
		},
		{
			name: "no critical smoke test", related: true, old: ", critical: true", new: "",
			want: `13:5: environments.staging.smokeTests: none is critical, and an emergency rollback runs only those; set critical: true on at least one`,
		},
		{
			name: "nobody to approve", related: true, old: "required: false", new: "required: true",
			want: `15:5: environments.staging.approval.approvers: nobody is named, but approval.required is true; list mail addresses`,
		},
		{
			name: "nobody to approve a rollback", related: true, old: "    notify:", new: "    rollback: {approvalRequired: true}\n    notify:",
			want: `15:5: environments.staging.approval.approvers: nobody is named, but rollback.approvalRequired is true; list mail addresses`,
		},
		{
			name: "a recipient listed twice", related: true, old: "[team@example.com]", new: "[team@example.com, Team@example.com]",
			want: `18:32: environments.staging.notify.team[1]: "Team@example.com" is listed twice; remove one`,
		},
		{
			name: "a freeze that ends before it begins", related: true, old: "    notify:",
			new:  "    freezes: [{name: x, from: 2026-12-24T00:00:00Z, until: 2026-12-24T00:00:00Z}]\n    notify:",
			want: `17:60: environments.staging.freezes[0].until: 2026-12-24T00:00:00Z is not after 2026-12-24T00:00:00Z, when it begins`,
		},
		{
			name: "a freeze that is repeated every hour", related: true, old: "    notify:",
			new:  "    freezes: [{name: x, from: 2026-12-24T00:00:00Z, until: 2026-12-24T00:10:00Z, repeats: FREQ=HOURLY}]\n    notify:",
			want: `17:91: environments.staging.freezes[0].repeats: FREQ=HOURLY is too often for a freeze; DAILY, WEEKLY, MONTHLY or YEARLY is possible`,
		},
		{
			name: "a freeze of another day than its rule", related: true, old: "    notify:",
			new:  "    freezes:\n      - name: x\n        from: 2026-12-24T17:00:00Z\n        until: 2026-12-25T00:00:00Z\n        repeats: FREQ=WEEKLY;BYDAY=FR\n    notify:",
			want: `21:18: environments.staging.freezes[0].repeats: FREQ=WEEKLY;BYDAY=FR has no window at Thu 2026-12-24 17:00 UTC, where the first is said to begin; its first begins at Fri 2026-12-25 17:00 UTC`,
		},
		{
			name: "a freeze in the time of elsewhere", related: true, old: "    notify:",
			new:  "    freezes:\n      - name: x\n        from: 2026-12-25T17:00:00Z\n        until: 2026-12-28T06:00:00+01:00\n        repeats: FREQ=WEEKLY\n        timezone: Europe/Berlin\n    notify:",
			want: `19:15: environments.staging.freezes[0].from: 2026-12-25T17:00:00Z is not in the time of Europe/Berlin; write 2026-12-25T18:00:00+01:00`,
		},
		{
			name: "an unknown environment to promote from", related: true, old: "    notify:", new: "    promoteFrom: stagin\n    notify:",
			want: `17:18: environments.staging.promoteFrom: there is no environment "stagin"; those that exist are staging`,
		},
		{
			name: "a promotion from itself", related: true, old: "    notify:", new: "    promoteFrom: staging\n    notify:",
			want: `17:18: environments.staging.promoteFrom: goes round in a circle, staging ← staging; one environment must come first`,
		},
		{
			name: "promotions in a circle", related: true, old: "  staging:\n", new: second + "  staging:\n    promoteFrom: production\n",
			want: "4:29: environments.production.promoteFrom: goes round in a circle, production ← staging ← production; one environment must come first\n" +
				"6:18: environments.staging.promoteFrom: goes round in a circle, staging ← production ← staging; one environment must come first",
		},
	}
}

func TestParseSaysWhatIsWrongWhereAndWhatWouldBeRight(t *testing.T) {
	for _, test := range refusals() {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.Parse("p", []byte(test.edit(minimal)))
			if err == nil {
				t.Fatal("no error")
			}
			if got, want := err.Error(), "p:"+strings.ReplaceAll(test.want, "\n", "\np:"); got != want {
				t.Errorf("\ngot  %s\nwant %s", got, want)
			}
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("got class %s, want Invalid", fault.Of(err))
			}
		})
	}
}

func TestParseReportsEveryProblemInOrder(t *testing.T) {
	text := strings.NewReplacer(": running-app\n", ": x\n", "pilotage/running-app\n", "x\n", "weight: 10,", "weight: 0,", "team@example.com", "nobody").Replace(minimal)
	_, err := config.Parse("p", []byte(text))
	if err == nil {
		t.Fatal("no error")
	}
	var places []string
	for line := range strings.Lines(err.Error()) {
		places = append(places, strings.Join(strings.Split(line, ":")[1:3], ":"))
	}
	if got, want := strings.Join(places, " "), "1:10 2:13 9:20 18:14"; got != want {
		t.Errorf("got %s, want %s\n%v", got, want, err)
	}
}

func TestParseFillsInDefaults(t *testing.T) {
	file, err := config.Parse("p", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	got := file.Environments["staging"]
	want := config.Defaults()
	want.URL = "https://staging.example.com"
	want.Strategy.Kind = "canary"
	want.Strategy.Steps = deploy.Schedule{{Weight: 10, BakeSeconds: 60}, {Weight: 100, BakeSeconds: 60}}
	want.Capacity = deploy.Capacity{CPU: 500, Memory: 512, Replicas: 2, LogLevel: "info"}
	want.Health.Path = "/health/readiness"
	want.SmokeTests = []deploy.SmokeTest{{Name: "ready", Method: "GET", Path: "/health/readiness", Status: 200, Critical: true}}
	want.Database.Instance = "running-app-staging"
	want.Notify = deploy.Notify{Team: []string{"team@example.com"}, OnCall: []string{"oncall@example.com"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\ngot  %+v\nwant %+v", got, want)
	}
}

func TestParseKeepsWhatTheFileSays(t *testing.T) {
	text := strings.NewReplacer(
		"    notify:", "    analysis: {minRequests: 0, errorBudget: 0}\n    strategyX:", "strategyX:", "notify:",
		"{instance: running-app-staging}", "{instance: running-app-staging, backup: false}",
		"{required: false}", "{required: true, approvers: [a@example.com]}").Replace(minimal)
	text = strings.ReplaceAll(text, "strategyX:", "notify:")
	file, err := config.Parse("p", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got := file.Environments["staging"]
	if got.Analysis.MinRequests != 0 || got.Analysis.ErrorBudget != 0 || got.Database.Backup {
		t.Errorf("a default came over what the file says: %+v %+v", got.Analysis, got.Database)
	}
	if got.Approval.ExpiresSeconds != 86400 {
		t.Errorf("people have %d seconds, want 86400", got.Approval.ExpiresSeconds)
	}
}

func TestAliasedPartsAreNotShared(t *testing.T) {
	file, err := config.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	file.Environments["staging"].SmokeTests[0].Name = "changed"
	if file.Environments["production"].SmokeTests[0].Name == "changed" {
		t.Error("two environments share one list")
	}
}

func TestLoopbackMayBePlainHTTP(t *testing.T) {
	for _, url := range []string{"http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:80/a", "https://a.example.com/b"} {
		if _, err := config.Parse("p", []byte(strings.Replace(minimal, "https://staging.example.com", "'"+url+"'", 1))); err != nil {
			t.Error(err)
		}
	}
	for _, url := range []string{"http://10.0.0.1", "ftp://localhost", "https://", "https://u:p@a.example.com", "https://a.example.com?x=1", "http://localhost.example.com"} {
		if _, err := config.Parse("p", []byte(strings.Replace(minimal, "https://staging.example.com", "'"+url+"'", 1))); err == nil {
			t.Errorf("%s is taken", url)
		}
	}
}

func TestEnvironmentListsThoseThatExist(t *testing.T) {
	file, err := config.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Environment("production"); err != nil {
		t.Error(err)
	}
	_, err = file.Environment("producton")
	want := `running-app has no environment "producton"; did you mean "production"? those that exist are production, staging`
	if err == nil || err.Error() != want || !fault.Is(err, fault.Invalid) {
		t.Errorf("\ngot  %v\nwant %s", err, want)
	}
}

func TestLoadOfNoFileIsInvalid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pilotage.yaml")
	if _, err := config.Load(path); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

// TestBakesThatCanBeMeasuredAreTaken: the shortest of each source, and a step that is not baked at all.
func TestBakesThatCanBeMeasuredAreTaken(t *testing.T) {
	for name, steps := range map[string]string{
		"balancer":    "{weight: 10, bakeSeconds: 60}\n        - {weight: 100, bakeSeconds: 0}\n    analysis: {extendSeconds: 360}",
		"application": "{weight: 10, bakeSeconds: 110}\n        - {weight: 100, bakeSeconds: 0}\n    analysis: {source: application, extendSeconds: 0}",
	} {
		text := strings.Replace(minimal, "{weight: 10, bakeSeconds: 60}\n        - {weight: 100, bakeSeconds: 60}", steps, 1)
		file, err := config.Parse("p", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := file.Environments["staging"].Analysis.Source; got != name {
			t.Errorf("got the source %q, want %q", got, name)
		}
	}
}

// TestBakesThatAreMeasuredInTimeAreTaken: a second more than the longest bakes, and one step that is not
// baked at all.
func TestBakesThatAreMeasuredInTimeAreTaken(t *testing.T) {
	for name, test := range map[string]struct {
		timeout  int
		second   int // what the second step bakes
		analysis string
	}{
		"both until they are counted":    {841, 60, "{source: balancer}"},
		"one is not baked":               {421, 0, "{source: balancer}"},
		"one is longer than that":        {921, 500, "{source: balancer}"},
		"by the service":                 {221, 60, "{source: application}"},
		"extended":                       {321, 60, "{source: application, whenInconclusive: extend, extendSeconds: 100}"},
		"extended, and one is not baked": {161, 0, "{source: application, whenInconclusive: extend, extendSeconds: 100}"},
	} {
		text := strings.Replace(minimal, "weight: 100, bakeSeconds: 60", fmt.Sprintf("weight: 100, bakeSeconds: %d", test.second), 1)
		for timeout, want := range map[int]bool{test.timeout: true, test.timeout - 1: false} {
			_, err := config.Parse("p", []byte(strings.Replace(text, "    strategy:", fmt.Sprintf("    timeoutSeconds: %d\n    analysis: %s\n    strategy:", timeout, test.analysis), 1)))
			if (err == nil) != want {
				t.Errorf("%s, in %d seconds: got %v", name, timeout, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	if text, err := os.ReadFile(example); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := config.Parse("p", text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("class %s", fault.Of(err))
			}
			return
		}
		for name, e := range file.Environments {
			if err := e.Strategy.Steps.Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
