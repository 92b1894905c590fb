package promotion

import (
	"context"
	"fmt"
	"slices"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/yamlfile"
)

// searched is how many deployments are looked through for the id that was meant.
const searched = 100

// source is the deployment that a promotion names, if it can be promoted here at all.
func (r Rules) source(ctx context.Context, asked deploy.Request) (ledger.Deployment, error) {
	source := asked.Scope
	source.Environment = r.Environment.PromoteFrom
	from, err := r.Ledger.Locate(ctx, asked.Promotes)
	if fault.Is(err, fault.Invalid) {
		return ledger.Deployment{}, r.unknown(ctx, asked.Promotes, source)
	}
	if err != nil {
		return ledger.Deployment{}, err
	}
	switch {
	case from.Scope.Service != source.Service:
		err = fault.New(fault.Denied, "deployment %s is of service %s, not of %s", from.ID, from.Scope.Service, source.Service)
	case from.Scope.Environment != source.Environment:
		err = fault.New(fault.Denied, "deployment %s went to %s; %s takes only what %s has verified", from.ID, from.Scope.Environment, asked.Scope.Environment, source.Environment)
	case from.Scope != source:
		err = fault.New(fault.Denied, "deployment %s went to %s; what is promoted here comes from %s", from.ID, from.Scope, source)
	case from.Kind != deploy.KindDeploy:
		err = fault.New(fault.Denied, "%s is a %s; name the deployment that put the release live in %s", from.ID, from.Kind, source.Environment)
	case from.UndoneBy == "" && !from.Verified():
		err = fault.New(fault.Denied, "deployment %s is %s; only one that succeeded can be promoted", from.ID, ended(from))
	}
	return from, err
}

func ended(d ledger.Deployment) string {
	if d.Open() {
		return "still open"
	}
	return fmt.Sprintf("%s (%s)", d.Outcome, d.Error.Error)
}

// unknown says which id may have been meant.
func (r Rules) unknown(ctx context.Context, id string, source deploy.Scope) error {
	entries, err := r.Ledger.Deployments(ctx, source, searched)
	if err != nil {
		return err
	}
	var ids []string
	newest := ""
	for _, entry := range entries {
		if entry.Kind != deploy.KindDeploy || !entry.Verified() {
			continue
		}
		if ids = append(ids, entry.ID); newest == "" {
			newest = fmt.Sprintf("; the newest that %s has verified is %s (%s)", source.Environment, entry.ID, entry.Plan.Release.Version)
		}
	}
	if near := yamlfile.Nearest(id, ids); near != "" {
		return fault.New(fault.Invalid, "the ledger knows no deployment %q; did you mean %q?", id, near)
	}
	return fault.New(fault.Invalid, "the ledger knows no deployment %q; its id is in the mails and in the name of its execution%s", id, newest)
}

// standing is fault.Denied when what is live where a deployment was verified says that somebody went
// back from it: it is not among what was live there any more, or a release from before it is live again.
func standing(from ledger.Deployment, live ledger.Live) error {
	environment, chain := from.Scope.Environment, live.Chain()
	own := slices.IndexFunc(chain, func(v ledger.Live) bool { return v.Deployment == from.ID })
	switch {
	case own < 0 && live.Covers(from.StartedAt):
		return fault.New(fault.Denied, "deployment %s is not among what was live in %s any more: it was taken back", from.ID, environment)
	case own < 0:
		own = len(chain) // so long ago that the ledger has dropped it
	}
	for _, later := range chain[:own] {
		if later.Release.Digest == from.Plan.Release.Digest {
			return nil
		}
		if older(later, from, chain[min(own+1, len(chain)):]) {
			return fault.New(fault.Denied, "%s went back from deployment %s: %s put the older release %s live there", environment, from.ID, later.Deployment, later.Release.Version)
		}
	}
	return nil
}

// older reports whether what was live later is a release from before a deployment: the one that it
// replaced, or one that was live even earlier.
func older(later ledger.Live, from ledger.Deployment, earlier []ledger.Live) bool {
	same := func(v ledger.Live) bool { return v.Release.Digest == later.Release.Digest }
	return later.Release.Digest == from.Plan.From.Digest || slices.ContainsFunc(earlier, same)
}
