package functions

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/pilotage/pilotage/functions/intake"
	"github.com/pilotage/pilotage/functions/report"
	"github.com/pilotage/pilotage/functions/webhook"
	"github.com/pilotage/pilotage/shared/admission"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/database"
	"github.com/pilotage/pilotage/shared/decision"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fleet"
	"github.com/pilotage/pilotage/shared/holding"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
	"github.com/pilotage/pilotage/shared/pipelines"
	"github.com/pilotage/pilotage/shared/record"
	"github.com/pilotage/pilotage/shared/release"
	"github.com/pilotage/pilotage/shared/signal"
	"github.com/pilotage/pilotage/shared/traffic"
)

// World is everything outside: the ports through which handlers read and change it. AWS is
// one, this machine is another, and tests have a simulated one.
type World struct {
	Clock clock.Clock
	// NewID makes short random ids of a-z and 0-9.
	NewID      func() string
	Ledger     *ledger.Ledger
	Settings   Settings
	Catalog    release.Catalog
	Balancer   traffic.Balancer
	Caller     traffic.Caller
	Fleet      fleet.Fleet
	Backups    database.Backups
	Schema     database.Schema
	Signals    signal.Source
	Sender     notify.Sender
	Archive    record.Archive
	Bus        webhook.Bus
	Secrets    webhook.Secrets
	Tokens     decision.Tokens
	Executions Executions
	Pipelines  intake.Pipelines
	Jobs       pipelines.Jobs
	GitHub     report.GitHub
	// ApprovalURL is where the Decide function is reached, without a slash at the end.
	ApprovalURL string
	// ApprovalSecret keys ballots; at least 32 bytes.
	ApprovalSecret []byte
	// Log receives what has no other place to be remembered in; nil means slog.Default.
	Log *slog.Logger
}

// Settings is the configuration of all services.
type Settings interface {
	// Environment is that of one scope; an unknown one is fault.Invalid and lists those that
	// exist.
	Environment(ctx context.Context, scope deploy.Scope) (deploy.Environment, error)
	intake.Services
}

// Executions starts the two machines, by the names "deploy" and "rollback".
type Executions interface {
	// Start begins an execution. The same name with the same input again is safe, and returns
	// the same execution.
	Start(ctx context.Context, machine, name string, input json.RawMessage) (execution string, err error)
}

// door is through which executions begin.
func (w World) door() admission.Door {
	return admission.Door{Starter: w.Executions, Marks: w.Ledger, Clock: w.Clock, NewID: w.NewID}
}

// clerk tells executions what came of votes.
func (w World) clerk() decision.Clerk {
	return decision.Clerk{Votes: w.Ledger, Tokens: w.Tokens, Clock: w.Clock}
}

// desk is where people decide.
func (w World) desk() decision.Desk {
	return decision.Desk{Clerk: w.clerk(), Notifier: w.notifier()}
}

// holds sets and lifts holds in people's names.
func (w World) holds() holding.Holds {
	return holding.Holds{Ledger: w.Ledger, Settings: w.Settings, Archive: w.Archive, Notifier: w.notifier(), Clock: w.Clock}
}

func (w World) log() *slog.Logger {
	if w.Log != nil {
		return w.Log
	}
	return slog.Default()
}

func (w World) notifier() notify.Notifier { return notify.Notifier{Sender: w.Sender, Marks: w.Ledger} }
