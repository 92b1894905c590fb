package ecs

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
	"github.com/pilotage/pilotage/shared/traffic"
)

// fake is a cluster with one service, whose definitions are kept by ARN and by family.
type fake struct {
	service     types.Service
	definitions map[string]*types.TaskDefinition
	stopped     []types.Task
	log         []string
	fail        map[string]error
}

func (f *fake) DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	return &ecs.DescribeServicesOutput{Services: []types.Service{f.service}}, f.fail["DescribeServices"]
}

func (f *fake) DescribeTaskDefinition(_ context.Context, input *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	if definition := f.definitions[*input.TaskDefinition]; definition != nil {
		return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: definition}, nil
	}
	return nil, &smithy.GenericAPIError{Code: "ClientException", Message: "Unable to describe task definition."}
}

func (f *fake) RegisterTaskDefinition(_ context.Context, input *ecs.RegisterTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error) {
	f.log = append(f.log, "RegisterTaskDefinition")
	made := &types.TaskDefinition{
		TaskDefinitionArn: aws.String("arn:" + *input.Family + ":1"), ContainerDefinitions: input.ContainerDefinitions,
		Cpu: input.Cpu, Memory: input.Memory, TaskRoleArn: input.TaskRoleArn,
	}
	f.definitions[*input.Family], f.definitions[*made.TaskDefinitionArn] = made, made
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: made}, f.fail["RegisterTaskDefinition"]
}

func (f *fake) UpdateService(_ context.Context, input *ecs.UpdateServiceInput, _ ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error) {
	f.log = append(f.log, "UpdateService")
	f.service.DesiredCount = *input.DesiredCount
	if input.TaskDefinition != nil {
		f.service.TaskDefinition = input.TaskDefinition
	}
	return &ecs.UpdateServiceOutput{}, f.fail["UpdateService"]
}

func (f *fake) ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	var arns []string
	for _, task := range f.stopped {
		arns = append(arns, aws.ToString(task.TaskArn))
	}
	return &ecs.ListTasksOutput{TaskArns: arns}, f.fail["ListTasks"]
}

func (f *fake) DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	return &ecs.DescribeTasksOutput{Tasks: f.stopped}, nil
}

type at place.Place

func (a at) Place(context.Context, deploy.Scope) (place.Place, error) { return place.Place(a), nil }

type leases struct{ err error }

func (l leases) Check(context.Context, deploy.Scope, deploy.Lease) error { return l.err }

type releases string

func (r releases) Find(_ context.Context, _, ref string) (deploy.Release, error) {
	return deploy.Release{Digest: ref, Version: "1.2.0", Artefact: string(r)}, nil
}

type targets traffic.Health

func (h targets) Health(context.Context, deploy.Scope, deploy.Slot) (traffic.Health, error) {
	return traffic.Health(h), nil
}

const (
	digest = "sha256:aaaa"
	image  = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:bbbb"
)

func somewhere() at {
	return at{Parameter: "/pilotage/shop/staging/place", Fleet: place.Fleet{
		Cluster: "cluster", Services: place.Slots{Blue: "shop-blue", Green: "shop-green"}, Family: "shop", Template: "template", Container: "app",
	}}
}

func cluster() *fake {
	template := &types.TaskDefinition{
		TaskDefinitionArn: aws.String("template:7"), TaskRoleArn: aws.String("role"), Cpu: aws.String("256"), Memory: aws.String("512"),
		ContainerDefinitions: []types.ContainerDefinition{
			{Name: aws.String("sidecar"), Image: aws.String("sidecar:1")},
			{Name: aws.String("app"), Image: aws.String("placeholder"), Environment: []types.KeyValuePair{{Name: aws.String("LOG_LEVEL"), Value: aws.String("info")}}},
		},
	}
	return &fake{
		service:     types.Service{Status: aws.String("ACTIVE"), ServiceName: aws.String("shop-green"), TaskDefinition: aws.String("template:7")},
		definitions: map[string]*types.TaskDefinition{"template": template, "template:7": template}, fail: map[string]error{},
	}
}

func fleetOf(f *fake, health traffic.Health) Fleet {
	return Fleet{api: f, ports: Ports{Places: somewhere(), Leases: leases{}, Releases: releases(image), Targets: targets(health)}}
}

func scope() deploy.Scope {
	return deploy.Scope{Service: "shop", Environment: "staging", Region: "us-east-1"}
}

func order() fleet.Order {
	return fleet.Order{
		Slot: deploy.Green, Workload: deploy.Workload{Digest: digest, Version: "1.2.0", Count: 2}, Deployment: "d1",
		Capacity: deploy.Capacity{CPU: 1000, Memory: 2048, LogLevel: "debug"},
	}
}

func TestRunCopiesTheTemplateOnce(t *testing.T) {
	f := cluster()
	first, err := fleetOf(f, traffic.Health{}).Run(t.Context(), deploy.Lease{}, scope(), order())
	if err != nil {
		t.Fatal(err)
	}
	again, err := fleetOf(f, traffic.Health{}).Run(t.Context(), deploy.Lease{}, scope(), order())
	if err != nil || again != first || first != "arn:shop:1" {
		t.Errorf("got %q, then %q and error %v", first, again, err)
	}
	if want := []string{"RegisterTaskDefinition", "UpdateService", "UpdateService"}; !slices.Equal(f.log, want) {
		t.Errorf("got calls %q, want %q", f.log, want)
	}
	made := f.definitions["shop"]
	app := made.ContainerDefinitions[1]
	if *app.Image != image || *made.Cpu != "1024" || *made.Memory != "2048" || *made.TaskRoleArn != "role" || *made.ContainerDefinitions[0].Image != "sidecar:1" {
		t.Errorf("got definition %+v", made)
	}
	got := map[string]string{}
	for _, pair := range app.Environment {
		got[*pair.Name] = *pair.Value
	}
	if len(got) != 2 || got["LOG_LEVEL"] != "debug" || got["PILOTAGE_SLOT"] != "green" {
		t.Errorf("got environment %v", got)
	}
	// Another deployment of the same release is another definition.
	other := order()
	other.Deployment = "d2"
	if _, err := fleetOf(f, traffic.Health{}).Run(t.Context(), deploy.Lease{}, scope(), other); err != nil || f.log[3] != "RegisterTaskDefinition" {
		t.Errorf("got calls %q and error %v", f.log, err)
	}
}

func TestRunTakesTheDefinitionThatIsNamed(t *testing.T) {
	f, back := cluster(), order()
	back.Workload.Definition = "arn:shop:1"
	got, err := fleetOf(f, traffic.Health{}).Run(t.Context(), deploy.Lease{}, scope(), back)
	if err != nil || got != "arn:shop:1" || !slices.Equal(f.log, []string{"UpdateService"}) {
		t.Errorf("got %q, calls %q and error %v", got, f.log, err)
	}
}

func TestRunRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(f *fake, l *Fleet, o *fleet.Order)
		class fault.Class
		says  string
	}{
		"a lost lease":    {func(_ *fake, l *Fleet, _ *fleet.Order) { l.ports.Leases = leases{fault.New(fault.LeaseLost, "lost")} }, fault.LeaseLost, "lost"},
		"an image by tag": {func(_ *fake, l *Fleet, _ *fleet.Order) { l.ports.Releases = releases("shop:1.2.0") }, fault.Invalid, "image with a digest"},
		"no template":     {func(f *fake, _ *Fleet, _ *fleet.Order) { delete(f.definitions, "template") }, fault.Invalid, "fleet.template of /pilotage"},
		"no container":    {func(f *fake, _ *Fleet, _ *fleet.Order) { f.definitions["template"].ContainerDefinitions = nil }, fault.Invalid, "fleet.container"},
		"too large":       {func(_ *fake, _ *Fleet, o *fleet.Order) { o.Capacity.CPU = 17000 }, fault.Invalid, "capacity"},
		"no service": {func(f *fake, _ *Fleet, _ *fleet.Order) {
			f.fail["UpdateService"] = &smithy.GenericAPIError{Code: "ServiceNotFoundException"}
		}, fault.Invalid, "fleet.services"},
		"throttling": {func(f *fake, _ *Fleet, _ *fleet.Order) {
			f.fail["UpdateService"] = &smithy.GenericAPIError{Code: "ThrottlingException"}
		}, fault.Transient, ""},
		"no right to register": {func(f *fake, _ *Fleet, _ *fleet.Order) {
			f.fail["RegisterTaskDefinition"] = &smithy.GenericAPIError{Code: "AccessDeniedException"}
		}, fault.Invalid, "iam:PassRole"},
	} {
		f, o := cluster(), order()
		l := fleetOf(f, traffic.Health{})
		test.spoil(f, &l, &o)
		_, err := l.Run(t.Context(), deploy.Lease{}, scope(), o)
		if !fault.Is(err, test.class) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got error %v, want one of class %s that says %q", name, err, test.class, test.says)
		}
		if test.class == fault.LeaseLost && len(f.log) > 0 {
			t.Errorf("%s: got calls %q", name, f.log)
		}
	}
}

func TestSizeIsTheSmallestThatFits(t *testing.T) {
	for _, test := range []struct {
		cpu, memory int
		want        string
	}{
		{0, 0, "256 512"},
		{100, 128, "256 512"},
		{250, 1024, "256 1024"},
		{250, 2049, "512 3072"},
		{1000, 2048, "1024 2048"},
		{1001, 2048, "2048 4096"},
		{2000, 4096, "2048 4096"},
		{4000, 30720, "4096 30720"},
		{4000, 30721, "8192 32768"},
		{16000, 122880, "16384 122880"},
	} {
		cpu, memory, err := size(deploy.Capacity{CPU: test.cpu, Memory: test.memory}, cluster().definitions["template"])
		if err != nil || *cpu+" "+*memory != test.want {
			t.Errorf("%d and %d: got %s %s and error %v, want %s", test.cpu, test.memory, aws.ToString(cpu), aws.ToString(memory), err, test.want)
		}
	}
}

func TestDescribeASlotThatWasNeverUsed(t *testing.T) {
	got, err := fleetOf(cluster(), traffic.Health{}).Describe(t.Context(), scope(), deploy.Green)
	if err != nil || got.Workload != (deploy.Workload{}) || got.Running != 0 || got.Ready() {
		t.Errorf("got %+v and error %v, want the zero state", got, err)
	}
}

// running is a cluster in which Run was called and ECS has got so far.
func running(t *testing.T, newest, older int32) *fake {
	t.Helper()
	f := cluster()
	if _, err := fleetOf(f, traffic.Health{}).Run(t.Context(), deploy.Lease{}, scope(), order()); err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	f.service.RunningCount = newest + older
	f.service.Deployments = []types.Deployment{
		{Status: aws.String("PRIMARY"), RunningCount: newest, CreatedAt: &began, TaskDefinition: aws.String("arn:shop:1")},
		{Status: aws.String("ACTIVE"), RunningCount: older},
	}
	return f
}

func TestDescribeNeverSaysTooMuch(t *testing.T) {
	for _, test := range []struct {
		newest, older int32
		healthy       int
		want          int
		ready         bool
	}{
		{2, 0, 2, 2, true},
		{2, 0, 1, 1, false},
		{1, 0, 1, 1, false},
		// The healthy ones may be those of the old definition.
		{2, 2, 2, 0, false},
		{2, 2, 3, 1, false},
		{2, 1, 3, 2, true},
	} {
		got, err := fleetOf(running(t, test.newest, test.older), traffic.Health{Healthy: test.healthy}).Describe(t.Context(), scope(), deploy.Green)
		if err != nil || got.Healthy != test.want || got.Ready() != test.ready || got.Digest != digest || got.Version != "1.2.0" || got.Definition != "arn:shop:1" {
			t.Errorf("%+v: got %+v and error %v", test, got, err)
		}
	}
}

func TestDescribeSaysWhyTasksAreMissing(t *testing.T) {
	f := running(t, 0, 0)
	began := *f.service.Deployments[0].CreatedAt
	event := func(after time.Duration, text string) types.ServiceEvent {
		when := began.Add(after)
		return types.ServiceEvent{CreatedAt: &when, Message: aws.String(text)}
	}
	f.service.Events = []types.ServiceEvent{
		event(3*time.Minute, "(service shop-green) is unable to consistently start tasks successfully."),
		event(2*time.Minute, "(service shop-green) has started 2 tasks."),
		event(time.Minute, "(service shop-green) was unable to place a task."),
		event(-time.Hour, "(service shop-green) failed long ago."),
	}
	end := func(minute int) *time.Time { at := began.Add(time.Duration(minute) * time.Minute); return &at }
	f.stopped = []types.Task{
		{TaskArn: aws.String("b"), TaskDefinitionArn: aws.String("arn:shop:1"), StoppedAt: end(2), StoppedReason: aws.String("Essential container in task exited"), Containers: []types.Container{{Name: aws.String("app"), ExitCode: aws.Int32(2)}}},
		{TaskArn: aws.String("a"), TaskDefinitionArn: aws.String("arn:shop:1"), StoppedAt: end(1), StoppedReason: aws.String("Task failed to start"), Containers: []types.Container{{Name: aws.String("app"), Reason: aws.String("CannotPullContainerError: not found")}}},
		{TaskArn: aws.String("c"), TaskDefinitionArn: aws.String("template:7"), StoppedAt: end(3), StoppedReason: aws.String("another definition's")},
	}
	got, err := fleetOf(f, traffic.Health{Reasons: []string{"10.0.0.7 is unhealthy"}}).Describe(t.Context(), scope(), deploy.Green)
	want := []string{
		"(service shop-green) was unable to place a task.",
		"(service shop-green) is unable to consistently start tasks successfully.",
		"task stopped: Task failed to start (app: CannotPullContainerError: not found)",
		"task stopped: Essential container in task exited (app: exit status 2)",
		"10.0.0.7 is unhealthy",
	}
	if err != nil || !slices.Equal(got.Reasons, want) {
		t.Errorf("got error %v and reasons\n%s\nwant\n%s", err, strings.Join(got.Reasons, "\n"), strings.Join(want, "\n"))
	}
}

func TestDescribeRefusesAMissingService(t *testing.T) {
	f := cluster()
	f.service.Status = aws.String("INACTIVE")
	_, err := fleetOf(f, traffic.Health{}).Describe(t.Context(), scope(), deploy.Green)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "fleet.services.green of /pilotage/shop/staging/place") {
		t.Errorf("got error %v", err)
	}
}
