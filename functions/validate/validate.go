// Package validate is the stage that refuses a bad request before anything is locked or
// changed. It opens the deployment's entry in the ledger.
package validate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/strict"
)

// Settings finds the configuration of a scope. An unknown one is fault.Invalid.
type Settings interface {
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
}

// Catalog finds releases. An unknown one is fault.Invalid.
type Catalog interface {
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	Begin(ctx context.Context, deployment ledger.Deployment) error
	Hold(ctx context.Context, scope deploy.Scope) (ledger.Hold, error)
	Deployment(ctx context.Context, scope deploy.Scope, id string) (ledger.Deployment, error)
	Locate(ctx context.Context, id string) (ledger.Deployment, error)
}

// Stage checks requests.
type Stage struct {
	Settings Settings
	Catalog  Catalog
	Ledger   Ledger
	Clock    clock.Clock
}

// Handle checks the request in raw, which is the whole document, and returns what it checked.
// The errors are fault.Invalid for a request that is wrong and fault.Denied for one that is
// not allowed now. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, raw json.RawMessage) (deploy.ValidateResult, error) {
	var doc deploy.Document
	if err := strict.Decode(raw, &doc); err != nil {
		return deploy.ValidateResult{}, err
	}
	if err := named(doc.ID); err != nil {
		return deploy.ValidateResult{}, err
	}
	if err := wellFormed(doc.Request); err != nil {
		return deploy.ValidateResult{}, err
	}
	env, err := s.Settings.Environment(ctx, doc.Request.Scope)
	if err != nil {
		return deploy.ValidateResult{}, err
	}
	err = s.Ledger.Begin(ctx, ledger.Deployment{
		ID: doc.ID, Kind: deploy.KindDeploy, Scope: doc.Request.Scope, Execution: doc.Execution,
		Request: doc.Request, StartedAt: s.Clock.Now(),
	})
	if err != nil {
		return deploy.ValidateResult{}, err
	}
	checks := []string{"request", "environment"}
	for _, check := range []struct {
		name string
		run  func(context.Context, deploy.Request, deploy.Environment) error
	}{{"freeze", s.notFrozen}, {"hold", s.notHeld}, {"promotion", s.promotable}, {"evidence", s.evident}} {
		if err := check.run(ctx, doc.Request, env); err != nil {
			return deploy.ValidateResult{}, err
		}
		checks = append(checks, check.name)
	}
	return deploy.ValidateResult{Checks: checks}, nil
}

// named checks the execution's name, which is the deployment's id: names of snapshots and of
// rollbacks derive from it, with their own limits.
func named(id string) error {
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,59}$`).MatchString(id) {
		return fault.New(fault.Invalid, "the execution is named %q; start it under a name of at most 60 letters, digits and hyphens", id)
	}
	return nil
}

// wellFormed checks what can be checked of a request by itself.
func wellFormed(r deploy.Request) error {
	name := regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	switch {
	case r.SchemaVersion != deploy.SchemaVersion:
		return fault.New(fault.Invalid, "schemaVersion is %d; this pipeline reads %d", r.SchemaVersion, deploy.SchemaVersion)
	case r.Kind != deploy.KindDeploy:
		return fault.New(fault.Invalid, "kind is %q; the deploy machine takes %q, the rollback machine %q", r.Kind, deploy.KindDeploy, deploy.KindRollback)
	case !name.MatchString(r.Scope.Service) || !name.MatchString(r.Scope.Environment):
		return fault.New(fault.Invalid, "scope needs a service and an environment, each of a-z, 0-9 and \"-\", got %q and %q", r.Scope.Service, r.Scope.Environment)
	case strings.TrimSpace(r.Reason) == "" || len(r.Reason) > 500:
		return fault.New(fault.Invalid, "reason has %d characters; say in 1 to 500 why, or name a ticket", len(r.Reason))
	case r.Release == "" && r.Promotes == "":
		return fault.New(fault.Invalid, "name a release, or the deployment that this one promotes")
	case r.Release != "" && r.Promotes != "":
		return fault.New(fault.Invalid, "name a release or a deployment to promote, not both: the release follows from the deployment")
	case r.Rollback != (deploy.RollbackRequest{}):
		return fault.New(fault.Invalid, "rollback is for the rollback machine")
	}
	return requester(r)
}

func requester(r deploy.Request) error {
	if r.RequestedBy == "" || len(r.RequestedBy) > 254 {
		return fault.New(fault.Invalid, "requestedBy is missing or longer than 254 characters; give a mail address")
	}
	if r.Source.Automatic() {
		return nil
	}
	if _, err := mail.ParseAddress(r.RequestedBy); err != nil {
		return fault.New(fault.Invalid, "requestedBy is %q; a person's mail address is wanted", r.RequestedBy)
	}
	return nil
}

func (s Stage) notFrozen(_ context.Context, r deploy.Request, env deploy.Environment) error {
	now := s.Clock.Now()
	for _, freeze := range env.Freezes {
		from, err := time.Parse(time.RFC3339, freeze.From)
		if err != nil {
			return fault.New(fault.Invalid, "read the start of freeze %q: %w", freeze.Name, err)
		}
		until, err := time.Parse(time.RFC3339, freeze.Until)
		if err != nil {
			return fault.New(fault.Invalid, "read the end of freeze %q: %w", freeze.Name, err)
		}
		if !now.Before(from) && now.Before(until) {
			return fault.New(fault.Denied, "%s is frozen until %s (%s); deploy after that", r.Scope.Environment, freeze.Until, freeze.Name)
		}
	}
	return nil
}

func (s Stage) notHeld(ctx context.Context, r deploy.Request, _ deploy.Environment) error {
	hold, err := s.Ledger.Hold(ctx, r.Scope)
	if err != nil {
		return err
	}
	return hold.Admit(r)
}

// release is the release that a request asks for.
func (s Stage) release(ctx context.Context, r deploy.Request) (deploy.Release, error) {
	if r.Promotes == "" {
		return s.Catalog.Find(ctx, r.Scope.Service, r.Release)
	}
	promoted, err := s.Ledger.Locate(ctx, r.Promotes)
	if err != nil {
		return deploy.Release{}, err
	}
	return s.Catalog.Find(ctx, r.Scope.Service, promoted.Plan.Release.Digest)
}

func (s Stage) evident(ctx context.Context, r deploy.Request, env deploy.Environment) error {
	release, err := s.release(ctx, r)
	if err != nil {
		return err
	}
	var missing []string
	for _, check := range env.Evidence {
		if !release.Has(check) {
			missing = append(missing, check)
		}
	}
	if len(missing) > 0 {
		return fault.New(fault.Denied, "release %s carries no evidence of %s, which %s requires", release.Version, strings.Join(missing, ", "), r.Scope.Environment)
	}
	return nil
}

// promotable checks that the release was verified where this environment says it must be.
func (s Stage) promotable(ctx context.Context, r deploy.Request, env deploy.Environment) error {
	if env.PromoteFrom == "" {
		if r.Promotes != "" {
			return fault.New(fault.Invalid, "%s takes releases, not promotions; name a release", r.Scope.Environment)
		}
		return nil
	}
	if r.Promotes == "" {
		return fault.New(fault.Denied, "%s takes only what %s has verified; name the %s deployment to promote", r.Scope.Environment, env.PromoteFrom, env.PromoteFrom)
	}
	from, err := s.Ledger.Locate(ctx, r.Promotes)
	if err != nil {
		return err
	}
	return s.verified(from, r, env)
}

func (s Stage) verified(from ledger.Deployment, r deploy.Request, env deploy.Environment) error {
	within := time.Duration(env.PromoteWithinHours) * time.Hour
	switch {
	case from.Scope.Service != r.Scope.Service:
		return fault.New(fault.Denied, "deployment %s is of service %s, not of %s", from.ID, from.Scope.Service, r.Scope.Service)
	case from.Scope.Environment != env.PromoteFrom:
		return fault.New(fault.Denied, "deployment %s went to %s; %s takes only what %s has verified", from.ID, from.Scope.Environment, r.Scope.Environment, env.PromoteFrom)
	case from.UndoneBy != "":
		return fault.New(fault.Denied, "deployment %s was taken back by %s; it cannot be promoted", from.ID, from.UndoneBy)
	case !from.Verified():
		return fault.New(fault.Denied, "deployment %s is %s; only one that succeeded can be promoted", from.ID, state(from))
	case within > 0 && s.Clock.Now().Sub(from.EndedAt) > within:
		return fault.New(fault.Denied, "deployment %s ended at %s; %s takes none older than %d hours", from.ID, from.EndedAt.Format(time.RFC3339), r.Scope.Environment, env.PromoteWithinHours)
	}
	return nil
}

func state(d ledger.Deployment) string {
	if d.Open() {
		return "still open"
	}
	return fmt.Sprintf("%s (%s)", d.Outcome, d.Error.Error)
}
