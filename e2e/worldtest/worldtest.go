// Package worldtest is what every world owes to the handlers: one test for each port, written
// once and run against each implementation, this machine's and that of AWS.
//
// A world is handed over as a Subject, and Run asks it everything. An adapter that implements
// one port only is asked by the function of that port's name.
package worldtest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
)

// Subject is a world under test, and what no port tells of it. In Scope it serves Live from the
// blue slot, with all traffic; nothing else happens there meanwhile.
type Subject struct {
	functions.World
	Scope deploy.Scope
	// Repository and Branch are those whose pushes are deployed to Scope, and to no other.
	Repository string
	Branch     string
	// Live is what runs, Next is published and brings one expand migration more.
	Live deploy.Release
	Next deploy.Release
	// Works is a request that the service answers with 200.
	Works string
	// Within bounds how long anything may take that the world does by itself.
	Within time.Duration
	// Span is the length of time in which signals are counted; a second when 0.
	Span time.Duration
	// Sent are the messages that have arrived, in order.
	Sent func(t *testing.T) []notify.Message
	// Delivered is what can arrive of a message; nil for all of it.
	Delivered func(notify.Message) notify.Message
	// Unproven are the clauses that cannot be proven where the test runs, each with the reason. They
	// are said, and left out.
	Unproven map[Clause]string
	// Stored reads a document of the archive.
	Stored func(t *testing.T, key string) string
	// Wait starts an execution that waits for a token, and returns the token and what tells how
	// the execution ended.
	Wait func(t *testing.T) (token string, end func() End)
}

// Clause names a part of the contract that a Subject may have to leave unproven.
type Clause string

// FailureAnsweredOnce is that SendTaskFailure tells when nobody waits for a token any more.
const FailureAnsweredOnce Clause = "SendTaskFailure with a token that was answered is ErrNotWaiting"

// proven reports whether a clause is tested, and says so loudly when it is not.
func (s Subject) proven(t *testing.T, clause Clause) bool {
	t.Helper()
	reason, unproven := s.Unproven[clause]
	if unproven {
		t.Logf("SKIPPED clause %q: %s", clause, reason)
	}
	return !unproven
}

// End is how an execution ended: with an output, or with an error and its cause.
type End struct {
	Output string
	Error  string
	Cause  string
}

// Run asks a world for everything. The order matters to nothing but the time that it takes.
func Run(t *testing.T, s Subject) {
	for _, port := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"Settings", Settings},
		{"Catalog", Catalog},
		{"Secrets", Secrets},
		{"Sender", Sender},
		{"Archive", Archive},
		{"Schema", Schema},
		{"Fleet", Fleet},
		{"Balancer", Balancer},
		{"Caller", Caller},
		{"Signals", Signals},
		{"Backups", Backups},
		{"Tokens", Tokens},
		{"Executions", Executions},
		{"Bus", Bus},
	} {
		t.Run(port.name, func(t *testing.T) { port.test(t, s) })
	}
}

// unknown is a scope that no world has.
func (s Subject) unknown() deploy.Scope {
	scope := s.Scope
	scope.Environment = "moon"
	return scope
}

// leases are one that is good until the test ends, and one that was lost to it.
func (s Subject) leases(t *testing.T) (good, lost deploy.Lease) {
	t.Helper()
	for _, lease := range []*deploy.Lease{&lost, &good} {
		var err error
		*lease, _, err = s.Ledger.Acquire(t.Context(), ledger.Claim{Scope: s.Scope, Owner: "contract"})
		if err != nil || !lease.Held() {
			t.Fatalf("acquire the lock of %s: got %+v and error %v", s.Scope, *lease, err)
		}
	}
	t.Cleanup(func() {
		if err := s.Ledger.Release(context.WithoutCancel(t.Context()), s.Scope, good); err != nil {
			t.Error(err)
		}
	})
	return good, lost
}

// environment is the configuration of the scope.
func (s Subject) environment(t *testing.T) deploy.Environment {
	t.Helper()
	env, err := s.World.Settings.Environment(t.Context(), s.Scope)
	must(t, err)
	return env
}

// change is one of the schema, to a version, by the files of Next.
func (s Subject) change(t *testing.T, to int64) database.Change {
	t.Helper()
	return database.Change{
		Instance: s.environment(t).Database.Instance, Release: s.Next.Digest, To: to, LockTimeout: 5 * time.Second, StatementTimeout: time.Minute,
	}
}

// versions are those of the schema with Live and with Next.
func (s Subject) versions() (live, next int64) {
	for _, one := range s.Live.Migrations {
		live = max(live, one.Version)
	}
	for _, one := range s.Next.Migrations {
		next = max(next, one.Version)
	}
	return live, next
}

// runNext makes the green slot run Next, with its schema, and waits until it is healthy.
func (s Subject) runNext(t *testing.T, lease deploy.Lease) {
	t.Helper()
	_, next := s.versions()
	version, err := s.World.Schema.Version(t.Context(), s.environment(t).Database.Instance)
	must(t, err)
	if version < next {
		_, err = s.World.Schema.Expand(t.Context(), lease, s.change(t, next))
		must(t, err)
	}
	_, err = s.World.Fleet.Run(t.Context(), lease, s.Scope, s.order(t))
	must(t, err)
	s.until(t, "the green slot is healthy", func() bool { return s.describe(t, deploy.Green).Ready() })
}

func (s Subject) order(t *testing.T) fleet.Order {
	t.Helper()
	env := s.environment(t)
	return fleet.Order{
		Slot: deploy.Green, Workload: deploy.Workload{Digest: s.Next.Digest, Version: s.Next.Version, Count: 1},
		Capacity: env.Capacity, Health: env.Health, Deployment: "contract",
	}
}

func (s Subject) describe(t *testing.T, slot deploy.Slot) deploy.SlotState {
	t.Helper()
	state, err := s.World.Fleet.Describe(t.Context(), s.Scope, slot)
	must(t, err)
	return state
}

// until asks again and again, by the world's clock, until something holds.
func (s Subject) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := s.Clock.Now().Add(s.Within); !holds(); {
		if s.Clock.Now().After(deadline) {
			t.Fatalf("not within %s: %s", s.Within, what)
		}
		must(t, s.Clock.Wait(t.Context(), 50*time.Millisecond))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks the class of an error.
func refused(t *testing.T, what string, err error, want fault.Class) {
	t.Helper()
	if !fault.Is(err, want) {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

// encode is JSON of a value that can be encoded.
func encode(t *testing.T, value any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return text
}
