package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pilotage/pilotage/e2e/assembly"
	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/e2e/runtimeapi"
	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/shared/aws/dynamodb"
	"github.com/pilotage/pilotage/shared/aws/s3"
	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/aws/ssm"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

const service = "running-app"

// world is the emulation, what is deployed into it, and what stands in for its data plane.
type world struct {
	dir       string
	installed lab.Place
	began     time.Time

	lab      *lab.Lab
	host     *runtimeapi.Host
	identity identity
	// proxy is the emulation with the data plane's truth in it, mailbox where SNS posts mails.
	proxy   string
	mailbox string
	mails   mails
	stages  stages
	calls   calls
	// answer may stand in for a function; it may be nil.
	answer func(payload json.RawMessage) (json.RawMessage, bool)
	// urls are the functions' addresses, by the functions' names.
	urls          map[string]string
	password      string
	subscriptions []assembly.Subscription
	leftOut       map[string]int

	server *postgres.Server
	images *images
	planes map[string]*plane

	// sdk calls the emulation itself: what is looked at there is not the data plane's word.
	sdk       aws.Config
	ledger    *ledger.Ledger
	settings  ssm.Store
	bucket    s3.Bucket
	variables map[string]string

	closers []func() error
}

func (w *world) emulator() wire { return wire{w.lab.URL} }

func (w *world) scope(environment string) deploy.Scope {
	return deploy.Scope{Service: service, Environment: environment, Region: region}
}

func (w *world) onClose(f func() error) { w.closers = append(w.closers, f) }

// close stops everything in the reverse order of its start.
func (w *world) close() error {
	var problems []error
	for i := len(w.closers) - 1; i >= 0; i-- {
		problems = append(problems, w.closers[i]())
	}
	return errors.Join(problems...)
}

// addresses are those of the environments in pilotage.yaml.
func addresses() map[string]string {
	return map[string]string{"staging": "https://staging.running-app.example.com", "production": "https://running-app.example.com"}
}

// open builds, starts and deploys everything.
func (w *world) open(ctx context.Context) error {
	w.urls, w.leftOut, w.planes, w.password = map[string]string{}, map[string]int{}, map[string]*plane{}, rand.Text()
	if err := w.build(ctx); err != nil {
		return err
	}
	say("starting the emulation, PostgreSQL and the data plane")
	for _, step := range []func(context.Context) error{w.openLab, w.openDatabases, w.openServers, w.openPlanes} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := w.deploy(ctx, "Pipeline", "pilotage"); err != nil {
		return err
	}
	for name := range w.planes {
		if err := w.deploy(ctx, name, "pilotage-"+service+"-"+name); err != nil {
			return err
		}
	}
	if err := w.connect(ctx); err != nil {
		return err
	}
	for _, p := range w.planes {
		if err := w.follow(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// openLab starts the emulation, and has it call the functions' processes.
func (w *world) openLab(ctx context.Context) error {
	log, err := os.Create(filepath.Join(w.dir, "functions.log"))
	if err != nil {
		return err
	}
	w.onClose(log.Close)
	if w.identity, err = newIdentity(); err != nil {
		return err
	}
	w.host = &runtimeapi.Host{Program: w.program(), Configuration: w.configuration, Log: log}
	w.lab, err = lab.Start(ctx, lab.Options{Place: w.installed, Function: w.invoke, Environ: []string{"LAB_LAMBDA_STRICT=1"}})
	if err != nil {
		return err
	}
	w.onClose(func() error {
		w.host.Close()
		text := []byte(w.lab.Log())
		return errors.Join(w.lab.Close(), os.WriteFile(filepath.Join(w.dir, "emulation.log"), text, 0o600))
	})
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": w.lab.URL, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	w.sdk, err = session.Open(ctx, region)
	return err
}

func (w *world) openDatabases(ctx context.Context) error {
	binaries, err := postgres.Find("")
	if err != nil {
		return err
	}
	dir, err := postgres.TempDir("pilotage-e2e-aws-", "")
	if err != nil {
		return err
	}
	w.server, err = postgres.OpenServer(ctx, postgres.ServerConfig{
		Binaries: binaries, Dir: dir, Password: w.password, Durability: postgres.Volatile, Clock: clock.System{},
	})
	if err != nil {
		return err
	}
	w.onClose(w.server.Destroy)
	return nil
}

// openServers serves the mailbox, and the emulation with the data plane's truth in it.
func (w *world) openServers(ctx context.Context) error {
	var err error
	if w.mailbox, err = w.serve(ctx, &w.mails); err != nil {
		return err
	}
	if w.proxy, err = w.serve(ctx, w.newProxy()); err != nil {
		return err
	}
	w.host.Environ = []string{
		"AWS_ENDPOINT_URL=" + w.proxy, "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
	}
	return nil
}

// connect finds what was deployed.
func (w *world) connect(ctx context.Context) error {
	w.variables = map[string]string{}
	for _, name := range []string{"Page", "Record", "Intake", "Watchdog", "Webhook"} {
		c, err := w.configuration(ctx, "pilotage-"+name)
		if err != nil {
			return err
		}
		for variable, value := range c.Variables {
			w.variables[variable] = value
		}
	}
	w.ledger = &ledger.Ledger{Store: dynamodb.New(w.sdk, w.variables["PILOTAGE_LEDGER_TABLE"]), Clock: clock.System{}}
	w.settings = ssm.New(w.sdk, w.variables["PILOTAGE_PARAMETERS"])
	w.bucket = s3.New(w.sdk, w.variables["PILOTAGE_BUCKET"])
	return w.subscribe(ctx, map[string]string{"Notices": w.variables["PILOTAGE_NOTICES_TOPIC_ARN"], "Pages": w.variables["PILOTAGE_PAGES_TOPIC_ARN"]})
}

// serve serves on a free port of the loopback interface.
func (w *world) serve(ctx context.Context, handler http.Handler) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	w.onClose(server.Close)
	return "http://" + listener.Addr().String(), nil
}
