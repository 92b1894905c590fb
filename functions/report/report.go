// Package report tells GitHub what becomes of deployments: a deployment with its statuses, a status
// of the commit, and at the end a tag. It is called by the bus, whenever an execution of either
// machine begins or ends.
//
// Events come late, twice, at the same time and in no order. So an event says only where to look:
// what is told is what the ledger says now, and one at a time tells it.
package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/ledger"
)

// GitHub is the way to GitHub's API.
type GitHub interface {
	// Open returns nil when no token is configured.
	Open(ctx context.Context) (*github.Client, error)
}

// Services knows what is deployed where.
type Services interface {
	All(ctx context.Context) ([]deploy.Configured, error)
}

// Ledger is what is asked of the ledger.
type Ledger interface {
	Locate(ctx context.Context, id string) (ledger.Deployment, error)
	Live(ctx context.Context, scope deploy.Scope) (ledger.Live, error)
	Report(ctx context.Context, deployment string) (ledger.Report, error)
	ClaimReport(ctx context.Context, deployment, by string, lasts time.Duration) (ledger.Report, bool, error)
	AmendReport(ctx context.Context, deployment, by string, change func(*ledger.Report)) error
}

// Change is the detail of a "Step Functions Execution Status Change" event.
type Change struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

// Result says what was told.
type Result struct {
	Told []string `json:"told,omitempty"`
	// Reason says why nothing was.
	Reason string `json:"reason,omitempty"`
}

// Function reports.
type Function struct {
	GitHub   GitHub
	Services Services
	Ledger   Ledger
	Clock    clock.Clock
	NewID    func() string
}

const (
	// patience is how long an event waits: one that begins for the ledger's entry, which the
	// execution's first state makes; one that ends for the watchdog, which may close the entry; and
	// each for whoever is telling at the moment.
	patience = 20 * time.Second
	// pause is the time between two looks.
	pause = time.Second
)

// ClaimFor is for how long one who reports keeps others from it. The function's own time limit must
// be shorter, or two would report at the same time.
const ClaimFor = 150 * time.Second

// Handle tells GitHub what the ledger says of the deployment that an event is about, and of those
// that it replaced or made live again. Where no token is configured it does nothing. Repeating it
// tells nothing twice.
func (f Function) Handle(ctx context.Context, event struct {
	Detail Change `json:"detail"`
},
) (Result, error) {
	client, err := f.GitHub.Open(ctx)
	if err != nil {
		return Result{}, err
	}
	if client == nil {
		return Result{Reason: "no token of GitHub is configured: nobody listens"}, nil
	}
	subject, reason, err := f.subject(ctx, event.Detail)
	if err != nil || subject.ID == "" {
		return Result{Reason: reason}, err
	}
	told, reason, err := f.tell(ctx, client, subject.ID)
	if subject.Open() {
		return Result{Told: told, Reason: cmp.Or(reason, "the record is open")}, err
	}
	others, othersErr := f.neighbours(ctx, client, subject)
	return Result{Told: slices.Concat(told, others), Reason: reason}, errors.Join(err, othersErr)
}

// subject is the deployment that an event is about; none, with a reason, when there is nothing to
// tell. A rollback is about the deployment that it takes back.
func (f Function) subject(ctx context.Context, change Change) (ledger.Deployment, string, error) {
	began := change.Status == "RUNNING"
	entry, err := f.locate(ctx, change.Name, func(found bool, _ ledger.Deployment) bool { return found || !began })
	if fault.Is(err, fault.Invalid) {
		return ledger.Deployment{}, "the execution has no record", nil
	}
	if err != nil {
		return ledger.Deployment{}, "", err
	}
	id := entry.ID
	if entry.Kind == deploy.KindRollback {
		id = cmp.Or(entry.Plan.Undoes, entry.Request.Rollback.Deployment)
		if began || id == "" {
			return ledger.Deployment{}, "the rollback has taken nothing back", nil
		}
	}
	if began {
		return entry, "", nil
	}
	entry, err = f.locate(ctx, id, func(_ bool, entry ledger.Deployment) bool { return !entry.Open() })
	if fault.Is(err, fault.Invalid) {
		return ledger.Deployment{}, "what the rollback names has no record", nil
	}
	if err == nil && entry.Open() && entry.Plan.Digest == "" {
		// No rollback is going to come for what changed nothing.
		err = fault.New(fault.Transient, "report on %s: its execution ended as %s, and the watchdog has yet to close its record", entry.ID, change.Status)
	}
	return entry, "", err
}

// locate reads an entry until it is as wanted, or until patience is over: then it is whatever it is.
func (f Function) locate(ctx context.Context, id string, wanted func(found bool, entry ledger.Deployment) bool) (ledger.Deployment, error) {
	for begun := f.Clock.Now(); ; {
		entry, err := f.Ledger.Locate(ctx, id)
		if err != nil && !fault.Is(err, fault.Invalid) {
			return ledger.Deployment{}, err
		}
		if wanted(err == nil, entry) || f.Clock.Now().Sub(begun) >= patience {
			return entry, err
		}
		if err := f.Clock.Wait(ctx, pause); err != nil {
			return ledger.Deployment{}, err
		}
	}
}

// neighbours tells of what is live where the deployment went, and of what that replaced, as far as
// GitHub knows them.
func (f Function) neighbours(ctx context.Context, client *github.Client, of ledger.Deployment) ([]string, error) {
	live, err := f.Ledger.Live(ctx, of.Scope)
	if err != nil {
		return nil, err
	}
	chain := live.Chain()
	var told []string
	var problems []error
	for _, other := range chain[:min(len(chain), 2)] {
		if other.Deployment == of.ID {
			continue
		}
		known, err := f.Ledger.Report(ctx, other.Deployment)
		if err != nil || known.GitHub == 0 {
			problems = append(problems, err)
			continue
		}
		more, _, err := f.tell(ctx, client, other.Deployment)
		told, problems = append(told, more...), append(problems, err)
	}
	return told, errors.Join(problems...)
}

// tell tells GitHub what the ledger says of a deployment, once nobody else does.
func (f Function) tell(ctx context.Context, client *github.Client, id string) ([]string, string, error) {
	by := f.NewID()
	report, err := f.claim(ctx, id, by)
	if err != nil {
		return nil, "", err
	}
	told, reason, err := f.speak(ctx, client, id, by, report)
	// Whoever comes next need not wait for the claim to be over.
	freed := f.Ledger.AmendReport(ctx, id, by, func(report *ledger.Report) { report.Until = time.Time{} })
	return told, reason, errors.Join(err, freed)
}

func (f Function) claim(ctx context.Context, id, by string) (ledger.Report, error) {
	for begun := f.Clock.Now(); ; {
		report, claimed, err := f.Ledger.ClaimReport(ctx, id, by, ClaimFor)
		if err != nil || claimed {
			return report, err
		}
		if f.Clock.Now().Sub(begun) >= patience {
			return ledger.Report{}, fault.New(fault.Transient, "report on %s: somebody else does it", id)
		}
		if err := f.Clock.Wait(ctx, pause); err != nil {
			return ledger.Report{}, err
		}
	}
}

// speak reads what holds now, after the claim, and says it.
func (f Function) speak(ctx context.Context, client *github.Client, id, by string, report ledger.Report) ([]string, string, error) {
	entry, err := f.Ledger.Locate(ctx, id)
	if err != nil {
		return nil, "", err
	}
	live, err := f.Ledger.Live(ctx, entry.Scope)
	if err != nil {
		return nil, "", err
	}
	all, err := f.Services.All(ctx)
	if err != nil {
		return nil, "", err
	}
	at := slices.IndexFunc(all, func(one deploy.Configured) bool { return one.Scope == entry.Scope })
	if at < 0 || all[at].Repository == "" {
		return nil, fmt.Sprintf("no repository is configured for %s", entry.Scope), nil
	}
	commit, err := f.commit(ctx, entry)
	if err != nil || commit == "" {
		return nil, "the commit is not known", err
	}
	s := speaker{
		client: client, ledger: f.Ledger, by: by, entry: entry, live: live, report: report,
		repository: all[at].Repository, commit: commit, environment: all[at].Environment,
	}
	if entry.Plan.Digest != "" {
		s.environment = entry.Plan.Environment
	}
	err = s.speak(ctx)
	return s.told, "", err
}

// commit is that of the release which is deployed; empty where only a plan will tell.
func (f Function) commit(ctx context.Context, entry ledger.Deployment) (string, error) {
	for _, commit := range []string{entry.Plan.Release.Commit, entry.Request.Source.Commit, entry.Request.Release} {
		if deploy.IsCommit(commit) {
			return commit, nil
		}
	}
	if entry.Request.Promotes == "" {
		return "", nil
	}
	promoted, err := f.Ledger.Locate(ctx, entry.Request.Promotes)
	if fault.Is(err, fault.Invalid) || err == nil && !deploy.IsCommit(promoted.Plan.Release.Commit) {
		return "", nil
	}
	return promoted.Plan.Release.Commit, err
}
