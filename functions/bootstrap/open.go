package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sethvargo/go-envconfig"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/functions/watchdog"
	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/aws/sfn"
	"github.com/pilotage/pilotage/shared/aws/ssm"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// open makes the handler of a function with the ports that it needs. A name that is none is
// fault.Invalid, and so are settings that are missing, all of them named.
func open(ctx context.Context, name string, lookuper envconfig.Lookuper, c clock.Clock) (functions.Handler, error) {
	ports, known := needs()[name]
	if !known {
		return nil, fault.New(fault.Invalid, "serve %q: there is no such function; set the function's handler, _HANDLER, to the name of one", name)
	}
	var region regionConfig
	w := &worker{world: functions.World{Clock: c, NewID: shortID}, lookuper: lookuper}
	w.read(ctx, &region)
	for _, port := range ports {
		w.configure(ctx, port)
	}
	if err := errors.Join(w.problems...); err != nil {
		return nil, fault.New(fault.Invalid, "serve %s: %w", name, err)
	}
	var err error
	if w.aws, err = session.Open(ctx, region.Region); err != nil {
		return nil, err
	}
	for _, port := range ports {
		if err := w.connect(ctx, port); err != nil {
			return nil, err
		}
	}
	return functions.Table(w.world)[name], nil
}

// worker builds a world, port by port: first it reads all settings, then it makes the adapters.
type worker struct {
	lookuper envconfig.Lookuper
	world    functions.World
	aws      aws.Config
	// places is what the settings port is made of; most adapters find resources through it.
	places   ssm.Store
	machines map[string]sfn.Machine
	problems []error

	ledger     ledgerConfig
	parameters parametersConfig
	bucket     bucketConfig
	topics     topicsConfig
	approval   approvalConfig
	webhook    webhookConfig
	bus        busConfig
	github     githubConfig
	deploy     deployConfig
	rollback   rollbackConfig
	database   databaseConfig
}

func (w *worker) read(ctx context.Context, config any) {
	if err := read(ctx, w.lookuper, config); err != nil {
		w.problems = append(w.problems, err)
	}
}

// configure reads the settings of one port.
func (w *worker) configure(ctx context.Context, p port) {
	switch p {
	case portLedger:
		w.read(ctx, &w.ledger)
	case portSettings:
		w.read(ctx, &w.parameters)
	case portCatalog, portArchive:
		w.read(ctx, &w.bucket)
	case portSender:
		w.read(ctx, &w.topics)
	case portApproval:
		w.read(ctx, &w.approval)
	case portSecrets:
		w.read(ctx, &w.webhook)
	case portBus:
		w.read(ctx, &w.bus)
	case portGitHub:
		w.read(ctx, &w.github)
	case portDeploy:
		w.read(ctx, &w.deploy)
	case portRollback:
		w.read(ctx, &w.rollback)
	case portSchema:
		w.read(ctx, &w.database)
	case portBalancer, portFleet, portBackups, portCaller, portSignals, portTokens, portPipelines:
		// They find what they need through the settings port.
	}
}

// start lets the world start executions of one more machine.
func (w *worker) start(machine, arn, setting string) {
	if w.machines == nil {
		w.machines = map[string]sfn.Machine{}
	}
	w.machines[machine] = sfn.Machine{Arn: arn, Setting: setting}
	w.world.Executions = sfn.NewExecutions(w.aws, w.machines)
}

func (w *worker) startDeploy() {
	w.start(string(deploy.KindDeploy), w.deploy.Machine, "PILOTAGE_DEPLOY_MACHINE_ARN")
}

func (w *worker) startRollback() {
	w.start(watchdog.RollbackMachine, w.rollback.Machine, "PILOTAGE_ROLLBACK_MACHINE_ARN")
}

// lease is a number of seconds as a duration.
func lease(seconds int) time.Duration { return time.Duration(seconds) * time.Second }

// shortID is eight random characters of a-z and 2-7.
func shortID() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	var random [8]byte
	// crypto/rand.Read never fails: it ends the program instead.
	_, _ = rand.Read(random[:])
	for i, b := range random {
		random[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(random[:])
}
