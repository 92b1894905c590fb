package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/pilotage/pilotage/local/postgres"
	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/local/slots"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fleet"
	"github.com/pilotage/pilotage/shared/traffic"
)

// plane is the data plane of one environment: what the emulation's load balancer and services
// would do if they were real. It reads the emulation and obeys; it is never told by functions.
type plane struct {
	name   string
	scope  deploy.Scope
	public string // the address in pilotage.yaml
	router *router.Router
	fleet  *slots.Fleet
	place  place.Place
	dsn    string

	mu          sync.Mutex
	applied     map[deploy.Slot]wanted
	environment []string
	maintenance bool
	weights     deploy.Weights
	problem     error
}

type wanted struct {
	definition, digest string
	count              int
}

// free lets every change pass: the product's own adapters ask for the lease.
type free struct{}

func (free) Check(context.Context, deploy.Scope, deploy.Lease) error { return nil }

func (w *world) openDatabases(ctx context.Context) error {
	binaries, err := postgres.Find("")
	if err != nil {
		return err
	}
	dir, err := postgres.TempDir("pilotage-e2e-aws-", "")
	if err != nil {
		return err
	}
	w.server, err = postgres.OpenServer(ctx, postgres.ServerConfig{Binaries: binaries, Dir: dir, Password: w.password, Durability: postgres.Volatile, Clock: clock.System{}})
	if err != nil {
		return err
	}
	w.onClose(w.server.Destroy)
	return nil
}

func (w *world) openPlane(ctx context.Context, name, public string) error {
	p := &plane{name: name, scope: w.scope(name), public: public, applied: map[deploy.Slot]wanted{}}
	if err := w.server.CreateInstance(ctx, service+"-"+name, 0); err != nil {
		return err
	}
	p.router = router.New(router.Config{Address: "127.0.0.1:0", CloseWithin: time.Second})
	for i, slot := range deploy.Slots() {
		err := errors.Join(
			p.router.CreateTargetGroup(router.TargetGroup{Name: string(slot), DeregistrationDelay: 5 * time.Second, HealthCheck: router.HealthCheck{
				Path: "/health/readiness", Interval: 250 * time.Millisecond, HealthyThreshold: 2, UnhealthyThreshold: 2,
			}}),
			p.router.CreateRule(router.Rule{
				ID: "slot-" + string(slot), Priority: 10 + i, Conditions: []router.Condition{router.Header(traffic.HeaderSlot, string(slot))},
				Action: router.Forward(router.WeightedGroup{Group: string(slot), Weight: 1}),
			}),
		)
		if err != nil {
			return err
		}
	}
	p.weights = deploy.Split(deploy.Blue, 100)
	if err := p.router.ModifyRule(router.DefaultRule, router.Change{Action: forward(p.weights)}); err != nil {
		return err
	}
	if err := p.router.Start(ctx); err != nil {
		return err
	}
	w.onClose(p.router.Close)
	p.fleet = &slots.Fleet{Leases: free{}, Artefacts: w.catalog, Clock: clock.System{}, Places: map[deploy.Scope]slots.Place{p.scope: {
		Router: p.router, Environment: func() ([]string, error) { return p.environment, nil },
	}}}
	w.onClose(func() error { p.fleet.Close(); return nil })
	w.planes[name] = p
	return nil
}

func forward(weights deploy.Weights) router.Action {
	return router.Forward(router.WeightedGroup{Group: "blue", Weight: int(weights.Blue)}, router.WeightedGroup{Group: "green", Weight: int(weights.Green)})
}

// follow amends the environment's place, where the emulation's addresses lead nowhere, and
// begins to follow the emulation.
func (w *world) follow(ctx context.Context, p *plane) error {
	endpoint, err := w.server.Endpoint(service + "-" + p.name)
	if err != nil {
		return err
	}
	port, err := w.secure(ctx, endpoint)
	if err != nil {
		return err
	}
	p.dsn = endpoint.DSN("")
	if p.place, err = w.settings.Place(ctx, p.scope); err != nil {
		return err
	}
	amended := p.place
	amended.Database.Host, amended.Database.Port, amended.Database.Name = "127.0.0.1", port, "postgres"
	amended.Metrics = place.Metrics{Source: place.SourceApplication, Namespace: "running-app"}
	text, err := json.Marshal(amended)
	if err != nil {
		return err
	}
	err = w.emulator().json(ctx, "ssm", "AmazonSSM.PutParameter", map[string]any{"Name": p.place.Parameter, "Value": string(text), "Type": "String", "Overwrite": true}, nil)
	if err != nil {
		return err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { w.mirror(life, p) })
	done.Go(func() { w.meter(life, p) })
	w.onClose(func() error { cancel(); done.Wait(); return nil })
	return nil
}

// mirror brings the data plane to what the emulation says, again and again.
func (w *world) mirror(ctx context.Context, p *plane) {
	tasks, balancer := ecs.NewFromConfig(w.sdk), elbv2.NewFromConfig(w.sdk)
	for ctx.Err() == nil {
		err := errors.Join(p.services(ctx, tasks, w), p.rules(ctx, balancer))
		p.mu.Lock()
		if err != nil && ctx.Err() == nil {
			p.problem = err
		}
		p.mu.Unlock()
		_ = clock.System{}.Wait(ctx, 150*time.Millisecond) // ends with ctx
	}
}

func (p *plane) services(ctx context.Context, api *ecs.Client, w *world) error {
	for _, slot := range deploy.Slots() {
		answer, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(p.place.Fleet.Cluster), Services: []string{p.place.Fleet.Services.Of(slot)}})
		if err != nil {
			return err
		}
		for _, s := range answer.Services {
			if err := p.apply(ctx, api, w, slot, aws.ToString(s.TaskDefinition), int(s.DesiredCount)); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply runs what a service wants. A definition without a release runs nothing.
func (p *plane) apply(ctx context.Context, api *ecs.Client, w *world, slot deploy.Slot, definition string, count int) error {
	p.mu.Lock()
	before := p.applied[slot]
	p.mu.Unlock()
	if before.definition == definition && before.count == count {
		return nil
	}
	now := wanted{definition: definition, count: count, digest: before.digest}
	if before.definition != definition {
		answer, err := api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(definition)})
		if err != nil {
			return err
		}
		c := answer.TaskDefinition.ContainerDefinitions[0]
		now.digest = c.DockerLabels["pilotage.release"]
		environment := []string{"INSTANCE_ID=" + string(slot)}
		for _, pair := range c.Environment {
			if aws.ToString(pair.Name) != "ADDRESS" {
				environment = append(environment, aws.ToString(pair.Name)+"="+aws.ToString(pair.Value))
			}
		}
		for _, s := range c.Secrets {
			value := p.dsn // the only one whose value CloudFormation would have put together
			if aws.ToString(s.Name) != "DATABASE_URL" {
				var secret struct{ SecretString string }
				if err := w.emulator().json(ctx, "secretsmanager", "secretsmanager.GetSecretValue", map[string]string{"SecretId": aws.ToString(s.ValueFrom)}, &secret); err != nil {
					return err
				}
				value = secret.SecretString
			}
			environment = append(environment, aws.ToString(s.Name)+"="+value)
		}
		p.environment = environment
	}
	var err error
	switch {
	case now.digest == "":
	case now.digest == before.digest && before.definition != "":
		err = p.fleet.Scale(ctx, deploy.Lease{}, p.scope, slot, count)
	default:
		_, err = p.fleet.Run(ctx, deploy.Lease{}, p.scope, fleet.Order{Slot: slot, Deployment: definition, Workload: deploy.Workload{Digest: now.digest, Count: count}})
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.applied[slot] = now
	p.mu.Unlock()
	return nil
}

// rules gives the router the weights of the users' rule and the maintenance page.
func (p *plane) rules(ctx context.Context, api *elbv2.Client) error {
	answer, err := api.DescribeRules(ctx, &elbv2.DescribeRulesInput{ListenerArn: aws.String(p.place.Traffic.ListenerArn)})
	if err != nil {
		return err
	}
	var weights deploy.Weights
	shown := false
	for _, rule := range answer.Rules {
		if aws.ToString(rule.Priority) == strconv.Itoa(p.place.Traffic.MaintenancePriority) {
			shown = true
		}
		if aws.ToString(rule.RuleArn) != p.place.Traffic.UsersRuleArn {
			continue
		}
		for _, group := range rule.Actions[0].ForwardConfig.TargetGroups {
			weight := deploy.Weight(aws.ToInt32(group.Weight))
			if aws.ToString(group.TargetGroupArn) == p.place.Traffic.TargetGroupArns.Blue {
				weights.Blue = weight
			} else {
				weights.Green = weight
			}
		}
	}
	if weights != p.weights {
		if err := p.router.ModifyRule(router.DefaultRule, router.Change{Action: forward(weights)}); err != nil {
			return err
		}
		p.weights = weights
	}
	if shown != p.maintenance {
		p.maintenance = shown
		if !shown {
			return p.router.DeleteRule("maintenance")
		}
		return p.router.CreateRule(router.Rule{ID: "maintenance", Priority: 20, Conditions: []router.Condition{router.Path("/*")}, Action: router.Respond(503, "text/html", "Back soon")})
	}
	return nil
}

// meter puts the router's counters into CloudWatch, as the service's own embedded metrics would
// come: every ten seconds, zeros included.
func (w *world) meter(ctx context.Context, p *plane) {
	api := cloudwatch.NewFromConfig(w.sdk)
	const span = 10 * time.Second
	next := time.Now().UTC().Truncate(span)
	for ctx.Err() == nil {
		if time.Since(next) > span+time.Second {
			var values []cwtypes.MetricDatum
			for _, slot := range deploy.Slots() {
				var requests, failed float64
				for _, second := range p.router.Counts(string(slot), next, next.Add(span)) {
					requests += float64(second.Requests)
					failed += float64(second.Failed())
				}
				dimensions := []cwtypes.Dimension{
					{Name: aws.String("Service"), Value: aws.String(service)}, {Name: aws.String("Environment"), Value: aws.String(p.name)}, {Name: aws.String("Slot"), Value: aws.String(string(slot))},
				}
				values = append(values,
					cwtypes.MetricDatum{MetricName: aws.String("Requests"), Dimensions: dimensions, Timestamp: aws.Time(next), Value: aws.Float64(requests), StorageResolution: aws.Int32(1)},
					cwtypes.MetricDatum{MetricName: aws.String("Errors"), Dimensions: dimensions, Timestamp: aws.Time(next), Value: aws.Float64(failed), StorageResolution: aws.Int32(1)})
			}
			_, err := api.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("running-app"), MetricData: values})
			p.mu.Lock()
			if err != nil && ctx.Err() == nil {
				p.problem = err
			}
			p.mu.Unlock()
			next = next.Add(span)
			continue
		}
		_ = clock.System{}.Wait(ctx, 300*time.Millisecond) // ends with ctx
	}
}

// secure puts TLS before PostgreSQL, which the product asks of RDS and the embedded server does
// not have.
func (w *world) secure(ctx context.Context, to postgres.Endpoint) (int, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return 0, err
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "postgres"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		return 0, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	w.onClose(listener.Close)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go splice(client, config, net.JoinHostPort(to.Host, strconv.Itoa(to.Port)))
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// splice answers an SSLRequest (PostgreSQL manual, "Message Flow: SSL Session Encryption") and
// passes on what comes after.
func splice(client net.Conn, config *tls.Config, address string) {
	defer client.Close() //nolint:errcheck // nothing can be done
	var request [8]byte
	if _, err := io.ReadFull(client, request[:]); err != nil {
		return
	}
	if _, err := client.Write([]byte("S")); err != nil {
		return
	}
	secured := tls.Server(client, config)
	server, err := net.Dial("tcp", address) //nolint:noctx // ends with the client
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // nothing can be done
	go func() {
		_, _ = io.Copy(server, secured) // ends with either
		_ = server.Close()
	}()
	_, _ = io.Copy(secured, server) // ends with either
}

var errPlane = fmt.Errorf("the data plane failed")
