package sim

import (
	"bytes"
	"errors"
	"slices"
	"sync"

	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/shared/fault"
)

// Fault is a failure to inject.
type Fault struct {
	// At is the name of a state, as "Shift", or a call of a port, as "Balancer.SetWeights".
	At string
	// Machine is "deploy" or "rollback"; empty is both. Calls of ports have none.
	Machine string
	// Attempt counts the invocations at that place from 1; 0 is every one of them.
	Attempt int
	// Moment is before or after the effect.
	Moment Moment
	// Error is the name that the failure has, as "Pilotage.Internal", or Crash or Stop.
	Error string
}

// Moment is when a fault strikes.
type Moment string

// The moments. After means that the world has been changed and nobody hears of it.
const (
	Before Moment = "before"
	After  Moment = "after"
)

// Errors that have no class.
const (
	// Crash is a function that dies: Lambda.Unknown.
	Crash = "crash"
	// Stop is the execution being stopped by hand. The function itself runs on, as on AWS. It
	// is for states only.
	Stop = "stop"
)

// ErrCrash is what a call of a port returns after a Crash.
var ErrCrash = errors.New("the process died") //nolint:gochecknoglobals // a sentinel error

// faults are what is going to fail, and what has.
type faults struct {
	stop func(arn string)

	mu      sync.Mutex
	planned []Fault
	seen    map[Fault]int
	entries []entry
	struck  int
}

// entry is what happens as an execution enters a state.
type entry struct {
	machine, state string
	act            func(execution string)
}

// FailAt plans a fault.
func (w *World) FailAt(fault Fault) {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	w.faults.planned = append(w.faults.planned, fault)
}

// StopAt plans that an execution is stopped as it enters a state, before anything of it runs.
func (w *World) StopAt(machine, state string) { w.OnEnter(machine, state, w.stop) }

// OnEnter plans that something happens once, as an execution enters a state: act gets its ARN.
// The execution waits for it meanwhile.
func (w *World) OnEnter(machine, state string, act func(execution string)) {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	w.faults.entries = append(w.faults.entries, entry{machine, state, act})
}

// Struck is how many faults have struck so far.
func (w *World) Struck() int {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	return w.faults.struck
}

// concern reports whether a fault may still strike the state that a payload comes from. It
// spares most invocations the decoding.
func (f *faults) concern(payload []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.planned, func(fault Fault) bool {
		over := fault.Attempt != 0 && f.seen[fault] >= fault.Attempt
		return !over && bytes.Contains(payload, []byte(`"`+fault.At+`"`))
	})
}

// hit counts one passage of a place and returns the error to fail with, if any.
func (f *faults) hit(machine, at string, moment Moment, execution string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var struck *Fault
	for _, planned := range f.planned {
		if planned.At != at || planned.Moment != moment || planned.Machine != "" && planned.Machine != machine {
			continue
		}
		if f.seen == nil {
			f.seen = map[Fault]int{}
		}
		f.seen[planned]++
		if struck == nil && (planned.Attempt == 0 || planned.Attempt == f.seen[planned]) {
			struck = &planned
		}
	}
	if struck == nil {
		return nil
	}
	f.struck++
	switch struck.Error {
	case Stop:
		f.stop(execution)
		return nil
	case Crash:
		return ErrCrash
	}
	failure := &asl.Failure{Name: struck.Error, Cause: "injected at " + at}
	if class := fault.Class(struck.Error); slices.Contains(fault.Classes(), class) {
		return fault.New(class, "%w", failure) // as an adapter says it
	}
	return failure
}

// take returns what is planned for a state that is entered, and forgets it; nil for nothing.
func (f *faults) take(machine, state string) func(execution string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.entries, func(e entry) bool { return e.machine == machine && e.state == state })
	if i < 0 {
		return nil
	}
	act := f.entries[i].act
	f.entries = slices.Delete(f.entries, i, i+1)
	f.struck++
	return act
}
