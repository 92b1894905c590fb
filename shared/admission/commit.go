package admission

import (
	"context"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/ledger"
)

// History is the deployments that there were.
type History interface {
	Deployments(ctx context.Context, scope deploy.Scope, limit int) ([]ledger.Deployment, error)
}

// OfCommit is the request with what it asks for: the release of a commit, or where the environment
// promotes, the promotion of the newest deployment that verified it. Without one it is fault.Denied.
func OfCommit(ctx context.Context, history History, to deploy.Configured, request deploy.Request, commit string) (deploy.Request, error) {
	from := to.Environment.PromoteFrom
	if from == "" {
		request.Release = commit
		return request, nil
	}
	var err error
	request.Promotes, err = Newest(ctx, history, Sibling(to.Scope, from), commit)
	if err == nil && request.Promotes == "" {
		err = fault.New(fault.Denied, "%s takes only what %s has verified, and %s has verified no release of commit %s", to.Scope.Environment, from, from, commit)
	}
	return request, err
}

// searched is how many deployments are looked through for a verified one.
const searched = 200

// Newest is the id of the verified deployment of a scope that ended last, of a commit unless that
// is empty; nothing when there is none. Ids need not sort by time: people name executions as they
// like.
func Newest(ctx context.Context, history History, scope deploy.Scope, commit string) (string, error) {
	entries, err := history.Deployments(ctx, scope, searched)
	if err != nil {
		return "", err
	}
	var newest ledger.Deployment
	for _, entry := range entries {
		wanted := commit == "" || entry.Plan.Release.Commit == commit
		known := entry.Kind == deploy.KindDeploy && entry.Verified() && entry.Plan.Release.Digest != ""
		if known && wanted && (newest.ID == "" || entry.EndedAt.After(newest.EndedAt)) {
			newest = entry
		}
	}
	return newest.ID, nil
}

// Sibling is the scope of another environment of the same service.
func Sibling(scope deploy.Scope, environment string) deploy.Scope {
	scope.Environment = environment
	return scope
}
