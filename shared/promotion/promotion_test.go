package promotion_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/gate"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/promotion"
)

func staging() deploy.Scope {
	return deploy.Scope{Service: "app", Environment: "staging", Region: "eu"}
}

func release(version string, migrations ...int64) deploy.Release {
	made := deploy.Release{Digest: "sha256:" + version, Version: version, Commit: "commit of " + version, ConfigSchema: "1"}
	for _, m := range migrations {
		made.Migrations = append(made.Migrations, deploy.Migration{Version: m, Name: fmt.Sprint("step", m), Kind: deploy.Expand, Checksum: fmt.Sprint("sum", m)})
	}
	return made
}

// catalog has releases by their version and by their digest.
type catalog map[string]deploy.Release

func (c catalog) Find(_ context.Context, _, ref string) (deploy.Release, error) {
	for _, r := range c {
		if r.Version == ref || r.Digest == ref {
			return r, nil
		}
	}
	return deploy.Release{}, fault.New(fault.Invalid, "there is no release %q", ref)
}

// world is staging with what was deployed there, and the rules of production.
type world struct {
	*testing.T
	promotion.Rules
	ledger  *ledger.Ledger
	catalog catalog
}

func newWorld(t *testing.T, f func(w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger.Ledger{Store: &ledgerstore.Memory{}, Clock: clock.System{}}
		c := catalog{}
		for _, r := range []deploy.Release{release("1.0.0", 1), release("1.1.0", 1, 2), release("1.2.0", 1, 2, 3)} {
			c[r.Version] = r
		}
		env := deploy.Environment{PromoteFrom: "staging", PromoteWithinHours: 24}
		f(world{t, promotion.Rules{Catalog: c, Ledger: l, Clock: clock.System{}, Environment: env}, l, c})
	})
}

// deployed puts a release live in staging, as a deployment of an id would have.
func (w world) deployed(id, version string) {
	w.Helper()
	w.entered(id, version, func(*ledger.Deployment) {})
	live := ledger.Live{Deployment: id, Release: w.catalog[version].Ref(), At: time.Now()}
	if err := w.ledger.SetLive(w.Context(), staging(), live); err != nil {
		w.Fatal(err)
	}
	time.Sleep(time.Minute)
}

// entered writes the entry of a deployment and leaves alone what is live.
func (w world) entered(id, version string, change func(*ledger.Deployment)) {
	w.Helper()
	was, err := w.ledger.Live(w.Context(), staging())
	if err != nil {
		w.Fatal(err)
	}
	release := w.catalog[version]
	entry := ledger.Deployment{ID: id, Kind: deploy.KindDeploy, Scope: staging(), Outcome: deploy.Succeeded, Promoted: true, StartedAt: time.Now(), EndedAt: time.Now()}
	entry.Plan.Release, entry.Plan.From = release.Ref(), deploy.ReleaseRef{Digest: was.Release.Digest, Version: was.Release.Version}
	entry.Plan.Migrations = release.Migrations
	change(&entry)
	if err := w.ledger.Begin(w.Context(), entry); err != nil {
		w.Fatal(err)
	}
}

// promote asks for the promotion of a deployment to production.
func (w world) promote(change func(*deploy.Request)) (promotion.Candidate, error) {
	asked := deploy.Request{Scope: staging(), Promotes: "s1"}
	asked.Scope.Environment = "production"
	change(&asked)
	found, err := w.Find(w.Context(), asked)
	if err == nil {
		err = w.Verified(w.Context(), asked, found)
	}
	if err == nil {
		err = w.Fresh(asked, found)
	}
	return found, err
}

func (w world) refuses(class fault.Class, want string) {
	w.Helper()
	if _, err := w.promote(func(*deploy.Request) {}); !fault.Is(err, class) || err.Error() != want {
		w.Errorf("got %v, want %s: %s", err, class, want)
	}
}

func TestPromotesWhatStandsWhereItWasVerified(t *testing.T) {
	for name, prepare := range map[string]func(w world){
		"live now":                    func(w world) { w.deployed("s1", "1.1.0") },
		"followed by a newer release": func(w world) { w.deployed("s0", "1.0.0"); w.deployed("s1", "1.1.0"); w.deployed("s2", "1.2.0") },
		"deployed again after going back": func(w world) {
			w.deployed("s0", "1.0.0")
			w.deployed("s1", "1.1.0")
			w.deployed("s2", "1.0.0")
			w.deployed("s3", "1.1.0")
		},
		"longer ago than the ledger keeps": func(w world) {
			w.deployed("s1", "1.1.0")
			for i := range 12 {
				w.deployed(fmt.Sprint("t", i), "1.2.0")
			}
		},
		"what came later was taken back": func(w world) {
			w.deployed("s1", "1.1.0")
			w.deployed("s2", "1.2.0")
			if err := w.ledger.Undo(w.Context(), staging(), "s2"); err != nil {
				w.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, func(w world) {
				prepare(w)
				found, err := w.promote(func(*deploy.Request) {})
				if err != nil || found.Release.Version != "1.1.0" || found.From.ID != "s1" {
					w.Errorf("got %+v and error %v, want release 1.1.0 from s1", found, err)
				}
			})
		})
	}
}

func TestRefusesWhatStagingWentBackFrom(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(w world)
		want    string
	}{
		"it was taken back": {func(w world) {
			w.deployed("s1", "1.1.0")
			err := w.ledger.Amend(w.Context(), staging(), "s1", func(d *ledger.Deployment) { d.UndoneBy, d.Outcome = "r1", deploy.RolledBack })
			if err != nil {
				w.Fatal(err)
			}
		}, "deployment s1 was taken back by r1; it cannot be promoted"},
		"it is not live any more, though its entry does not say so": {func(w world) {
			w.deployed("s0", "1.0.0")
			w.deployed("s1", "1.1.0")
			if err := w.ledger.Undo(w.Context(), staging(), "s1"); err != nil {
				w.Fatal(err)
			}
		}, "deployment s1 is not among what was live in staging any more: it was taken back"},
		"it was the first, and nothing is live any more": {func(w world) {
			w.deployed("s1", "1.1.0")
			if err := w.ledger.Undo(w.Context(), staging(), "s1"); err != nil {
				w.Fatal(err)
			}
		}, "deployment s1 is not among what was live in staging any more: it was taken back"},
		"it is gone from a full list that goes back further": {func(w world) {
			w.deployed("s0", "1.0.0")
			w.entered("s1", "1.1.0", func(*ledger.Deployment) {})
			for i := range 10 {
				w.deployed(fmt.Sprint("t", i), "1.2.0")
			}
		}, "deployment s1 is not among what was live in staging any more: it was taken back"},
		"what it replaced was deployed again": {
			func(w world) { w.deployed("s0", "1.0.0"); w.deployed("s1", "1.1.0"); w.deployed("s2", "1.0.0") },
			"staging went back from deployment s1: s2 put the older release 1.0.0 live there",
		},
		"what it replaced, which nobody had deployed, was deployed": {
			func(w world) {
				w.entered("s1", "1.1.0", func(d *ledger.Deployment) { d.Plan.From.Digest = "sha256:1.0.0" })
				if err := w.ledger.SetLive(w.Context(), staging(), ledger.Live{Deployment: "s1", Release: w.catalog["1.1.0"].Ref(), At: time.Now()}); err != nil {
					w.Fatal(err)
				}
				w.deployed("s2", "1.0.0")
			},
			"staging went back from deployment s1: s2 put the older release 1.0.0 live there",
		},
		"what was live before that was deployed again": {
			func(w world) {
				w.deployed("s8", "1.2.0")
				w.deployed("s9", "1.0.0")
				w.deployed("s1", "1.1.0")
				w.deployed("s2", "1.2.0")
			},
			"staging went back from deployment s1: s2 put the older release 1.2.0 live there",
		},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, func(w world) {
				test.prepare(w)
				w.refuses(fault.Denied, test.want)
			})
		})
	}
}

func TestRefusesWhatCannotBePromoted(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*ledger.Deployment)
		want   string
	}{
		"of another service":     {func(d *ledger.Deployment) { d.Scope.Service = "other" }, "deployment s1 is of service other, not of app"},
		"of another environment": {func(d *ledger.Deployment) { d.Scope.Environment = "production" }, "deployment s1 went to production; production takes only what staging has verified"},
		"of another region":      {func(d *ledger.Deployment) { d.Scope.Region = "us" }, "deployment s1 went to app/staging@us; what is promoted here comes from app/staging@eu"},
		"a rollback":             {func(d *ledger.Deployment) { d.Kind, d.Promoted = deploy.KindRollback, false }, "s1 is a rollback; name the deployment that put the release live in staging"},
		"still open":             {func(d *ledger.Deployment) { d.Outcome, d.Promoted = "", false }, "deployment s1 is still open; only one that succeeded can be promoted"},
		"live, and not recorded": {func(d *ledger.Deployment) { d.Outcome = "" }, "deployment s1 is still open; only one that succeeded can be promoted"},
		"refused": {func(d *ledger.Deployment) {
			d.Outcome, d.Promoted, d.Error.Error = deploy.Refused, false, "Pilotage.Expired"
		}, "deployment s1 is refused (Pilotage.Expired); only one that succeeded can be promoted"},
		"failed dirty": {func(d *ledger.Deployment) { d.Outcome, d.Error.Error = deploy.FailedDirty, "Pilotage.Internal" }, "deployment s1 is failed-dirty (Pilotage.Internal); only one that succeeded can be promoted"},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, func(w world) {
				w.entered("s1", "1.1.0", test.change)
				w.refuses(fault.Denied, test.want)
			})
		})
	}
}

func TestUnknownIDsSayWhichWasMeant(t *testing.T) {
	for name, test := range map[string]struct {
		prepare  func(w world)
		promotes string
		want     string
	}{
		"nothing near": {
			func(world) {}, "x",
			`the ledger knows no deployment "x"; its id is in the mails and in the name of its execution`,
		},
		"a letter wrong": {
			func(w world) { w.deployed("20261124-150405-anna", "1.1.0") }, "20261124-150405-ana",
			`the ledger knows no deployment "20261124-150405-ana"; did you mean "20261124-150405-anna"?`,
		},
		"far from all": {
			func(w world) {
				w.deployed("20261123-150405-anna", "1.0.0")
				w.deployed("20261124-150405-anna", "1.1.0")
				w.entered("20261125-150405-anna", "1.2.0", func(d *ledger.Deployment) { d.Outcome = deploy.Refused })
			}, "production-of-yesterday",
			`the ledger knows no deployment "production-of-yesterday"; its id is in the mails and in the name of its execution; the newest that staging has verified is 20261124-150405-anna (1.1.0)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, func(w world) {
				test.prepare(w)
				_, err := w.promote(func(r *deploy.Request) { r.Promotes = test.promotes })
				if !fault.Is(err, fault.Invalid) || err.Error() != test.want {
					w.Errorf("got %v, want %s", err, test.want)
				}
			})
		})
	}
}

func TestRefusesWhatChangedUnderItsDigest(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*deploy.Release)
		want   string
	}{
		"a migration": {
			func(r *deploy.Release) { r.Migrations[1].Checksum = "another" },
			"its migrations are others (changed or gone: 0002 step2 (expand))",
		},
		"a migration more": {
			func(r *deploy.Release) { r.Migrations = append(r.Migrations, deploy.Migration{Version: 9}) },
			"its migrations are others",
		},
		"no migrations": {
			func(r *deploy.Release) { r.Migrations = nil },
			"its migrations are others (changed or gone: 0001 step1 (expand), 0002 step2 (expand))",
		},
		"its configuration": {func(r *deploy.Release) { r.ConfigSchema = "2" }, `its configuration schema is "2", and was "1"`},
		"both": {
			func(r *deploy.Release) {
				r.ConfigSchema, r.Migrations = "2", append(r.Migrations, deploy.Migration{Version: 9})
			},
			`its migrations are others; its configuration schema is "2", and was "1"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, func(w world) {
				w.deployed("s1", "1.1.0")
				changed := w.catalog["1.1.0"]
				changed.Migrations = append([]deploy.Migration(nil), changed.Migrations...)
				test.change(&changed)
				w.catalog["1.1.0"] = changed
				w.refuses(fault.Denied, "release 1.1.0 is not any more what deployment s1 verified: "+test.want+"; publish it under a new version and let staging verify that")
			})
		})
	}
}

// TestEntriesFromBeforeAreComparedByDigest: what they do not say cannot be compared.
func TestEntriesFromBeforeAreComparedByDigest(t *testing.T) {
	newWorld(t, func(w world) {
		w.deployed("s1", "1.1.0")
		err := w.ledger.Amend(w.Context(), staging(), "s1", func(d *ledger.Deployment) { d.Plan.Release.Migrations, d.Plan.Release.ConfigSchema = "", "" })
		if err != nil {
			w.Fatal(err)
		}
		found, err := w.promote(func(*deploy.Request) {})
		if err != nil || !promotion.ByDigestOnly(found.From) {
			w.Errorf("got %+v and error %v, want it found by its digest only", found, err)
		}
	})
	newWorld(t, func(w world) {
		w.deployed("s1", "1.1.0")
		if found, err := w.promote(func(*deploy.Request) {}); err != nil || promotion.ByDigestOnly(found.From) || promotion.ByDigestOnly(ledger.Deployment{}) {
			w.Errorf("got %+v and error %v, want it compared in full", found, err)
		}
	})
}

func TestReleaseNamedBesidesMustBeTheSame(t *testing.T) {
	newWorld(t, func(w world) {
		w.deployed("s1", "1.1.0")
		for _, same := range []string{"", "1.1.0", "sha256:1.1.0"} {
			if _, err := w.promote(func(r *deploy.Request) { r.Release = same }); err != nil {
				w.Errorf("%q: got %v", same, err)
			}
		}
		other := release("1.1.0-rc", 1, 3)
		other.ConfigSchema = "2"
		w.catalog["1.1.0-rc"] = other
		for named, want := range map[string]string{
			"1.1.0-rc": `release 1.1.0-rc is not what deployment s1 verified: version "1.1.0-rc", not "1.1.0", commit "commit of 1.1.0-rc", not "commit of 1.1.0", digest "sha256:1.1.0-rc", not "sha256:1.1.0", ` +
				`configuration schema "2", not "1", with migrations 0003 step3 (expand), without migrations 0002 step2 (expand); name one of the two`,
			"9.9.9": `there is no release "9.9.9"`,
		} {
			_, err := w.promote(func(r *deploy.Request) { r.Release = named })
			if !fault.Is(err, fault.Invalid) || err.Error() != want {
				w.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

func TestAgeIsAGateThatForceGoesPast(t *testing.T) {
	newWorld(t, func(w world) {
		w.deployed("s1", "1.1.0")
		time.Sleep(24*time.Hour - time.Minute)
		if _, err := w.promote(func(*deploy.Request) {}); err != nil {
			w.Errorf("a day later: %v", err)
		}
		time.Sleep(time.Second)
		w.refuses(fault.Denied, "deployment s1 ended at 2000-01-01T00:00:00Z; production takes none older than 24 hours")
		_, err := w.promote(func(*deploy.Request) {})
		var closed *gate.Closed
		if want := "deployment s1 ended at 2000-01-01T00:00:00Z, more than 24 hours ago"; !errors.As(err, &closed) || closed.Past != want {
			w.Errorf("got %v, want a closed gate: %s", err, want)
		}
	})
}

func TestEnvironmentsTakeReleasesOrPromotions(t *testing.T) {
	newWorld(t, func(w world) {
		_, err := w.promote(func(r *deploy.Request) { r.Promotes, r.Release = "", "1.1.0" })
		if want := "production takes only what staging has verified; name the staging deployment to promote"; !fault.Is(err, fault.Denied) || err.Error() != want {
			w.Errorf("got %v, want %s", err, want)
		}
		w.Environment.PromoteFrom = ""
		if found, err := w.promote(func(r *deploy.Request) { r.Promotes, r.Release = "", "1.1.0" }); err != nil || found.Release.Version != "1.1.0" {
			w.Errorf("got %+v and error %v, want 1.1.0", found, err)
		}
		_, err = w.promote(func(*deploy.Request) {})
		if want := "production takes releases, not promotions; name a release"; !fault.Is(err, fault.Invalid) || err.Error() != want {
			w.Errorf("got %v, want %s", err, want)
		}
	})
}

// TestLedgerThatCannotBeReadIsNoUnknownDeployment: a failure of ours is none of the request.
func TestLedgerThatCannotBeReadIsNoUnknownDeployment(t *testing.T) {
	newWorld(t, func(w world) {
		w.Ledger = broken{w.ledger}
		if _, err := w.promote(func(*deploy.Request) {}); fault.Is(err, fault.Invalid) || err == nil || !strings.Contains(err.Error(), "throttled") {
			w.Errorf("got %v, want the ledger's own error", err)
		}
	})
}

type broken struct{ promotion.Ledger }

func (broken) Locate(context.Context, string) (ledger.Deployment, error) {
	return ledger.Deployment{}, errors.New("throttled")
}
