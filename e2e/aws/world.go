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
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pilotage/pilotage/e2e/lab"
	"github.com/pilotage/pilotage/local/functionurl"
	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/releases"
	"github.com/pilotage/pilotage/shared/aws/dynamodb"
	"github.com/pilotage/pilotage/shared/aws/s3"
	"github.com/pilotage/pilotage/shared/aws/session"
	"github.com/pilotage/pilotage/shared/aws/ssm"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/ledger"
)

const service = "running-app"

// timeScale shortens what the emulation's interpreter waits. Functions see the real clock.
const timeScale = 0.5

// world is the emulation, what is deployed into it, and what stands in for its data plane.
type world struct {
	dir   string
	place lab.Place
	lab   *lab.Lab
	host  *host
	proxy string
	// urls are the functions' addresses, by the logical name of the URL.
	urls          map[string]string
	password      string
	subscriptions []subscription
	skipped       map[string]int

	server  *postgres.Server
	catalog *releases.Catalog
	planes  map[string]*plane
	mails   mails

	sdk      aws.Config
	ledger   *ledger.Ledger
	settings ssm.Store
	bucket   s3.Bucket
	archive  string
	deployer string
	backer   string

	closers []func() error
}

type subscription struct {
	topic    any
	filter   any
	endpoint string
}

func (w *world) emulator() wire { return wire{w.lab.URL} }

func (w *world) scope(environment string) deploy.Scope {
	return deploy.Scope{Service: service, Environment: environment, Region: region}
}

func (w *world) onClose(f func() error) { w.closers = append(w.closers, f) }

func (w *world) close() error {
	var problems []error
	for i := len(w.closers) - 1; i >= 0; i-- {
		problems = append(problems, w.closers[i]())
	}
	return errors.Join(problems...)
}

// open builds, starts and deploys everything.
func (w *world) open(ctx context.Context) error {
	w.urls, w.skipped, w.planes, w.password = map[string]string{}, map[string]int{}, map[string]*plane{}, rand.Text()
	if err := w.build(ctx); err != nil {
		return err
	}
	log, err := os.Create(w.logFile())
	if err != nil {
		return err
	}
	w.onClose(log.Close)
	w.host = &host{
		program: filepath.Join(w.dir, "lambda", "bootstrap"), workers: map[string]*worker{}, log: log,
		wire: w.emulator, endpoint: func() string { return w.proxy },
	}
	say("starting the emulation, PostgreSQL and the data plane")
	w.lab, err = lab.Start(ctx, lab.Options{Place: w.place, Function: w.host.invoke, TimeScale: timeScale, Environ: []string{"LAB_LAMBDA_STRICT=1"}})
	if err != nil {
		return err
	}
	w.onClose(func() error { w.host.close(); return w.lab.Close() })
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": w.lab.URL, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	if w.sdk, err = session.Open(ctx, region); err != nil {
		return err
	}
	w.catalog = &releases.Catalog{Service: service, Dir: filepath.Join("examples", "runningapp", "releases"), Root: ".", Out: w.dir}
	if err := w.openDatabases(ctx); err != nil {
		return err
	}
	if err := w.openServers(ctx); err != nil {
		return err
	}
	for name, public := range map[string]string{"staging": "https://staging.running-app.example.com", "production": "https://running-app.example.com"} {
		if err := w.openPlane(ctx, name, public); err != nil {
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

// connect finds what was deployed.
func (w *world) connect(ctx context.Context) error {
	variables, err := w.variables(ctx, "pilotage-Page", "pilotage-Record", "pilotage-Intake", "pilotage-Watchdog")
	if err != nil {
		return err
	}
	w.ledger = &ledger.Ledger{Store: dynamodb.New(w.sdk, variables["PILOTAGE_LEDGER_TABLE"]), Clock: clock.System{}}
	w.settings = ssm.New(w.sdk, variables["PILOTAGE_PARAMETERS"])
	w.archive = variables["PILOTAGE_BUCKET"]
	w.bucket = s3.New(w.sdk, w.archive)
	w.deployer, w.backer = variables["PILOTAGE_DEPLOY_MACHINE_ARN"], variables["PILOTAGE_ROLLBACK_MACHINE_ARN"]
	topics := map[string]string{"Notices": variables["PILOTAGE_NOTICES_TOPIC_ARN"], "Pages": variables["PILOTAGE_PAGES_TOPIC_ARN"]}
	return w.subscribe(ctx, topics)
}

// variables are the environments of deployed functions, put together.
func (w *world) variables(ctx context.Context, names ...string) (map[string]string, error) {
	all := map[string]string{}
	for _, name := range names {
		body, err := w.emulator().call(ctx, http.MethodGet, "/2015-03-31/functions/"+name+"/configuration", "lambda", nil, nil)
		if err != nil {
			return nil, err
		}
		var c configuration
		if err := json.Unmarshal(body, &c); err != nil {
			return nil, err
		}
		for variable, value := range c.Environment.Variables {
			all[variable] = value
		}
	}
	return all, nil
}

// openServers serves the functions' URLs, the mailbox, and the emulation with the data plane's
// truth in it.
func (w *world) openServers(ctx context.Context) error {
	for id, name := range map[string]string{"DecideURL": "pilotage-Decide", "WebhookURL": "pilotage-Webhook"} {
		address, err := w.serve(ctx, &functionurl.Handler{
			Invoke: func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
				return w.host.invoke(ctx, name, event)
			},
			Now: time.Now, NewID: rand.Text,
		})
		if err != nil {
			return err
		}
		w.urls[id] = address
	}
	var err error
	if w.mails.url, err = w.serve(ctx, &w.mails); err != nil {
		return err
	}
	w.proxy, err = w.serve(ctx, w.newProxy())
	return err
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

// secret makes a secret as the template says: CloudFormation in the emulation has none.
func (w *world) secret(ctx context.Context, name string, properties map[string]any) (string, error) {
	value := rand.Text() + rand.Text()
	if made, ok := properties["GenerateSecretString"].(map[string]any); ok && made["SecretStringTemplate"] != nil {
		// The one of a database: its user is the real server's.
		text, _ := json.Marshal(map[string]string{"username": postgres.Superuser, "password": w.password})
		value = string(text)
	}
	var answer struct{ ARN string }
	err := w.emulator().json(ctx, "secretsmanager", "secretsmanager.CreateSecret", map[string]string{
		"Name": name, "SecretString": value, "ClientRequestToken": rand.Text() + rand.Text(),
	}, &answer)
	return answer.ARN, err
}

// mails is the mailbox of everybody: SNS posts notifications to it.
type mails struct {
	url  string
	mu   sync.Mutex
	sent []mail
}

type mail struct{ To, Subject, Message string }

// ServeHTTP takes one notification. The query says whose subscription it came by.
func (m *mails) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var note struct{ Type, Subject, Message string }
	if json.NewDecoder(r.Body).Decode(&note) == nil && note.Message != "" && note.Type == "Notification" {
		m.mu.Lock()
		m.sent = append(m.sent, mail{r.URL.Query().Get("to"), note.Subject, note.Message})
		m.mu.Unlock()
	}
	rw.WriteHeader(http.StatusOK)
}

// subscribe subscribes the mailbox as the template subscribes people, with the same filters.
func (w *world) subscribe(ctx context.Context, topics map[string]string) error {
	for _, s := range w.subscriptions {
		reference, _ := s.topic.(map[string]any)
		arn := topics[fmt.Sprint(reference["Ref"])]
		if arn == "" {
			continue // the alarms' topic: the emulation has no alarms
		}
		values := map[string]string{"TopicArn": arn, "Protocol": "http", "Endpoint": w.mails.url + "/?to=" + s.endpoint}
		if s.filter != nil {
			filter, _ := json.Marshal(s.filter)
			values["Attributes.entry.1.key"], values["Attributes.entry.1.value"] = "FilterPolicy", string(filter)
		}
		if _, err := w.emulator().query(ctx, "sns", "Subscribe", "2010-03-31", values); err != nil {
			return err
		}
	}
	return nil
}
