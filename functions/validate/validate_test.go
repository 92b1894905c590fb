package validate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/functions/validate"
	"github.com/pilotage/pilotage/local/sim"
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
	_, err = stage.Handle(t.Context(), raw)
	return err
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
		"a reason too long":     {map[string]any{"reason": long}, "reason has 501 characters; say in 1 to 500 why, or name a ticket"},
		"no release":            {map[string]any{"release": ""}, "name a release, or the deployment that this one promotes"},
		"release and promotion": {map[string]any{"promotes": "d0"}, "name a release or a deployment to promote, not both: the release follows from the deployment"},
		"a rollback's part":     {map[string]any{"rollback": map[string]any{"mode": "standard"}}, "rollback is for the rollback machine"},
		"no requester":          {map[string]any{"requestedBy": ""}, "requestedBy is missing or longer than 254 characters; give a mail address"},
		"requester without @":   {map[string]any{"requestedBy": "ada"}, `requestedBy is "ada"; a person's mail address is wanted`},
		"unknown environment": {
			map[string]any{"scope": map[string]any{"service": "running-app", "environment": "moon", "region": "eu-central-1"}},
			"there is no environment running-app/moon@eu-central-1; there are running-app/production@eu-central-1 and running-app/staging@eu-central-1",
		},
		"unknown release": {map[string]any{"release": "9.9.9"}, `there is no release "9.9.9"; there are 1.0.0, 1.1.0, 1.2.0`},
		"a promotion where releases are taken": {
			map[string]any{"release": "", "promotes": "d0"}, "production takes releases, not promotions; name a release",
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
		"frozen":               {frozen, ledger.Hold{}, "cli", "production is frozen until 2000-01-02T00:00:00Z (holidays); deploy after that"},
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

func TestPromotesOnlyWhatWasVerified(t *testing.T) {
	promotes := func(e *deploy.Environment) { e.PromoteFrom, e.PromoteWithinHours = "staging", 24 }
	good := ledger.Deployment{ID: "s1", Kind: deploy.KindDeploy, Scope: sim.Staging(), Outcome: deploy.Succeeded, Promoted: true}
	good.Plan.Release = sim.Releases()[1].Ref()
	with := func(change func(*ledger.Deployment)) ledger.Deployment {
		changed := good
		change(&changed)
		return changed
	}
	for name, test := range map[string]struct {
		from ledger.Deployment
		want string
	}{
		"verified":   {good, ""},
		"taken back": {with(func(d *ledger.Deployment) { d.UndoneBy = "r1" }), "deployment s1 was taken back by r1; it cannot be promoted"},
		"still open": {with(func(d *ledger.Deployment) { d.Outcome, d.Promoted = "", false }), "deployment s1 is still open; only one that succeeded can be promoted"},
		"refused": {with(func(d *ledger.Deployment) {
			d.Outcome, d.Promoted, d.Error.Error = deploy.Refused, false, "Pilotage.Expired"
		}), "deployment s1 is refused (Pilotage.Expired); only one that succeeded can be promoted"},
		"from elsewhere":   {with(func(d *ledger.Deployment) { d.Scope = sim.Scope() }), "deployment s1 went to production; production takes only what staging has verified"},
		"of another":       {with(func(d *ledger.Deployment) { d.Scope.Service = "other" }), "deployment s1 is of service other, not of running-app"},
		"more than a day":  {with(func(d *ledger.Deployment) { d.EndedAt = time.Date(1999, 12, 30, 23, 0, 0, 0, time.UTC) }), "deployment s1 ended at 1999-12-30T23:00:00Z; production takes none older than 24 hours"},
		"not known at all": {ledger.Deployment{ID: "s2", Scope: sim.Staging()}, `the ledger knows no deployment "s1"; its id is in the mails and in the name of its execution`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, promotes)
				from := test.from
				if from.EndedAt.IsZero() {
					from.EndedAt = time.Now()
				}
				if err := w.Ledger.Begin(t.Context(), from); err != nil {
					t.Fatal(err)
				}
				err := check(t, w, map[string]any{"release": "", "promotes": "s1"})
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
