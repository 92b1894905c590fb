package main

import (
	"context"
	"strings"

	"github.com/pilotage/pilotage/shared/aws/cloudwatch"
	"github.com/pilotage/pilotage/shared/aws/codepipeline"
	"github.com/pilotage/pilotage/shared/aws/dynamodb"
	"github.com/pilotage/pilotage/shared/aws/ecs"
	"github.com/pilotage/pilotage/shared/aws/elb"
	"github.com/pilotage/pilotage/shared/aws/eventbridge"
	"github.com/pilotage/pilotage/shared/aws/rds"
	"github.com/pilotage/pilotage/shared/aws/s3"
	"github.com/pilotage/pilotage/shared/aws/secretsmanager"
	"github.com/pilotage/pilotage/shared/aws/sfn"
	"github.com/pilotage/pilotage/shared/aws/sns"
	"github.com/pilotage/pilotage/shared/aws/ssm"
	"github.com/pilotage/pilotage/shared/decision"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/schema"
	"github.com/pilotage/pilotage/shared/traffic"
)

// connect makes the adapter of one port. Only that of the approval's key makes a call.
func (w *worker) connect(ctx context.Context, p port) error {
	switch p {
	case portLedger:
		w.world.Ledger = &ledger.Ledger{
			Store: dynamodb.New(w.aws, w.ledger.Table), Clock: w.world.Clock, LeaseFor: lease(w.ledger.LeaseSeconds),
		}
	case portSettings:
		w.places = ssm.New(w.aws, w.parameters.Root)
		w.world.Settings = w.places
	case portCatalog:
		w.world.Catalog = s3.New(w.aws, w.bucket.Bucket)
	case portArchive:
		w.world.Archive = s3.New(w.aws, w.bucket.Bucket)
	case portBalancer:
		w.world.Balancer = elb.New(w.aws, w.places, w.world.Ledger)
	case portFleet:
		w.world.Fleet = ecs.New(w.aws, ecs.Ports{Places: w.places, Leases: w.world.Ledger, Releases: w.world.Catalog, Targets: w.world.Balancer})
	case portBackups:
		w.world.Backups = rds.New(w.aws, w.places, w.world.Ledger)
	case portSchema:
		w.world.Schema = schema.Schema{
			Connections: secretsmanager.NewConnections(w.aws, w.places, w.database.Authority),
			Migrations:  w.world.Catalog, Leases: w.world.Ledger,
		}
	case portCaller:
		w.world.Caller = traffic.HTTPCaller{Client: traffic.NewHTTPClient(), URL: w.url}
	case portSignals:
		w.world.Signals = cloudwatch.New(w.aws, w.places, w.world.Clock)
	case portSender:
		w.world.Sender = sns.New(w.aws, sns.Topics{Notices: w.topics.Notices, Pages: w.topics.Pages})
	case portBus:
		w.world.Bus = eventbridge.New(w.aws, w.bus.Bus)
	case portSecrets:
		w.world.Secrets = secretsmanager.New(w.aws, w.webhook.SecretArn, "PILOTAGE_WEBHOOK_SECRET_ARN")
	case portTokens:
		w.world.Tokens = sfn.NewTokens(w.aws, decision.ErrNotWaiting)
	case portPipelines:
		service := codepipeline.New(w.aws)
		w.world.Pipelines, w.world.Jobs = service, service
	case portGitHub:
		w.world.GitHub = w.tell()
	case portDeploy:
		w.startDeploy()
	case portRollback:
		w.startRollback()
	case portApproval:
		return w.approve(ctx)
	}
	return nil
}

// tell is the way to GitHub, with no token where none is configured.
func (w *worker) tell() github.Access {
	access := github.Access{Tokens: github.NoToken{}, URL: w.github.URL, HTTP: github.NewHTTPClient()}
	if w.github.TokenArn != "" {
		access.Tokens = secretsmanager.New(w.aws, w.github.TokenArn, github.TokenSetting)
	}
	return access
}

// approve reads the key of ballots, once for the life of this process: ballots are derived from
// it, so it must not change while people decide.
func (w *worker) approve(ctx context.Context) error {
	key, err := secretsmanager.New(w.aws, w.approval.SecretArn, "PILOTAGE_APPROVAL_SECRET_ARN").Key(ctx)
	if err != nil {
		return err
	}
	w.world.ApprovalURL, w.world.ApprovalSecret = strings.TrimRight(w.approval.URL, "/"), key
	return nil
}

// url is where users reach a scope.
func (w *worker) url(ctx context.Context, scope deploy.Scope) (string, error) {
	env, err := w.places.Environment(ctx, scope)
	return strings.TrimRight(env.URL, "/"), err
}
