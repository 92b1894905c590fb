// Package migrate is the stage that changes the schema: forward before traffic is shifted,
// and back on the way back.
package migrate

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
)

// Schema changes schemas.
type Schema interface {
	Expand(ctx context.Context, lease deploy.Lease, change database.Change) (database.Changed, error)
	Revert(ctx context.Context, lease deploy.Lease, change database.Change) (database.Changed, error)
}

// Stage changes the schema.
type Stage struct{ Schema Schema }

// Handle brings the schema to the plan's version: up for a deployment, down for a rollback. A
// migration that fails is fault.MigrationIncomplete. Repeating it continues where it ended.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.MigrateResult, error) {
	settings := doc.Plan.Environment.Database
	change := database.Change{
		Instance: settings.Instance, Release: doc.Plan.SchemaRelease, To: doc.Plan.SchemaTo,
		LockTimeout:      time.Duration(settings.LockTimeoutSeconds) * time.Second,
		StatementTimeout: time.Duration(settings.StatementTimeoutSeconds) * time.Second,
	}
	run, needless := s.Schema.Expand, len(doc.Plan.Migrations) == 0
	if doc.Plan.Kind == deploy.KindRollback {
		run, needless = s.Schema.Revert, doc.Plan.SchemaFrom == doc.Plan.SchemaTo
	}
	if needless {
		return deploy.MigrateResult{From: doc.Plan.SchemaFrom, To: doc.Plan.SchemaTo}, nil
	}
	changed, err := run(ctx, doc.Lease(), change)
	if err != nil {
		return deploy.MigrateResult{}, err
	}
	return deploy.MigrateResult{Done: changed.Done, From: changed.From, To: changed.To}, nil
}
