package sim

import (
	"context"
	"time"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// instance is one database: the migrations applied, and its snapshots by name.
type instance struct {
	applied   []deploy.Migration
	snapshots map[string]snapshot
	restored  map[string]time.Time
}

type snapshot struct {
	at, ready time.Time
	applied   []deploy.Migration
}

func newInstance() *instance {
	return &instance{snapshots: map[string]snapshot{}, restored: map[string]time.Time{}}
}

func (i *instance) version() int64 {
	if len(i.applied) == 0 {
		return 0
	}
	return i.applied[len(i.applied)-1].Version
}

// instance finds a database and the scope that it belongs to.
func (w *World) instance(name string) (*instance, deploy.Scope, error) {
	for scope, env := range w.settings {
		if env.Database.Instance == name {
			return w.databases[name], scope, nil
		}
	}
	return nil, deploy.Scope{}, fault.New(fault.Invalid, "there is no database %q", name)
}

// alter changes a database under the lease of its scope.
func (w *World) alter(ctx context.Context, call, name string, lease deploy.Lease, run func(*instance) error) error {
	w.mu.Lock()
	found, scope, err := w.instance(name)
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return change(w, ctx, call, scope, lease, func(*place) error { return run(found) })
}
