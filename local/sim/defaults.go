package sim

import (
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
)

// The people of the simulated world.
const (
	Requester = "ada@example.com"
	Author    = "grace@example.com"
	Approver  = "edsger@example.com"
	Second    = "barbara@example.com"
	Team      = "team@example.com"
	OnCall    = "oncall@example.com"
)

// Repository is whose pushes are deployed.
const Repository = "example/running-app"

// Scope is where releases are deployed to, and Staging where they may have been before.
func Scope() deploy.Scope {
	return deploy.Scope{Service: "running-app", Environment: "production", Region: "eu-central-1"}
}

// Staging is the other scope; it has a database of its own.
func Staging() deploy.Scope {
	return deploy.Scope{Service: "running-app", Environment: "staging", Region: "eu-central-1"}
}

// Environment is the default configuration of a scope: five weights of half a minute, a
// backup, down-migrations on the way back, no approval. Pushes to main are deployed to Scope only.
func Environment(scope deploy.Scope) deploy.Environment {
	var branches []string
	if scope == Scope() {
		branches = []string{"main"}
	}
	return deploy.Environment{
		URL: "https://" + scope.Environment + ".example", Branches: branches, Evidence: []string{"tests"}, TimeoutSeconds: 3600,
		Strategy: deploy.Strategy{
			Kind: "canary", SettleSeconds: 60, ProbeRequests: 50,
			Steps: deploy.Schedule{{Weight: 1, BakeSeconds: 30}, {Weight: 5, BakeSeconds: 30}, {Weight: 25, BakeSeconds: 30}, {Weight: 50, BakeSeconds: 30}, {Weight: 100, BakeSeconds: 30}},
		},
		Capacity: deploy.Capacity{CPU: 250, Memory: 256, Replicas: 2, LogLevel: "info"},
		Health:   deploy.Health{Path: "/health", IntervalSeconds: 5, ReadyWithinSeconds: 60, PollSeconds: 5},
		SmokeTests: []deploy.SmokeTest{
			{Name: "health", Method: "GET", Path: "/health", Status: 200, Contains: "ok", Critical: true},
			{Name: "orders", Method: "GET", Path: "/orders", Status: 200},
		},
		Analysis: deploy.Analysis{Alpha: 0.01, Tolerance: 2, ErrorBudget: 0.001, MinRequests: 50, PeekSeconds: 10, WhenInconclusive: deploy.InconclusiveProceed, ExtendSeconds: 60},
		Approval: deploy.Approval{
			Approvers: []string{Approver, Second, Requester, Author}, Quorum: 1, ExpiresSeconds: 3600, RemindSeconds: 900, DelaySeconds: 1800,
		},
		Build:    deploy.Build{WhenMissing: deploy.MissingRefuse, WaitSeconds: 600, TimeoutSeconds: 600},
		Database: deploy.Database{Instance: scope.Service + "-" + scope.Environment, Backup: true, LockTimeoutSeconds: 5, StatementTimeoutSeconds: 60},
		Rollback: deploy.Rollback{Schema: deploy.SchemaDown, TimeoutSeconds: 900, HaltGraceSeconds: 60},
		Queue:    deploy.Queue{Policy: deploy.QueueWait, WaitSeconds: 1800},
		Notify:   deploy.Notify{Team: []string{Team}, OnCall: []string{OnCall}},
	}
}

// Releases are those that the catalog has: 1.0.0 with schema 1, 1.1.0 with schema 2, 1.2.0
// with schemas 3 and 4.
func Releases() []deploy.Release {
	return []deploy.Release{newRelease("1.0.0", 1), newRelease("1.1.0", 1, 2), newRelease("1.2.0", 1, 2, 3, 4)}
}

func newRelease(version string, migrations ...int64) deploy.Release {
	made := deploy.Release{
		Digest: "sha256:" + strings.Repeat(version[2:3]+"a", 32), Service: Scope().Service, Version: version,
		Repository: "example/running-app", Commit: strings.Repeat(version[2:3]+"c", 20), Author: Author, Artefact: "image:" + version,
		RequiresSchema: migrations[len(migrations)-1], Evidence: []deploy.Evidence{{Check: "tests", By: "ci", At: "2026-11-24T03:15:00Z"}},
		Changes: []deploy.Change{{Commit: strings.Repeat("d", 40), Subject: "change of " + version}},
	}
	for _, migration := range migrations {
		made.Migrations = append(made.Migrations, deploy.Migration{Version: migration, Name: fmt.Sprintf("step_%d", migration), Kind: deploy.Expand})
	}
	return made
}
