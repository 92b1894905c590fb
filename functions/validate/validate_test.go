package validate_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/validate"
	"github.com/pilotage/pilotage/local/sim"
	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// valid is a document whose request is accepted.
func valid() map[string]any {
	return map[string]any{
		"schemaVersion": 1, "id": "d1", "execution": "arn", "stage": "Validate", "results": map[string]any{},
		"request": map[string]any{
			"schemaVersion": 1, "kind": "deploy", "release": "1.1.0", "requestedBy": "ada@example.com", "reason": "OPS-1",
			"requestedAt": "2000-01-01T00:00:00Z", "source": map[string]any{"kind": "cli"},
			"scope": map[string]any{"service": "running-app", "environment": "production", "region": "eu-central-1"},
		},
	}
}

// check runs the stage on valid with the request's fields replaced.
func check(t *testing.T, w *sim.World, fields map[string]any) error {
	t.Helper()
	_, err := validated(t, w, fields)
	return err
}

func validated(t *testing.T, w *sim.World, fields map[string]any) (deploy.ValidateResult, error) {
	t.Helper()
	doc := valid()
	request := doc["request"].(map[string]any)
	for name, value := range fields {
		request[name] = value
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	stage := validate.Stage{Settings: w.World.Settings, Catalog: w.World.Catalog, Ledger: w.Ledger, Clock: w.World.Clock}
	return stage.Handle(t.Context(), raw)
}

func refuses(t *testing.T, err error, class fault.Class, want string) {
	t.Helper()
	if !fault.Is(err, class) || err.Error() != want {
		t.Errorf("got %v, want %s: %s", err, class, want)
	}
}

func newWorld(t *testing.T, configure func(*deploy.Environment)) *sim.World {
	t.Helper()
	w, err := sim.New(sim.Options{Configure: configure})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRefusesAMalformedRequest(t *testing.T) {
	long := strings.Repeat("x", 501)
	for name, test := range map[string]struct {
		fields map[string]any
		want   string
	}{
		"unknown field":         {map[string]any{"relase": "1.1.0"}, `read the request: unknown field "relase"`},
		"wrong type":            {map[string]any{"reason": 7}, `the request's field "reason" is a JSON number where string is wanted`},
		"newer schema":          {map[string]any{"schemaVersion": 2}, "schemaVersion is 2; this pipeline reads 1"},
		"a rollback":            {map[string]any{"kind": "rollback"}, `kind is "rollback"; the deploy machine takes "deploy", the rollback machine "rollback"`},
		"no scope":              {map[string]any{"scope": map[string]any{}}, `scope needs a service and an environment, each of a-z, 0-9 and "-", got "" and ""`},
		"a scope with a slash":  {map[string]any{"scope": map[string]any{"service": "a/b", "environment": "production"}}, `scope needs a service and an environment, each of a-z, 0-9 and "-", got "a/b" and "production"`},
		"no reason":             {map[string]any{"reason": " "}, "reason has 1 characters; say in 1 to 500 why, or name a ticket"},
		"a reason too long":     {map[string]any{"reason": strings.Repeat("説", 501)}, "reason has 501 characters; say in 1 to 500 why, or name a ticket"},
		"a longer reason":       {map[string]any{"reason": long}, "reason has 501 characters; say in 1 to 500 why, or name a ticket"},
		"no release":            {map[string]any{"release": ""}, "name a release, or the deployment that this one promotes"},
		"two promotions":        {map[string]any{"promotes": "d0,d1"}, `promotes is "d0,d1"; the id of one deployment is wanted, as its mails have it`},
		"no id of a deployment": {map[string]any{"promotes": "records/d0"}, `promotes is "records/d0"; the id of one deployment is wanted, as its mails have it`},
		"a rollback's part":     {map[string]any{"rollback": map[string]any{"mode": "standard"}}, "rollback is for the rollback machine"},
		"no requester":          {map[string]any{"requestedBy": ""}, "requestedBy is missing or longer than 254 characters; give a mail address"},
		"requester without @":   {map[string]any{"requestedBy": "ada"}, `requestedBy is "ada"; a person's mail address is wanted`},
		"unknown environment": {
			map[string]any{"scope": map[string]any{"service": "running-app", "environment": "moon", "region": "eu-central-1"}},
			"there is no environment running-app/moon@eu-central-1; there are running-app/production@eu-central-1 and running-app/staging@eu-central-1",
		},
		"unknown release": {map[string]any{"release": "9.9.9"}, `there is no release "9.9.9"; there are 1.0.0, 1.1.0, 1.2.0`},
		"a promotion where releases are taken": {
			map[string]any{"promotes": "d0"}, "production takes releases, not promotions; name a release",
		},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, check(t, newWorld(t, nil), test.fields), fault.Invalid, test.want) })
	}
}

func TestAcceptsAValidRequestAndOpensItsEntry(t *testing.T) {
	w := newWorld(t, nil)
	for range 2 {
		if err := check(t, w, nil); err != nil {
			t.Fatal(err)
		}
	}
	entry, err := w.Ledger.Locate(t.Context(), "d1")
	if err != nil || !entry.Open() || entry.Request.Reason != "OPS-1" {
		t.Errorf("got %+v and error %v, want an open entry", entry, err)
	}
}

func TestRefusesWhatIsFrozenHeldOrWithoutEvidence(t *testing.T) {
	frozen := func(e *deploy.Environment) {
		e.Freezes = []deploy.Freeze{{Name: "holidays", From: "2000-01-01T00:00:00Z", Until: "2000-01-02T00:00:00Z"}}
	}
	scope := "running-app/production@eu-central-1"
	for name, test := range map[string]struct {
		configure func(*deploy.Environment)
		hold      ledger.Hold
		source    string
		want      string
	}{
		"frozen":               {frozen, ledger.Hold{}, "cli", "production is frozen until Sun 2000-01-02 00:00 UTC (holidays); deploy after that"},
		"held, by itself":      {nil, ledger.Hold{By: "ada", Reason: "wait"}, "github", scope + " is on hold since 0001-01-01T00:00:00Z, by ada: wait; lift the hold first"},
		"held, a person":       {nil, ledger.Hold{By: "ada", Reason: "wait"}, "cli", ""},
		"dirty, a person":      {nil, ledger.Hold{By: "pilotage", Reason: "half way", Dirty: true}, "cli", scope + " is on hold since 0001-01-01T00:00:00Z, by pilotage: half way; lift the hold first"},
		"without its evidence": {func(e *deploy.Environment) { e.Evidence = []string{"tests", "security", "lint"} }, ledger.Hold{}, "cli", "release 1.1.0 carries no evidence of security, lint, which production requires"},
		"not promoted":         {func(e *deploy.Environment) { e.PromoteFrom = "staging" }, ledger.Hold{}, "cli", "production takes only what staging has verified; name the staging deployment to promote"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, test.configure)
				if err := w.Ledger.SetHold(t.Context(), sim.Scope(), test.hold); err != nil {
					t.Fatal(err)
				}
				err := check(t, w, map[string]any{"source": map[string]any{"kind": test.source}})
				if test.want == "" && err == nil {
					return
				}
				refuses(t, err, fault.Denied, test.want)
			})
		})
	}
}

func TestFreezeEndsWhenItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(e *deploy.Environment) {
			e.Freezes = []deploy.Freeze{{Name: "night", From: "2000-01-01T01:00:00Z", Until: "2000-01-01T02:00:00Z"}}
		})
		for _, step := range []struct {
			after  time.Duration
			frozen bool
		}{{time.Hour - time.Second, false}, {time.Second, true}, {time.Hour - time.Second, true}, {time.Second, false}} {
			time.Sleep(step.after)
			if err := check(t, w, nil); (err != nil) != step.frozen {
				t.Errorf("at %s: got error %v, want frozen %v", time.Now().UTC().Format(time.TimeOnly), err, step.frozen)
			}
		}
	})
}

// verified makes staging verify release 1.1.0 as s1, in a world whose production takes only that.
func verified(t *testing.T, configure func(*deploy.Environment)) *sim.World {
	t.Helper()
	w := newWorld(t, func(e *deploy.Environment) {
		e.PromoteFrom, e.PromoteWithinHours = "staging", 24
		configure(e)
	})
	s1 := ledger.Deployment{ID: "s1", Kind: deploy.KindDeploy, Scope: sim.Staging(), Outcome: deploy.Succeeded, Promoted: true, StartedAt: time.Now(), EndedAt: time.Now()}
	s1.Plan.Release = sim.Releases()[1].Ref()
	if err := w.Ledger.Begin(t.Context(), s1); err != nil {
		t.Fatal(err)
	}
	if err := w.Ledger.SetLive(t.Context(), sim.Staging(), ledger.Live{Deployment: "s1", Release: s1.Plan.Release, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestPromotesOnlyWhatWasVerified: package promotion has the tests of what that means.
func TestPromotesOnlyWhatWasVerified(t *testing.T) {
	for name, test := range map[string]struct {
		fields map[string]any
		after  time.Duration
		change func(*ledger.Deployment)
		want   string
	}{
		"verified":            {map[string]any{"release": ""}, 0, nil, ""},
		"verified, and named": {map[string]any{"release": "1.1.0"}, 0, nil, ""},
		"another is named": {
			map[string]any{"release": "1.2.0"},
			0, nil,
			`release 1.2.0 is not what deployment s1 verified: version "1.2.0", not "1.1.0", commit "2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c", not "1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c", ` +
				`digest "sha256:2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a", not "sha256:1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a", with migrations 0003 step_3 (expand), 0004 step_4 (expand); name one of the two`,
		},
		"taken back": {map[string]any{"release": ""}, 0, func(d *ledger.Deployment) { d.UndoneBy = "r1" }, "deployment s1 was taken back by r1; it cannot be promoted"},
		"too old":    {map[string]any{"release": ""}, 25 * time.Hour, nil, "deployment s1 ended at 2000-01-01T00:00:00Z; production takes none older than 24 hours"},
		"unknown":    {map[string]any{"release": "", "promotes": "s11"}, 0, nil, `the ledger knows no deployment "s11"; did you mean "s1"?`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := verified(t, func(*deploy.Environment) {})
				if test.change != nil {
					if err := w.Ledger.Amend(t.Context(), sim.Staging(), "s1", test.change); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(test.after)
				fields := map[string]any{"promotes": "s1"}
				maps.Copy(fields, test.fields)
				err := check(t, w, fields)
				if test.want == "" && err == nil {
					return
				}
				if err == nil || err.Error() != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
			})
		})
	}
}

// TestForceGoesPastWhatItMayAndSaysSo: each gate that was closed is named, and no other.
func TestForceGoesPastWhatItMayAndSaysSo(t *testing.T) {
	freeze := func(e *deploy.Environment) {
		e.Freezes = []deploy.Freeze{{Name: "weekend", From: "2000-01-01T00:00:00Z", Until: "2000-01-03T06:00:00Z", Repeats: "FREQ=WEEKLY"}}
	}
	evidence := func(e *deploy.Environment) { e.Evidence = []string{"tests", "lint"} }
	hold := ledger.Hold{By: "ada", Reason: "a fair", At: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	dirty := hold
	dirty.Dirty = true
	const (
		frozen, held = "freeze weekend until Mon 2000-01-03 06:00 UTC", "hold by ada since 2000-01-01T00:00:00Z: a fair"
		old, bare    = "deployment s1 ended at 2000-01-01T00:00:00Z, more than 24 hours ago", "no evidence of lint"
	)
	for name, test := range map[string]struct {
		configure func(*deploy.Environment)
		hold      ledger.Hold
		after     time.Duration
		undone    string
		want      []string
		refusal   string
	}{
		"nothing is closed":      {configure: func(*deploy.Environment) {}},
		"frozen":                 {configure: freeze, want: []string{frozen}},
		"held":                   {configure: func(*deploy.Environment) {}, hold: hold, want: []string{held}},
		"without its evidence":   {configure: evidence, want: []string{bare}},
		"too old":                {configure: func(*deploy.Environment) {}, after: 25 * time.Hour, want: []string{old}},
		"everything at once":     {configure: func(e *deploy.Environment) { freeze(e); evidence(e) }, hold: hold, after: 25 * time.Hour, want: []string{frozen, held, old, bare}},
		"a dirty hold stops it":  {configure: freeze, hold: dirty, refusal: "running-app/production@eu-central-1 is on hold since 2000-01-01T00:00:00Z, by ada: a fair; lift the hold first"},
		"a taken back one stops": {configure: freeze, undone: "r1", refusal: "deployment s1 was taken back by r1; it cannot be promoted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := verified(t, test.configure)
				if err := w.Ledger.SetHold(t.Context(), sim.Scope(), test.hold); err != nil {
					t.Fatal(err)
				}
				if err := w.Ledger.Amend(t.Context(), sim.Staging(), "s1", func(d *ledger.Deployment) { d.UndoneBy = test.undone }); err != nil {
					t.Fatal(err)
				}
				time.Sleep(test.after)
				if _, err := w.Ledger.Once(t.Context(), admission.ForceMark, "d1", sim.Requester); err != nil {
					t.Fatal(err)
				}
				fields := map[string]any{"release": "", "promotes": "s1", "force": true, "source": map[string]any{"kind": "github"}}
				result, err := validated(t, w, fields)
				if test.refusal != "" {
					refuses(t, err, fault.Denied, test.refusal)
					return
				}
				if err != nil || !slices.Equal(result.Forced, test.want) {
					t.Errorf("got %v and error %v, want %v", result.Forced, err, test.want)
				}
			})
		})
	}
}

func TestForceThatTheDoorDidNotLetThroughIsDenied(t *testing.T) {
	w := newWorld(t, func(e *deploy.Environment) { e.Force = []string{"ada@example.com", "grace@example.com"} })
	refuses(t, check(t, w, map[string]any{"force": true}), fault.Denied,
		"force counts only when it is asked for by command (pilotage deploy --force), by who may: for production, pilotage.yaml lists ada@example.com, grace@example.com")
}

// TestOldEntriesAreSaidToBeComparedByDigest: the record shows what was not compared.
func TestOldEntriesAreSaidToBeComparedByDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := verified(t, func(*deploy.Environment) {})
		result, err := validated(t, w, map[string]any{"release": "", "promotes": "s1"})
		if want := []string{"request", "environment", "freeze", "hold", "release", "promotion", "age", "evidence"}; err != nil || !slices.Equal(result.Checks, want) {
			t.Errorf("got %v and error %v, want %v", result.Checks, err, want)
		}
		if err := w.Ledger.Amend(t.Context(), sim.Staging(), "s1", func(d *ledger.Deployment) { d.Plan.Release.Migrations = "" }); err != nil {
			t.Fatal(err)
		}
		result, err = validated(t, w, map[string]any{"release": "", "promotes": "s1"})
		if err != nil || !strings.Contains(strings.Join(result.Checks, "; "), "the entry of s1 says nothing of migrations and configuration: compared by digest only") {
			t.Errorf("got %v and error %v, want it said", result.Checks, err)
		}
	})
}

func TestValidateRefusesAnExecutionNameThatNoOtherNameCanDeriveFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		stage := validate.Stage{Settings: w.World.Settings, Catalog: w.World.Catalog, Ledger: w.Ledger, Clock: w.World.Clock}
		for _, name := range []string{"", "with space", "under_score", strings.Repeat("x", 61)} {
			doc := valid()
			doc["id"] = name
			raw, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stage.Handle(t.Context(), raw); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "at most 60 letters") {
				t.Errorf("name %q: got %v, want Pilotage.Invalid", name, err)
			}
		}
	})
}
