// Package plan is the stage that decides what a deployment will do: it captures the state to
// go back to, chooses the slot, the schedule, the migrations and the way back, and forecasts
// the time. It changes nothing. Under the lock it runs again, as Replan.
package plan

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pilotage/pilotage/shared/approval"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/gate"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/promotion"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Settings finds the configuration of a scope.
type Settings interface {
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
}

// Balancer reads the routing.
type Balancer interface {
	Routing(ctx context.Context, scope deploy.Scope) (traffic.Routing, error)
}

// Fleet reads the slots.
type Fleet interface {
	Describe(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (deploy.SlotState, error)
}

// Schema reads the schema version, and what a release would do to it.
type Schema interface {
	Version(ctx context.Context, instance string) (int64, error)
	Pending(ctx context.Context, instance, release string) ([]deploy.Migration, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	gate.Marks
	promotion.Ledger
	Hold(ctx context.Context, scope deploy.Scope) (ledger.Hold, error)
	Amend(ctx context.Context, scope deploy.Scope, id string, change func(*ledger.Deployment)) error
}

// Desk knows what people decided, and withdraws what they were asked.
type Desk interface {
	Approved(ctx context.Context, doc deploy.Document) (deploy.ApproveResult, error)
	Withdraw(ctx context.Context, deployment, kept, reason string) error
}

// Stage makes plans.
type Stage struct {
	Settings Settings
	Catalog  promotion.Catalog
	Balancer Balancer
	Fleet    Fleet
	Schema   Schema
	Ledger   Ledger
	Desk     Desk
	Clock    clock.Clock
}

// Handle makes the plan of a deployment. A release that is live already, that a migration
// makes unsafe, or a world in no plannable state is fault.Rejected with the reason; migrations
// that do not fit those that were applied are fault.Invalid. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.Plan, error) {
	env, err := s.Settings.Environment(ctx, doc.Request.Scope)
	if err != nil {
		return deploy.Plan{}, err
	}
	found, err := s.rules(env).Find(ctx, doc.Request)
	if err != nil {
		return deploy.Plan{}, err
	}
	return s.make(ctx, doc, env, found.Release)
}

func (s Stage) rules(env deploy.Environment) promotion.Rules {
	return promotion.Rules{Catalog: s.Catalog, Ledger: s.Ledger, Clock: s.Clock, Environment: env}
}

// make makes the plan of deploying a release.
func (s Stage) make(ctx context.Context, doc deploy.Document, env deploy.Environment, release deploy.Release) (deploy.Plan, error) {
	if err := safe(release); err != nil {
		return deploy.Plan{}, err
	}
	capsule, err := s.capture(ctx, doc.Request.Scope, env)
	if err != nil {
		return deploy.Plan{}, err
	}
	pending, err := s.pending(ctx, env, release)
	if err != nil {
		return deploy.Plan{}, err
	}
	plan, err := draw(doc, seen{env: env, release: release, capsule: capsule, pending: pending})
	if err != nil {
		return deploy.Plan{}, err
	}
	plan.MadeAt = s.Clock.Now()
	return plan.Seal()
}

// Replan makes the plan again under the lock, says what changed since the one in the document,
// and keeps it in the ledger: from here on, whoever has to go back finds the way there. Traffic
// that is divided is fault.Rejected. A freeze that has begun meanwhile, a hold that was set, and a
// promotion whose release was taken back where it was verified are fault.Denied; a newer deployment
// that went live while this one's release was built is fault.Locked. A plan that needs approval and is the
// same still has to have it in the ledger; without, it is fault.Rejected.
func (s Stage) Replan(ctx context.Context, doc deploy.Document) (deploy.ReplanResult, error) {
	env, err := s.Settings.Environment(ctx, doc.Request.Scope)
	if err != nil {
		return deploy.ReplanResult{}, err
	}
	past, err := s.gates(ctx, doc, env)
	if err != nil {
		return deploy.ReplanResult{}, err
	}
	if err := s.overtaken(ctx, doc); err != nil {
		return deploy.ReplanResult{}, err
	}
	found, err := s.rules(env).Find(ctx, doc.Request)
	if err != nil {
		return deploy.ReplanResult{}, err
	}
	if err := s.rules(env).Verified(ctx, doc.Request, found); err != nil {
		return deploy.ReplanResult{}, err
	}
	plan, err := s.make(ctx, doc, env, found.Release)
	if err != nil {
		return deploy.ReplanResult{}, err
	}
	if err := whole(doc.Request.Scope, plan.Capsule.Weights); err != nil {
		return deploy.ReplanResult{}, err
	}
	result := deploy.ReplanResult{Changed: plan.Digest != doc.Plan.Digest, Plan: plan}
	if result.Changed {
		result.Differences = differences(doc.Plan, plan)
	}
	var approved deploy.ApproveResult
	switch {
	case plan.ApprovalRequired && result.Changed:
		return result, s.void(ctx, doc, result)
	case plan.ApprovalRequired:
		if approved, err = s.Desk.Approved(ctx, doc); err != nil {
			return deploy.ReplanResult{}, err
		}
	}
	err = s.Ledger.Amend(ctx, doc.Request.Scope, doc.ID, func(entry *ledger.Deployment) {
		entry.Plan, entry.Approval, entry.Forced = plan, approved, past
	})
	return result, err
}

// void withdraws what people were asked about the plan before: nobody may go on deciding about one
// that is none any more. A plan that changes again and again is fault.Rejected.
func (s Stage) void(ctx context.Context, doc deploy.Document, result deploy.ReplanResult) error {
	changed := strings.Join(result.Differences, ", ")
	err := s.Desk.Withdraw(ctx, doc.ID, result.Plan.Digest, "The plan has changed since ("+changed+"). A new mail asks about the new one.")
	if err != nil || doc.Results.Announce.Round < approval.MaxRounds {
		return err
	}
	return fault.New(fault.Rejected, "the plan changed %d times while it was waiting for approval, the last time in %s; ask again when the environment is quiet", approval.MaxRounds, changed)
}

// gates are those that may have been closed while the deployment waited. It returns all that it went
// past, before and now.
func (s Stage) gates(ctx context.Context, doc deploy.Document, env deploy.Environment) ([]string, error) {
	pass, err := gate.For(ctx, s.Ledger, doc.ID, doc.Request, env)
	if err != nil {
		return nil, err
	}
	hold, err := s.Ledger.Hold(ctx, doc.Request.Scope)
	if err != nil {
		return nil, err
	}
	for _, said := range []error{gate.Freeze(doc.Request, env, s.Clock.Now()), gate.Hold(doc.Request, hold)} {
		if err := pass.Through(said); err != nil {
			return nil, err
		}
	}
	past := slices.Clone(doc.Results.Validate.Forced)
	for _, one := range pass.Past {
		if !slices.Contains(past, one) {
			past = append(past, one)
		}
	}
	return past, nil
}

// safe refuses a release whose expand migrations the running version cannot live with.
func safe(release deploy.Release) error {
	var refused []string
	for _, finding := range release.Findings {
		if finding.Severity == deploy.SeverityRefuse {
			refused = append(refused, fmt.Sprintf("%s:%d: %s (%s): %s", finding.File, finding.Line, finding.Message, finding.Rule, finding.Advice))
		}
	}
	if len(refused) > 0 {
		return fault.New(fault.Rejected, "release %s would break the version that is running: %s", release.Version, strings.Join(refused, "; "))
	}
	return nil
}

// capture reads everything that going back needs.
func (s Stage) capture(ctx context.Context, scope deploy.Scope, env deploy.Environment) (deploy.Capsule, error) {
	routing, err := s.Balancer.Routing(ctx, scope)
	if err != nil {
		return deploy.Capsule{}, err
	}
	blue, err := s.Fleet.Describe(ctx, scope, deploy.Blue)
	if err != nil {
		return deploy.Capsule{}, err
	}
	green, err := s.Fleet.Describe(ctx, scope, deploy.Green)
	if err != nil {
		return deploy.Capsule{}, err
	}
	version, err := s.Schema.Version(ctx, env.Database.Instance)
	if err != nil {
		return deploy.Capsule{}, err
	}
	return deploy.Capsule{
		Weights: routing.Weights, Maintenance: routing.Maintenance, StickySeconds: routing.StickySeconds,
		Blue: blue, Green: green, SchemaVersion: version,
	}, nil
}

// pending is what the database lacks of a release's migrations. A release without any is not
// compared with the database.
func (s Stage) pending(ctx context.Context, env deploy.Environment, release deploy.Release) ([]deploy.Migration, error) {
	if len(release.Migrations) == 0 {
		return nil, nil
	}
	return s.Schema.Pending(ctx, env.Database.Instance, release.Digest)
}

// whole refuses to start from divided traffic. It is asked under the lock only: before that,
// the traffic may be divided by the deployment that this one is going to queue behind.
func whole(scope deploy.Scope, weights deploy.Weights) error {
	if weights.Of(weights.Heaviest()) != 100 {
		return fault.New(fault.Rejected, "traffic of %s is divided (%s); a deployment starts from one slot that has all of it: finish or roll back what is under way", scope, weights)
	}
	return nil
}

func differences(before, after deploy.Plan) []string {
	var names []string
	for _, part := range []struct {
		name          string
		before, after any
	}{
		{"release", before.Release, after.Release},
		{"live release", before.From, after.From},
		{"slot", before.Target, after.Target},
		{"schedule", before.Schedule, after.Schedule},
		{"migrations", before.Migrations, after.Migrations},
		{"schema", []int64{before.SchemaFrom, before.SchemaTo}, []int64{after.SchemaFrom, after.SchemaTo}},
		{"configuration", before.Environment, after.Environment},
		{"what rollback does with the schema", before.Schema, after.Schema},
	} {
		if !reflect.DeepEqual(part.before, part.after) {
			names = append(names, part.name)
		}
	}
	if len(names) == 0 {
		names = append(names, "the state of the slots")
	}
	return names
}
