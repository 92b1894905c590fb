// Package promotion finds the release that a request asks for and checks, where an environment takes
// only what another one has verified, that it is this very release and still stands there.
package promotion

import (
	"context"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/gate"
	"github.com/pilotage/pilotage/shared/ledger"
)

// Catalog finds releases. One that is not published is release.Unknown.
type Catalog interface {
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	Locate(ctx context.Context, id string) (ledger.Deployment, error)
	Deployments(ctx context.Context, scope deploy.Scope, limit int) ([]ledger.Deployment, error)
	Live(ctx context.Context, scope deploy.Scope) (ledger.Live, error)
}

// Rules are those of one environment.
type Rules struct {
	Catalog     Catalog
	Ledger      Ledger
	Clock       clock.Clock
	Environment deploy.Environment
}

// Candidate is the release that a request asks for.
type Candidate struct {
	Release deploy.Release
	// From is the deployment that it is promoted from, the zero Deployment for none.
	From ledger.Deployment
}

// Find finds the release: the one named, or that of the deployment promoted. Who names both must mean
// the same; otherwise it is fault.Invalid and says what differs. A deployment that cannot be promoted
// here is fault.Denied, one that nobody knows fault.Invalid.
func (r Rules) Find(ctx context.Context, asked deploy.Request) (Candidate, error) {
	if asked.Promotes == "" {
		release, err := r.Catalog.Find(ctx, asked.Scope.Service, asked.Release)
		return Candidate{Release: release}, err
	}
	if r.Environment.PromoteFrom == "" {
		return Candidate{}, fault.New(fault.Invalid, "%s takes releases, not promotions; name a release", asked.Scope.Environment)
	}
	from, err := r.source(ctx, asked)
	if err != nil {
		return Candidate{}, err
	}
	found := Candidate{From: from}
	if found.Release, err = r.Catalog.Find(ctx, asked.Scope.Service, from.Plan.Release.Digest); err != nil || asked.Release == "" {
		return found, err
	}
	named, err := r.Catalog.Find(ctx, asked.Scope.Service, asked.Release)
	if err != nil {
		return Candidate{}, err
	}
	if named.Digest != found.Release.Digest {
		return Candidate{}, fault.New(fault.Invalid, "release %s is not what deployment %s verified: %s; name one of the two", asked.Release, from.ID, differences(named, found.Release))
	}
	return found, nil
}

// Verified is fault.Denied, with the reason, unless the release was verified where the environment says
// it must be, has not changed since, and nobody went back from it there.
func (r Rules) Verified(ctx context.Context, asked deploy.Request, found Candidate) error {
	source := r.Environment.PromoteFrom
	if source == "" {
		return nil
	}
	if asked.Promotes == "" {
		return fault.New(fault.Denied, "%s takes only what %s has verified; name the %s deployment to promote", asked.Scope.Environment, source, source)
	}
	if changed := changes(found.From, found.Release); changed != "" {
		return fault.New(fault.Denied, "release %s is not any more what deployment %s verified: %s; publish it under a new version and let %s verify that", found.Release.Version, found.From.ID, changed, source)
	}
	if by := found.From.UndoneBy; by != "" {
		return fault.New(fault.Denied, "deployment %s was taken back by %s; it cannot be promoted", found.From.ID, by)
	}
	live, err := r.Ledger.Live(ctx, found.From.Scope)
	if err != nil {
		return err
	}
	return standing(found.From, live)
}

// Fresh is a *gate.Closed, of class fault.Denied, for what was verified too long ago.
func (r Rules) Fresh(asked deploy.Request, found Candidate) error {
	within := time.Duration(r.Environment.PromoteWithinHours) * time.Hour
	if asked.Promotes == "" || within == 0 || r.Clock.Now().Sub(found.From.EndedAt) <= within {
		return nil
	}
	ended := fmt.Sprintf("deployment %s ended at %s", found.From.ID, found.From.EndedAt.UTC().Format(time.RFC3339))
	return &gate.Closed{
		Past: fmt.Sprintf("%s, more than %d hours ago", ended, r.Environment.PromoteWithinHours),
		Err:  fault.New(fault.Denied, "%s; %s takes none older than %d hours", ended, asked.Scope.Environment, r.Environment.PromoteWithinHours),
	}
}
