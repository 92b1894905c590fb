package plan

import (
	"slices"
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

func environment() deploy.Environment {
	return deploy.Environment{
		Strategy: deploy.Strategy{Steps: deploy.Schedule{{Weight: 10, BakeSeconds: 60}, {Weight: 100}}},
		Capacity: deploy.Capacity{Replicas: 2}, Database: deploy.Database{Backup: true}, Rollback: deploy.Rollback{Schema: deploy.SchemaDown},
	}
}

func capsule() deploy.Capsule {
	return deploy.Capsule{
		Weights: deploy.Split(deploy.Green, 100), SchemaVersion: 2,
		Green: deploy.SlotState{Workload: deploy.Workload{Digest: "sha256:old", Version: "1.0.0", Count: 2}, Running: 2, Healthy: 2},
	}
}

func candidate() deploy.Release {
	return deploy.Release{Digest: "sha256:new", Version: "1.1.0", RequiresSchema: 2}
}

// drawing is a change of what the plan is made from, and what must follow.
type drawing struct {
	env      func(*deploy.Environment)
	now      func(*deploy.Capsule)
	release  func(*deploy.Release)
	pending  []deploy.Migration
	check    func(deploy.Plan) bool
	rejected string
}

func drawings() map[string]drawing {
	return map[string]drawing{
		"the idle slot, the pending migrations": {pending: []deploy.Migration{{Version: 3, Kind: deploy.Expand}}, check: func(p deploy.Plan) bool {
			return p.Target == deploy.Blue && len(p.Migrations) == 1 && p.SchemaFrom == 2 && p.SchemaTo == 3 && p.From.Version == "1.0.0" && p.SnapshotID == "pilotage-d1"
		}},
		"nothing to migrate": {
			check: func(p deploy.Plan) bool { return len(p.Migrations) == 0 && p.SchemaTo == 2 },
		},
		"no backup asked for": {
			env:   func(e *deploy.Environment) { e.Database.Backup = false },
			check: func(p deploy.Plan) bool { return p.SnapshotID == "" },
		},
		"maintenance has one step": {
			env: func(e *deploy.Environment) { e.Strategy.Maintenance = true },
			check: func(p deploy.Plan) bool {
				return p.Maintenance && len(p.Schedule) == 1 && p.Schedule[0].BakeSeconds == 0
			},
		},
		"nothing runs: the active slot, at once": {
			now: func(c *deploy.Capsule) { c.Green = deploy.SlotState{} },
			check: func(p deploy.Plan) bool {
				return p.Target == deploy.Green && p.From.Digest == "" && len(p.Schedule) == 1 && p.Schedule[0].Weight == 100
			},
		},
		"an emptied slot is as good as none": {
			now:   func(c *deploy.Capsule) { c.Green.Count = 0 },
			check: func(p deploy.Plan) bool { return p.Target == deploy.Green && p.From.Version == "" },
		},
		"live already": {
			release: func(r *deploy.Release) { r.Digest = "sha256:old" }, rejected: "release 1.1.0 is live in app/prod@eu already, in slot green",
		},
		"live already, but not healthy: it is deployed": {
			release: func(r *deploy.Release) { r.Digest = "sha256:old" }, now: func(c *deploy.Capsule) { c.Green.Healthy = 1 },
			check: func(p deploy.Plan) bool { return p.Target == deploy.Blue },
		},
		"needs a schema that it does not bring": {
			release: func(r *deploy.Release) { r.RequiresSchema = 4 }, pending: []deploy.Migration{{Version: 3}},
			rejected: "release 1.1.0 needs schema 4, and its migrations lead to 3 only",
		},
	}
}

func TestDraw(t *testing.T) {
	for name, test := range drawings() {
		t.Run(name, func(t *testing.T) {
			env, now, release := environment(), capsule(), candidate()
			if test.env != nil {
				test.env(&env)
			}
			if test.now != nil {
				test.now(&now)
			}
			if test.release != nil {
				test.release(&release)
			}
			doc := deploy.Document{ID: "d1", Request: deploy.Request{Scope: deploy.Scope{Service: "app", Environment: "prod", Region: "eu"}}}
			got, err := draw(doc, seen{env, release, now, test.pending})
			switch {
			case test.rejected != "":
				if !fault.Is(err, fault.Rejected) || err.Error() != test.rejected {
					t.Errorf("got %v, want %s", err, test.rejected)
				}
			case err != nil || !test.check(got):
				t.Errorf("got %+v and error %v", got, err)
			}
		})
	}
}

// TestForecastWaitsForCounts: of two bakes of a minute and a step without one.
func TestForecastWaitsForCounts(t *testing.T) {
	for name, test := range map[string]struct {
		region   string
		analysis deploy.Analysis
		want     [3]int // what the steps take, traffic included
	}{
		"as it was before there was a choice": {"eu-central-1", deploy.Analysis{}, [3]int{422, 422, 2}},
		"by the load balancer":                {"eu-central-1", deploy.Analysis{Source: deploy.SourceBalancer, WhenInconclusive: deploy.InconclusiveProceed, ExtendSeconds: 600}, [3]int{422, 422, 2}},
		"by the service":                      {"eu-central-1", deploy.Analysis{Source: deploy.SourceApplication, WhenInconclusive: deploy.InconclusiveFail, ExtendSeconds: 600}, [3]int{112, 112, 2}},
		"extended":                            {"eu-central-1", deploy.Analysis{Source: deploy.SourceApplication, WhenInconclusive: deploy.InconclusiveExtend, ExtendSeconds: 100}, [3]int{162, 162, 2}},
		"by the router":                       {deploy.RegionLocal, deploy.Analysis{Source: deploy.SourceBalancer, WhenInconclusive: deploy.InconclusiveProceed}, [3]int{62, 62, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := deploy.Plan{Scope: deploy.Scope{Region: test.region}, Schedule: deploy.Schedule{{Weight: 1, BakeSeconds: 60}, {Weight: 10, BakeSeconds: 60}, {Weight: 100}}}
			plan.Environment.Analysis = test.analysis
			got, sum := [3]int{}, test.want[0]+test.want[1]+test.want[2]+closingSeconds
			f := forecast(plan)
			for i := range min(len(got), len(f.Parts)) {
				got[i] = f.Parts[i].Seconds
			}
			if got != test.want || f.Seconds != sum {
				t.Errorf("got %v and %d seconds, want %v and %d", got, f.Seconds, test.want, sum)
			}
		})
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*deploy.Plan)
		want   []string
	}{
		"a release":        {func(p *deploy.Plan) { p.Release.Version = "2" }, []string{"release"}},
		"what is live":     {func(p *deploy.Plan) { p.From.Version = "2" }, []string{"live release"}},
		"the slot":         {func(p *deploy.Plan) { p.Target = deploy.Green }, []string{"slot"}},
		"the schedule":     {func(p *deploy.Plan) { p.Schedule = deploy.Schedule{{Weight: 100}} }, []string{"schedule"}},
		"the migrations":   {func(p *deploy.Plan) { p.Migrations = []deploy.Migration{{Version: 9}} }, []string{"migrations"}},
		"the schema":       {func(p *deploy.Plan) { p.SchemaFrom = 9 }, []string{"schema"}},
		"the settings":     {func(p *deploy.Plan) { p.Environment.TimeoutSeconds = 9 }, []string{"configuration"}},
		"the way back":     {func(p *deploy.Plan) { p.Schema = deploy.SchemaKeep }, []string{"what rollback does with the schema"}},
		"anything else":    {func(p *deploy.Plan) { p.Capsule.Blue.Count = 9 }, []string{"the state of the slots"}},
		"several together": {func(p *deploy.Plan) { p.Target, p.SchemaTo = deploy.Green, 9 }, []string{"slot", "schema"}},
	} {
		t.Run(name, func(t *testing.T) {
			var before deploy.Plan
			after := before
			test.change(&after)
			if got := differences(before, after); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMigrationThatBreaksTheRunningVersionIsRejected(t *testing.T) {
	release := candidate()
	release.Findings = []deploy.Finding{
		{File: "3.sql", Line: 2, Rule: "locks", Severity: deploy.SeverityWarn, Message: "takes a lock"},
	}
	if err := safe(release); err != nil {
		t.Errorf("a warning was refused: %v", err)
	}
	release.Findings = append(release.Findings, deploy.Finding{File: "3.sql", Line: 7, Rule: "drop", Severity: deploy.SeverityRefuse, Message: "drops a column", Advice: "contract it later"})
	want := "release 1.1.0 would break the version that is running: 3.sql:7: drops a column (drop): contract it later"
	if err := safe(release); !fault.Is(err, fault.Rejected) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
