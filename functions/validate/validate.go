// Package validate is the stage that refuses a bad request before anything is locked or
// changed. It opens the deployment's entry in the ledger.
package validate

import (
	"context"
	"encoding/json"
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/gate"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/promotion"
	"github.com/pilotage/pilotage/shared/release"
	"github.com/pilotage/pilotage/shared/strict"
)

// Settings finds the configuration of a scope. An unknown one is fault.Invalid.
type Settings interface {
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	gate.Marks
	promotion.Ledger
	Begin(ctx context.Context, deployment ledger.Deployment) error
	Hold(ctx context.Context, scope deploy.Scope) (ledger.Hold, error)
	Enqueue(ctx context.Context, scope deploy.Scope, deployment string, arrival ledger.Arrival) (ledger.Place, error)
}

// Stage checks requests.
type Stage struct {
	Settings Settings
	Catalog  promotion.Catalog
	Ledger   Ledger
	Clock    clock.Clock
}

// Handle checks the request in raw, which is the whole document, and returns what it checked and
// what a forced deployment went past. A commit whose release is not published is a result where the
// environment waits for it, or has it built: it is asked again then. The errors are fault.Invalid for
// a request that is wrong, fault.Denied for one that is not allowed now, and fault.Locked for one
// that was superseded while it waited. Repeating it is safe.
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
	return s.gates(ctx, doc, env)
}

// gates lets a deployment through those of its environment, one after the other.
func (s Stage) gates(ctx context.Context, doc deploy.Document, env deploy.Environment) (deploy.ValidateResult, error) {
	pass, err := gate.For(ctx, s.Ledger, doc.ID, doc.Request, env)
	if err != nil {
		return deploy.ValidateResult{}, err
	}
	rules := promotion.Rules{Catalog: s.Catalog, Ledger: s.Ledger, Clock: s.Clock, Environment: env}
	var found promotion.Candidate
	result := deploy.ValidateResult{Checks: []string{"request", "environment"}}
	for _, check := range []struct {
		name string
		run  func() error
	}{
		{"freeze", func() error { return gate.Freeze(doc.Request, env, s.Clock.Now()) }},
		{"hold", func() error { return s.notHeld(ctx, doc.Request) }},
		{"release", func() (err error) { found, err = rules.Find(ctx, doc.Request); return err }},
		{"promotion", func() error { return rules.Verified(ctx, doc.Request, found) }},
		{"age", func() error { return rules.Fresh(doc.Request, found) }},
		{"evidence", func() error { return evident(doc.Request, env, found.Release) }},
	} {
		err := pass.Through(check.run())
		if release.IsUnknown(err) {
			waits, err := s.missing(ctx, doc, rules, err)
			waits.Checks, waits.Forced = result.Checks, pass.Past
			return waits, err
		}
		if err != nil {
			return deploy.ValidateResult{}, err
		}
		result.Checks = append(result.Checks, check.name)
	}
	if promotion.ByDigestOnly(found.From) {
		result.Checks = append(result.Checks, "the entry of "+found.From.ID+" says nothing of migrations and configuration: compared by digest only")
	}
	result.Forced, result.Since = pass.Past, doc.Results.Validate.Since
	return result, nil
}

// named checks the execution's name, which is the deployment's id: names of snapshots and of
// rollbacks derive from it, with their own limits.
func named(id string) error {
	if !isID(id) {
		return fault.New(fault.Invalid, "the execution is named %q; start it under a name of at most 60 letters, digits and hyphens", id)
	}
	return nil
}

func isID(text string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,59}$`).MatchString(text)
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
	case strings.TrimSpace(r.Reason) == "" || utf8.RuneCountInString(r.Reason) > 500:
		return fault.New(fault.Invalid, "reason has %d characters; say in 1 to 500 why, or name a ticket", utf8.RuneCountInString(r.Reason))
	case r.Release == "" && r.Promotes == "":
		return fault.New(fault.Invalid, "name a release, or the deployment that this one promotes")
	case r.Promotes != "" && !isID(r.Promotes):
		return fault.New(fault.Invalid, "promotes is %q; the id of one deployment is wanted, as its mails have it", r.Promotes)
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

func (s Stage) notHeld(ctx context.Context, r deploy.Request) error {
	hold, err := s.Ledger.Hold(ctx, r.Scope)
	if err != nil {
		return err
	}
	return gate.Hold(r, hold)
}

// evident checks that the release carries what the environment wants to see.
func evident(r deploy.Request, env deploy.Environment, release deploy.Release) error {
	var missing []string
	for _, check := range env.Evidence {
		if !release.Has(check) {
			missing = append(missing, check)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	none := "no evidence of " + strings.Join(missing, ", ")
	return &gate.Closed{Past: none, Err: fault.New(fault.Denied, "release %s carries %s, which %s requires", release.Version, none, r.Scope.Environment)}
}
