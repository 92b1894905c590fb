package config

import (
	"net/http"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Defaults is an environment as it is before pilotage.yaml is read. What it leaves out has no
// default and must be given where rules.go says so. Gates have no defaults, lest one be off
// because nobody thought of it.
func Defaults() deploy.Environment {
	return deploy.Environment{
		// Half an hour is enough for bakes of a quarter of one; going back has no bakes, and should
		// be over within the recovery time that most services promise.
		TimeoutSeconds: 1800,
		Strategy:       deploy.Strategy{SettleSeconds: 3600, ProbeRequests: 50},
		Capacity:       deploy.Capacity{LogLevel: "info"},
		Health:         deploy.Health{IntervalSeconds: 15, ReadyWithinSeconds: 300, PollSeconds: 10},
		Analysis: deploy.Analysis{
			// Every service has a load balancer; one that counts itself says so.
			Source: deploy.SourceBalancer,
			Alpha:  0.01, Tolerance: 2, ErrorBudget: 0.001, MinRequests: 100, PeekSeconds: 10,
			// A small weight of ordinary traffic proves nothing within a bake: at 1 % and the budget
			// above it takes about 4,800 candidate requests without an error. Going on is no pass:
			// the evidence accumulates at the next weight, and the record says that it was a hold.
			WhenInconclusive: deploy.InconclusiveProceed, ExtendSeconds: 600,
		},
		Database: deploy.Database{Backup: true, LockTimeoutSeconds: 5, StatementTimeoutSeconds: 60},
		// The schema that the old release was verified with. With the expanded one it never was.
		Rollback: deploy.Rollback{Schema: deploy.SchemaDown, TimeoutSeconds: 900, HaltGraceSeconds: 60},
		// An hour before the end is time enough to read a plan; four more are the rest of a day.
		Approval: deploy.Approval{RemindSeconds: 3600, DelaySeconds: 14400},
		// A commit without a release is a mistake unless somebody says that it will come.
		Build: deploy.Build{WhenMissing: deploy.MissingRefuse, WaitSeconds: 1800, TimeoutSeconds: 1800},
		Queue: deploy.Queue{Policy: deploy.QueueWait, WaitSeconds: 900},
	}
}

// The defaults that depend on something else being there.
const (
	usualMethod         = http.MethodGet
	usualStatus         = http.StatusOK
	usualExpirySeconds  = 86400
	usualPromotionHours = 168
	usualQuorum         = 1
	usualBuildspec      = "buildspec.yml"
	// reminderShare is when people are reminded who have less time than the usual reminder needs:
	// with a quarter of it left.
	reminderShare = 4
)

// fill completes what Defaults cannot know before the file is read.
func fill(e deploy.Environment) deploy.Environment {
	if e.PromoteFrom != "" && e.PromoteWithinHours == 0 {
		e.PromoteWithinHours = usualPromotionHours
	}
	if approves(e) {
		e.Approval = fillApproval(e.Approval)
	}
	for i, test := range e.SmokeTests {
		if test.Method == "" {
			e.SmokeTests[i].Method = usualMethod
		}
		if test.Status == 0 {
			e.SmokeTests[i].Status = usualStatus
		}
	}
	return e
}

func fillApproval(a deploy.Approval) deploy.Approval {
	if a.ExpiresSeconds == 0 {
		a.ExpiresSeconds = usualExpirySeconds
	}
	if a.RemindSeconds >= a.ExpiresSeconds {
		a.RemindSeconds = a.ExpiresSeconds / reminderShare
	}
	if a.Quorum == 0 {
		a.Quorum = usualQuorum
	}
	for i := range a.Groups {
		if a.Groups[i].Quorum == 0 {
			a.Groups[i].Quorum = usualQuorum
		}
	}
	return a
}

// approves reports whether anything in an environment waits for people.
func approves(e deploy.Environment) bool {
	return e.Approval.Required || e.Rollback.ApprovalRequired
}
