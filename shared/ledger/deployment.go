package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Deployment is the entry of one execution, from its start to its end. It is open until its
// outcome is set.
type Deployment struct {
	ID        string         `json:"id"`
	Kind      deploy.Kind    `json:"kind"`
	Scope     deploy.Scope   `json:"scope"`
	Execution string         `json:"execution"`
	Request   deploy.Request `json:"request"`
	// Plan is the one made under the lock; zero while there is none. Nothing was changed by a
	// deployment that has none.
	Plan     deploy.Plan          `json:"plan,omitzero"`
	Approval deploy.ApproveResult `json:"approval,omitzero"`
	// Forced are the gates that it was forced past.
	Forced    []string          `json:"forced,omitempty"`
	StartedAt time.Time         `json:"startedAt"`
	EndedAt   time.Time         `json:"endedAt,omitzero"`
	Outcome   deploy.Outcome    `json:"outcome,omitempty"`
	Error     deploy.StageError `json:"error,omitzero"`
	// Promoted says that the release became the active one and was verified there.
	Promoted bool `json:"promoted,omitempty"`
	// UndoneBy is the id of the rollback that took it back.
	UndoneBy string `json:"undoneBy,omitempty"`
	// RecordKey is where the change record lies.
	RecordKey string `json:"recordKey,omitempty"`
}

// Open reports whether the deployment has not ended.
func (d Deployment) Open() bool { return d.Outcome == "" }

// Verified reports whether the deployment's release may be promoted or returned to: it was
// promoted in its scope, came to a good end, and nobody took it back.
func (d Deployment) Verified() bool {
	return d.Promoted && d.Outcome == deploy.Succeeded && d.UndoneBy == ""
}

const deploymentPrefix = "deployment#"

// Begin opens the entry of a deployment. Beginning one that exists is safe and changes nothing.
func (l *Ledger) Begin(ctx context.Context, deployment Deployment) error {
	return update(ctx, l, partition(deployment.Scope), deploymentPrefix+deployment.ID, func(entry *Deployment) error {
		if entry.ID != "" {
			return errUnchanged
		}
		*entry = deployment
		return l.index(ctx, deployment)
	})
}

// Amend lets change edit the entry of a deployment. A deployment that was never begun is
// fault.Invalid. change may be called more than once.
func (l *Ledger) Amend(ctx context.Context, scope deploy.Scope, id string, change func(*Deployment)) error {
	return update(ctx, l, partition(scope), deploymentPrefix+id, func(entry *Deployment) error {
		if entry.ID == "" {
			return unknown(id)
		}
		change(entry)
		return nil
	})
}

// Deployment reads the entry of a deployment. An unknown one is fault.Invalid.
func (l *Ledger) Deployment(ctx context.Context, scope deploy.Scope, id string) (Deployment, error) {
	var entry Deployment
	if _, err := l.read(ctx, partition(scope), deploymentPrefix+id, &entry); err != nil {
		return Deployment{}, err
	}
	if entry.ID == "" {
		return Deployment{}, unknown(id)
	}
	return entry, nil
}

// Locate finds a deployment by its id alone. An unknown one is fault.Invalid.
func (l *Ledger) Locate(ctx context.Context, id string) (Deployment, error) {
	var scope deploy.Scope
	item, err := l.read(ctx, indexPartition, id, &scope)
	if err != nil {
		return Deployment{}, err
	}
	if item.Version == 0 {
		return Deployment{}, unknown(id)
	}
	return l.Deployment(ctx, scope, id)
}

func unknown(id string) error {
	return fault.New(fault.Invalid, "the ledger knows no deployment %q; its id is in the mails and in the name of its execution", id)
}

// indexPartition maps ids to scopes: people name a deployment by its id alone.
const indexPartition = "deployments"

func (l *Ledger) index(ctx context.Context, deployment Deployment) error {
	return update(ctx, l, indexPartition, deployment.ID, func(scope *deploy.Scope) error {
		if *scope == deployment.Scope {
			return errUnchanged
		}
		if *scope != (deploy.Scope{}) {
			return fault.New(fault.Invalid, "the id %q was used by a deployment to %s", deployment.ID, *scope)
		}
		*scope = deployment.Scope
		return nil
	})
}

// Deployments lists the newest entries of a scope first, at most limit of them, 1 to 1000. Ids
// that derive from the time sort by it.
func (l *Ledger) Deployments(ctx context.Context, scope deploy.Scope, limit int) ([]Deployment, error) {
	items, err := l.Store.List(ctx, Query{Partition: partition(scope), Prefix: deploymentPrefix, Order: Descending, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("list the deployments of %s: %w", scope, err)
	}
	entries := make([]Deployment, len(items))
	for i, item := range items {
		if err := json.Unmarshal(item.Body, &entries[i]); err != nil {
			return nil, fmt.Errorf("decode %s of %s: %w", item.Sort, scope, err)
		}
	}
	return entries, nil
}
