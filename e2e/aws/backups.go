package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pilotage/pilotage/local/postgres"
)

// within bounds what the databases do.
const within = 30 * time.Second

// backUp does to the real databases what RDS was asked for: snapshots, restores and renames. The
// emulation calls them available at once, so its answer is held back until they are.
func (w *world) backUp(ctx context.Context, ask asked) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	instance, snapshot := ask.form.Get("DBInstanceIdentifier"), ask.form.Get("DBSnapshotIdentifier")
	switch ask.action {
	case "CreateDBSnapshot":
		if err := w.server.CreateSnapshot(instance, snapshot); err != nil {
			return fmt.Errorf("take snapshot %s: %w", snapshot, err)
		}
		return until(ctx, func() (bool, error) {
			found, err := w.server.Snapshot(snapshot)
			return found.Status == postgres.Available, err
		})
	case "RestoreDBInstanceFromDBSnapshot":
		if err := w.server.RestoreInstance(snapshot, instance); err != nil {
			return fmt.Errorf("restore snapshot %s: %w", snapshot, err)
		}
		return until(ctx, func() (bool, error) {
			found, err := w.server.Instance(instance)
			return found.Status == postgres.Available, err
		})
	case "ModifyDBInstance":
		// The live instance goes aside first, then the restored one takes its name. PostgreSQL's
		// server does both at once, so the first waits for the second.
		if name := ask.form.Get("NewDBInstanceIdentifier"); w.live(name) {
			return w.server.Promote(ctx, instance, name, strings.TrimPrefix(instance, name+"-"))
		}
	}
	return nil
}

// live reports the name of an environment's database.
func (w *world) live(instance string) bool {
	for _, p := range w.planes {
		if p.instance == instance {
			return true
		}
	}
	return false
}

// until asks again and again until something holds.
func until(ctx context.Context, holds func() (bool, error)) error {
	for {
		held, err := holds()
		if err != nil || held {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		waitABit(ctx, 50*time.Millisecond)
	}
}
