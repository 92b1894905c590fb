// Package slots runs releases as processes of this machine, as ECS runs them as tasks: each
// slot has a workload, keeps its count of processes running, registers them with the slot's
// target group and drains them before it stops them.
package slots

import (
	"context"
	"io"
	"sync"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// Place is where the slots of one scope live.
type Place struct {
	Router *router.Router
	// Environment is what every process gets besides its address, as "NAME=value".
	Environment func() ([]string, error)
	// Output, when it is set, makes what gets the standard output of one process. Otherwise its last
	// words are kept, as those of standard error are.
	Output func() io.Writer
}

// Leases refuses changes under a lease that was lost.
type Leases interface {
	Check(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error
}

// Artefacts finds the program of a release.
type Artefacts interface {
	Artefact(ctx context.Context, service, digest string) (path string, err error)
}

// Fleet runs the slots of every scope. It is safe for concurrent use.
type Fleet struct {
	Places    map[deploy.Scope]Place
	Leases    Leases
	Artefacts Artefacts
	Clock     clock.Clock

	mu    sync.Mutex
	slots map[key]*slot
	// leaving are the tasks that finish their last requests.
	leaving map[*task]bool
	// starting counts the processes that are being started and belong to no slot yet.
	starting sync.WaitGroup
	// life ends with Close, and with it every wait for a restart.
	life   context.Context
	end    context.CancelFunc
	closed bool
}

type key struct {
	scope deploy.Scope
	name  deploy.Slot
}

// slot is what one slot should run and what it runs.
type slot struct {
	workload deploy.Workload
	// path is the program of the workload's release.
	path    string
	tasks   []*task
	reasons []string
	// failures counts the tasks in a row that ended by themselves soon after their start.
	failures int
}

// slot is the state of a slot. The caller holds mu.
func (f *Fleet) slot(scope deploy.Scope, name deploy.Slot) *slot {
	if f.slots == nil {
		f.slots, f.leaving = map[key]*slot{}, map[*task]bool{}
		f.life, f.end = context.WithCancel(context.Background())
	}
	k := key{scope, name}
	if f.slots[k] == nil {
		f.slots[k] = &slot{}
	}
	return f.slots[k]
}

// place finds the place of a slot's scope.
func (f *Fleet) place(scope deploy.Scope) (Place, error) {
	place, known := f.Places[scope]
	if !known {
		return Place{}, fault.New(fault.Invalid, "there are no slots for %s on this machine", scope)
	}
	return place, nil
}
