package world

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/migration"
	"github.com/pilotage/pilotage/shared/notify"
)

// seedWithin bounds how long a release may take to get healthy when a world is made.
const seedWithin = 30 * time.Second

// seedTries is how often each task of it may end by itself.
const seedTries = 3

// Seed puts an environment into the state of having served a release for long: migrated,
// running and healthy in the blue slot, with all traffic, known to the ledger as verified.
func (w *World) Seed(ctx context.Context, environment, version string) error {
	scope := w.Scope(environment)
	env, err := w.options.Settings.Environment(ctx, scope)
	if err != nil {
		return err
	}
	release, err := w.options.Catalog.Find(ctx, scope.Service, version)
	if err != nil {
		return err
	}
	id := "seed-" + environment
	lease, _, err := w.Ports.Ledger.Acquire(ctx, ledger.Claim{Scope: scope, Owner: id})
	if err != nil {
		return err
	}
	changed, err := w.Ports.Schema.Expand(ctx, lease, database.Change{
		Instance: env.Database.Instance, Release: release.Digest, To: expanded(release), LockTimeout: 5 * time.Second, StatementTimeout: time.Minute,
	})
	if err != nil {
		return err
	}
	workload := deploy.Workload{Digest: release.Digest, Version: release.Version, Count: env.Capacity.Replicas}
	workload.Definition, err = w.Fleet.Run(ctx, lease, scope, fleet.Order{Slot: deploy.Blue, Workload: workload, Deployment: id})
	if err != nil {
		return err
	}
	if err := w.healthy(ctx, scope); err != nil {
		return err
	}
	if err := w.remember(ctx, scope, release, workload, changed.To); err != nil {
		return err
	}
	return w.Ports.Ledger.Release(ctx, scope, lease)
}

// expanded is the schema version to which a release's expand migrations lead.
func expanded(release deploy.Release) int64 {
	var version int64
	for _, one := range release.Migrations {
		if one.Kind == string(migration.Expand) {
			version = max(version, one.Version)
		}
	}
	return version
}

// healthy waits until the blue slot is. Of a release that only ever ended it waits no longer
// than it takes to be sure.
func (w *World) healthy(ctx context.Context, scope deploy.Scope) error {
	began := w.options.Clock.Now()
	for {
		state, err := w.Fleet.Describe(ctx, scope, deploy.Blue)
		if err != nil || state.Ready() {
			return err
		}
		waited := w.options.Clock.Now().Sub(began).Round(time.Second)
		hopeless := state.Running == 0 && state.Healthy == 0 && len(state.Reasons) >= seedTries*state.Count
		if waited >= seedWithin || hopeless {
			return fault.New(fault.Unhealthy, "release %s does not start in %s: %d of %d tasks are healthy after %s: %s",
				state.Version, scope, state.Healthy, state.Count, waited, strings.Join(slices.Compact(state.Reasons), "; "))
		}
		if err := w.options.Clock.Wait(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func (w *World) remember(ctx context.Context, scope deploy.Scope, release deploy.Release, workload deploy.Workload, schema int64) error {
	now := w.options.Clock.Now()
	id := "seed-" + scope.Environment
	err := w.Ports.Ledger.Begin(ctx, ledger.Deployment{
		ID: id, Kind: deploy.KindDeploy, Scope: scope, StartedAt: now, EndedAt: now, Outcome: deploy.Succeeded, Promoted: true,
		Request: deploy.Request{RequestedBy: "pilotage", Reason: "the state in which the demonstration begins"},
	})
	if err != nil {
		return err
	}
	return w.Ports.Ledger.SetLive(ctx, scope, ledger.Live{
		Deployment: id, Release: release.Ref(), Slot: deploy.Blue, Workload: workload, SchemaVersion: schema, At: now,
	})
}

// Sent is a message with the time at which it was sent.
type Sent struct {
	notify.Message
	At time.Time
}

// outbox remembers what was sent, in order, for whoever reports on the world.
type outbox struct {
	mu   sync.Mutex
	sent []Sent
}

func (o *outbox) add(message notify.Message, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, Sent{message, at})
}

// Mails are the messages that were sent, the oldest first.
func (w *World) Mails() []Sent {
	w.outbox.mu.Lock()
	defer w.outbox.mu.Unlock()
	return slices.Clone(w.outbox.sent)
}
