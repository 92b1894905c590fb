// Package world is the cloud on one machine: it puts the router, the slots, PostgreSQL, the
// event bus, the mailbox, the ledger and the state machine engine together and gives them to the
// shipped handlers as their ports.
package world

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/pilotage/pilotage/functions"
	"github.com/pilotage/pilotage/local/asl"
	"github.com/pilotage/pilotage/local/bus"
	"github.com/pilotage/pilotage/local/ledgerstore"
	"github.com/pilotage/pilotage/local/mailbox"
	"github.com/pilotage/pilotage/local/pipelines"
	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/local/sigv4"
	"github.com/pilotage/pilotage/local/slots"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/github"
	"github.com/pilotage/pilotage/shared/ledger"
	"github.com/pilotage/pilotage/shared/schema"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Region is the region of a machine.
const Region = deploy.RegionLocal

// Options say what a world is made of.
type Options struct {
	// Dir holds everything the world writes. It is made when absent.
	Dir string
	// Settings is the configuration of the service.
	Settings Settings
	// Catalog knows its releases.
	Catalog *releases.Catalog
	// Environments are those to build, by name.
	Environments []string
	Postgres     postgres.Binaries
	Clock        clock.Clock
	// Build is how commits are built whose release is not published.
	Build Build
	// Log receives what handlers log.
	Log *slog.Logger
	// Observe is told of each history event and may be nil.
	Observe func(asl.Event)
	// WeightsChanged is told of each accepted change of weights and may be nil.
	WeightsChanged func(deploy.Scope, deploy.Weights)
	// Intercept may stand in front of every handler, to make faults; it may be nil.
	Intercept func(name string, next functions.Handler) functions.Handler
}

// Build is a project of CodeBuild. The zero Build has no buildspec, and so every build fails. What
// builds publish is found when they publish to the shelf of the catalog: they are told where it is,
// in PILOTAGE_CATALOG.
type Build struct {
	// Root is the checkout that is built, Buildspec the file in it.
	Root      string
	Buildspec string
	// Variables are those of the project.
	Variables map[string]string
}

// World is a running world. Close it.
type World struct {
	Ports    functions.World
	Engine   *asl.Engine
	Fleet    *slots.Fleet
	Balancer *Balancer
	Mailbox  *mailbox.Mailbox
	Bus      *bus.Bus
	// Pipelines is CodePipeline. Its executions are registered by who needs them.
	Pipelines *pipelines.Service
	Database  *Database
	// WebhookURL, ApprovalURL and CommandURL are where the entry points listen.
	WebhookURL  string
	ApprovalURL string
	CommandURL  string
	// Keys are people's access keys, by mail address, with which commands are signed.
	Keys map[string]AccessKey
	// WebhookSecret signs pushes.
	WebhookSecret []byte

	options Options
	outbox  outbox
	// signatures knows whose access keys are whose.
	signatures sigv4.Verifier
	closers    []func() error
}

// Scope is the scope of one of the service's environments.
func (w *World) Scope(environment string) deploy.Scope {
	return deploy.Scope{Service: w.options.Settings.Service(), Environment: environment, Region: Region}
}

// Open starts a world and everything in it. When it fails, what was started is stopped again.
func Open(ctx context.Context, options Options) (*World, error) {
	w := &World{options: options, WebhookSecret: []byte(rand.Text())}
	err := w.open(ctx)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) open(ctx context.Context) error {
	if err := os.MkdirAll(w.options.Dir, 0o755); err != nil {
		return fmt.Errorf("make the world's folder: %w", err)
	}
	store, err := ledgerstore.Open(filepath.Join(w.options.Dir, "ledger.db"))
	if err != nil {
		return err
	}
	w.onClose(store.Close)
	book := &ledger.Ledger{Store: store, Clock: w.options.Clock}
	if err := w.openDatabase(ctx, book); err != nil {
		return err
	}
	if err := w.openTraffic(ctx, book); err != nil {
		return err
	}
	if err := w.openEngine(); err != nil {
		return err
	}
	w.Mailbox = &mailbox.Mailbox{Dir: filepath.Join(w.options.Dir, "mail"), From: "pilotage <pilotage@localhost>", Now: w.options.Clock.Now}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for webhooks and approvals: %w", err)
	}
	w.onClose(func() error { _ = listener.Close(); return nil })
	w.ApprovalURL = "http://" + listener.Addr().String()
	w.WebhookURL, w.CommandURL = w.ApprovalURL+"/webhook", w.ApprovalURL+"/command"
	if err := w.identify(); err != nil {
		return err
	}
	w.Pipelines = &pipelines.Service{Clock: w.options.Clock, NewID: shortID, AskAgainAfter: time.Second, Invoke: w.job}
	w.Ports = w.ports(book)
	if err := w.openBus(); err != nil {
		return err
	}
	w.serve(listener)
	return nil
}

func (w *World) ports(book *ledger.Ledger) functions.World {
	return functions.World{
		Clock: w.options.Clock, NewID: shortID, Ledger: book, Settings: w.options.Settings, Catalog: w.options.Catalog,
		Balancer: w.Balancer, Fleet: w.Fleet, Backups: w.Database, Signals: w.Balancer,
		Caller: traffic.HTTPCaller{Client: traffic.NewHTTPClient(), URL: w.Balancer.url},
		Schema: schema.Schema{Connections: w.Database, Migrations: w.options.Catalog, Leases: book},
		Sender: sender{w}, Archive: Archive{Dir: filepath.Join(w.options.Dir, "archive")},
		Bus: events{w}, Secrets: w, Tokens: tokens{w.Engine}, Executions: executions{w.Engine},
		Pipelines: w.Pipelines, Jobs: w.Pipelines, GitHub: github.Access{Tokens: github.NoToken{}},
		ApprovalURL: w.ApprovalURL, ApprovalSecret: []byte(rand.Text() + rand.Text()), Log: w.options.Log,
	}
}

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

func (w *World) onClose(f func() error) { w.closers = append(w.closers, f) }

// Close stops everything in the reverse order of its start. Repeating it is safe.
func (w *World) Close() error {
	var problems []error
	for i := len(w.closers) - 1; i >= 0; i-- {
		problems = append(problems, w.closers[i]())
	}
	w.closers = nil
	return errors.Join(problems...)
}

// WebhookSecrets is the one secret of this world.
func (w *World) WebhookSecrets(context.Context) ([][]byte, error) {
	return [][]byte{w.WebhookSecret}, nil
}

// handle finds the handler of a function. Faults stand before it.
func (w *World) handle(ctx context.Context, name string, payload json.RawMessage) (json.RawMessage, error) {
	handler, known := functions.Table(w.Ports)[name]
	if !known {
		return nil, fmt.Errorf("there is no function %q", name)
	}
	if w.options.Intercept != nil {
		handler = w.options.Intercept(name, handler)
	}
	result, err := handler(ctx, payload)
	if err != nil {
		w.options.Log.Info("function failed", "function", name, "error", err)
	}
	return result, err
}

// job invokes a function for an action of CodePipeline.
func (w *World) job(ctx context.Context, function string, payload json.RawMessage) error {
	_, err := w.handle(ctx, function, payload)
	return err
}

func (w *World) serve(listener net.Listener) {
	server := &http.Server{Handler: w.entries(), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Serve always returns an error; after Close it is http.ErrServerClosed.
		_ = server.Serve(listener)
	}()
	w.onClose(func() error {
		err := server.Close()
		<-done
		return err
	})
}
