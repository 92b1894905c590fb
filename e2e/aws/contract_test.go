//go:build e2e

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	awssfn "github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/e2e/worldtest"
	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/functions/watchdog"
	"github.com/pilotage/pilotage/shared/aws/cloudwatch"
	"github.com/pilotage/pilotage/shared/aws/dynamodb"
	"github.com/pilotage/pilotage/shared/aws/ecs"
	"github.com/pilotage/pilotage/shared/aws/elb"
	"github.com/pilotage/pilotage/shared/aws/eventbridge"
	"github.com/pilotage/pilotage/shared/aws/rds"
	"github.com/pilotage/pilotage/shared/aws/s3"
	"github.com/pilotage/pilotage/shared/aws/secretsmanager"
	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/aws/sfn"
	"github.com/pilotage/pilotage/shared/aws/sns"
	"github.com/pilotage/pilotage/shared/aws/ssm"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/decision"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/notify"
	"github.com/pilotage/pilotage/shared/schema"
	"github.com/pilotage/pilotage/shared/signal"
	"github.com/pilotage/pilotage/shared/traffic"
)

// asking is a machine that hands out its token and waits for it to come back.
const asking = `{
	"QueryLanguage": "JSONata", "StartAt": "Ask",
	"States": {"Ask": {
		"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
		"Arguments": {"FunctionName": "pilotage-Announce", "Payload": {"asked": "{% $states.context.Task.Token %}"}}, "End": true
	}}
}`

// TestAdaptersKeepTheContract asks the adapters to AWS what every world owes, over the wire.
func TestAdaptersKeepTheContract(t *testing.T) {
	w, err := enter(t.Context())
	if errors.Is(err, lab.ErrMissing) {
		t.Skipf("SKIPPED: the contract of the ports is not tested over the wire: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	// What the world does outlives a test's own context, which ends before its cleanup.
	ctx := context.WithoutCancel(t.Context())
	if err := w.open(ctx); err != nil {
		t.Fatal(err)
	}
	releases, err := w.publish(ctx, "1.0.0", "1.1.0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cast{releases: releases}
	if first := w.tell(ctx, "first-to-staging", "staging", c.firstToStaging); len(first.problems) > 0 {
		t.Fatal(first.problems)
	}
	worldtest.Run(t, worldtest.Subject{
		World: w.ports(), Scope: w.scope("staging"), Repository: sourceRepository, Branch: branch,
		Live: releases["1.0.0"], Next: releases["1.1.0"], Works: "/stats", Within: time.Minute, Span: signal.PaceOf(deploy.SourceApplication).Span,
		Sent: func(*testing.T) []notify.Message { return w.received() }, Delivered: delivered,
		Stored: w.stored, Wait: w.ask,
		Unproven: map[worldtest.Clause]string{
			worldtest.FailureAnsweredOnce: "the emulation looks for the token among executions that have ended too, and answers 200",
		},
	})
}

// ports are the adapters, made as the functions' binary makes them, and calling as functions do.
func (w *world) ports() functions.World {
	cfg := w.throughProxy()
	book := &ledger.Ledger{Store: dynamodb.New(cfg, w.variables["PILOTAGE_LEDGER_TABLE"]), Clock: clock.System{}}
	places, bucket := ssm.New(cfg, w.variables["PILOTAGE_PARAMETERS"]), s3.New(cfg, w.variables["PILOTAGE_BUCKET"])
	balancer := elb.New(cfg, places, book)
	return functions.World{
		Clock: clock.System{}, NewID: shortID, Ledger: book, Settings: places, Catalog: bucket, Archive: bucket, Balancer: balancer,
		Fleet:   ecs.New(cfg, ecs.Ports{Places: places, Leases: book, Releases: bucket, Targets: balancer}),
		Backups: rds.New(cfg, places, book), Signals: cloudwatch.New(cfg, places, clock.System{}), Tokens: sfn.NewTokens(cfg, decision.ErrNotWaiting),
		Schema: schema.Schema{Connections: secretsmanager.NewConnections(cfg, places, ""), Migrations: bucket, Leases: book},
		Caller: traffic.HTTPCaller{Client: traffic.NewHTTPClient(), URL: func(ctx context.Context, scope deploy.Scope) (string, error) {
			env, err := places.Environment(ctx, scope)
			return strings.TrimRight(env.URL, "/"), err
		}},
		Sender:  sns.New(cfg, sns.Topics{Notices: w.variables["PILOTAGE_NOTICES_TOPIC_ARN"], Pages: w.variables["PILOTAGE_PAGES_TOPIC_ARN"]}),
		Bus:     eventbridge.New(cfg, w.variables["PILOTAGE_BUS_NAME"]),
		Secrets: secretsmanager.New(cfg, w.variables["PILOTAGE_WEBHOOK_SECRET_ARN"], "PILOTAGE_WEBHOOK_SECRET_ARN"),
		Executions: sfn.NewExecutions(cfg, map[string]sfn.Machine{
			string(deploy.KindDeploy): {Arn: w.variables["PILOTAGE_DEPLOY_MACHINE_ARN"], Setting: "PILOTAGE_DEPLOY_MACHINE_ARN"},
			watchdog.RollbackMachine:  {Arn: w.variables["PILOTAGE_ROLLBACK_MACHINE_ARN"], Setting: "PILOTAGE_ROLLBACK_MACHINE_ARN"},
		}),
	}
}

func shortID() string { return strings.ToLower(rand.Text()[:8]) }

// received are the mails as they arrived: of which id and scope a message is, SNS is not told.
func (w *world) received() []notify.Message {
	var messages []notify.Message
	for _, one := range w.mails.about(func(mail) bool { return true }) {
		messages = append(messages, notify.Message{To: one.To, Subject: one.Subject, Body: one.Message, Urgent: one.Topic == w.variables["PILOTAGE_PAGES_TOPIC_ARN"]})
	}
	return messages
}

// delivered is what SNS can deliver of a message: it takes subjects in ASCII only.
func delivered(message notify.Message) notify.Message {
	return notify.Message{To: message.To, Subject: strings.NewReplacer("ä", "?", "→", "->").Replace(message.Subject), Body: message.Body, Urgent: message.Urgent}
}

func (w *world) stored(t *testing.T, key string) string {
	t.Helper()
	api := awss3.NewFromConfig(w.sdk, func(o *awss3.Options) { o.UsePathStyle, o.APIOptions = true, append(o.APIOptions, session.Unbound) })
	object, err := api.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(w.variables["PILOTAGE_BUCKET"]), Key: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(object.Body); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// ask starts an execution that waits for its token.
func (w *world) ask(t *testing.T) (string, func() worldtest.End) {
	t.Helper()
	tokens := make(chan string, 1)
	w.answer = func(payload json.RawMessage) (json.RawMessage, bool) {
		var told struct{ Asked string }
		if json.Unmarshal(payload, &told) != nil || told.Asked == "" {
			return nil, false
		}
		tokens <- told.Asked
		return json.RawMessage("{}"), true
	}
	api, name := awssfn.NewFromConfig(w.sdk), "asking-"+shortID()
	machine, err := api.CreateStateMachine(t.Context(), &awssfn.CreateStateMachineInput{
		Name: aws.String(name), Definition: aws.String(asking), RoleArn: aws.String("arn:aws:iam::" + account + ":role/asking"),
	})
	if err != nil {
		t.Fatal(err)
	}
	started, err := api.StartExecution(t.Context(), &awssfn.StartExecutionInput{StateMachineArn: machine.StateMachineArn, Input: aws.String("{}")})
	if err != nil {
		t.Fatal(err)
	}
	var token string
	select {
	case token = <-tokens:
	case <-time.After(time.Minute):
		t.Fatal("nobody was asked")
	}
	return token, func() worldtest.End {
		t.Helper()
		var ended *awssfn.DescribeExecutionOutput
		err := until(t.Context(), func() (bool, error) {
			var err error
			ended, err = api.DescribeExecution(t.Context(), &awssfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
			return err == nil && ended.Status != types.ExecutionStatusRunning, err
		})
		if err != nil {
			t.Fatal(err)
		}
		// The emulation writes JSON with spaces.
		var output bytes.Buffer
		if text := aws.ToString(ended.Output); text != "" {
			if err := json.Compact(&output, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		return worldtest.End{Output: output.String(), Error: aws.ToString(ended.Error), Cause: aws.ToString(ended.Cause)}
	}
}
