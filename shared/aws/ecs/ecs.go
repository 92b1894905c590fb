// Package ecs runs releases in slots as ECS services on Fargate: it implements fleet.Fleet.
//
// Infra makes the two services, which run nothing at first, and a template task definition
// with everything but the release: roles, logs, secrets, ports. A release is registered in a
// family of its own as a copy of the template with the release's image, by digest.
package ecs

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Places knows where an environment lives.
type Places interface {
	Place(ctx context.Context, scope deploy.Scope) (place.Place, error)
}

// Leases refuses changes under a lease that was lost.
type Leases interface {
	Check(ctx context.Context, scope deploy.Scope, lease deploy.Lease) error
}

// Releases finds the image of a release.
type Releases interface {
	Find(ctx context.Context, service, ref string) (deploy.Release, error)
}

// Targets counts the targets of a slot: ECS knows which tasks run, the load balancer which of
// them answer.
type Targets interface {
	Health(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (traffic.Health, error)
}

// api is the calls that are made.
type api interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	RegisterTaskDefinition(context.Context, *ecs.RegisterTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error)
	UpdateService(context.Context, *ecs.UpdateServiceInput, ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
}

// Ports is what a Fleet asks of others. A function that only scales needs no Releases and no
// Targets.
type Ports struct {
	Places   Places
	Leases   Leases
	Releases Releases
	Targets  Targets
}

// Fleet is the services of all environments. It is safe for concurrent use.
type Fleet struct {
	api   api
	ports Ports
}

var _ fleet.Fleet = Fleet{}

// New is a Fleet. It makes no call.
func New(cfg aws.Config, ports Ports) Fleet { return Fleet{api: ecs.NewFromConfig(cfg), ports: ports} }

// Run makes a slot's service run a workload: with the definition that the workload names, or
// with one made for this deployment, which is found again when it was made before. ECS starts
// the tasks some time after.
func (f Fleet) Run(ctx context.Context, lease deploy.Lease, scope deploy.Scope, order fleet.Order) (string, error) {
	at, err := f.ports.Places.Place(ctx, scope)
	if err != nil {
		return "", err
	}
	definition := order.Workload.Definition
	if definition == "" {
		definition, err = f.define(ctx, lease, scope, at, order)
		if err != nil {
			return "", err
		}
	}
	return definition, f.update(ctx, lease, scope, at, &ecs.UpdateServiceInput{
		Service: aws.String(at.Fleet.Services.Of(order.Slot)), TaskDefinition: aws.String(definition), DesiredCount: count(order.Workload.Count),
	})
}

// Scale sets how many tasks a slot runs. ECS takes tasks out of the target group and lets them
// finish their requests before it stops them.
func (f Fleet) Scale(ctx context.Context, lease deploy.Lease, scope deploy.Scope, slot deploy.Slot, n int) error {
	at, err := f.ports.Places.Place(ctx, scope)
	if err != nil {
		return err
	}
	return f.update(ctx, lease, scope, at, &ecs.UpdateServiceInput{
		Service: aws.String(at.Fleet.Services.Of(slot)), DesiredCount: count(n),
	})
}

// update changes a service, under the lease. The same update again starts nothing new.
func (f Fleet) update(ctx context.Context, lease deploy.Lease, scope deploy.Scope, at place.Place, input *ecs.UpdateServiceInput) error {
	if err := f.ports.Leases.Check(ctx, scope, lease); err != nil {
		return err
	}
	input.Cluster = aws.String(at.Fleet.Cluster)
	_, err := f.api.UpdateService(ctx, input)
	if awserr.Is(err, "ServiceNotActiveException") {
		return fault.New(fault.Invalid, "update service %q: it was deleted; look at fleet.services of %s: %w", aws.ToString(input.Service), at.Parameter, err)
	}
	return awserr.Wrap(err, call(at, fmt.Sprintf("update service %q", aws.ToString(input.Service)), "UpdateService", "fleet.services"))
}

// service describes a slot's service. One that is missing is fault.Invalid.
func (f Fleet) service(ctx context.Context, at place.Place, slot deploy.Slot) (types.Service, error) {
	name := at.Fleet.Services.Of(slot)
	answer, err := f.api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(at.Fleet.Cluster), Services: []string{name}})
	if err != nil {
		return types.Service{}, awserr.Wrap(err, call(at, fmt.Sprintf("describe service %q", name), "DescribeServices", "fleet.cluster"))
	}
	for _, service := range answer.Services {
		if aws.ToString(service.Status) == "ACTIVE" {
			return service, nil
		}
	}
	return types.Service{}, fault.New(fault.Invalid, "describe service %q: cluster %q has no such active service; look at fleet.services.%s of %s", name, at.Fleet.Cluster, slot, at.Parameter)
}

// count is a number of tasks as the API wants it.
func count(n int) *int32 { return aws.Int32(int32(max(0, min(n, 5000)))) } //nolint:gosec // bounded

// call is a call for messages.
func call(at place.Place, doing, action, field string) awserr.Call {
	return awserr.Call{Doing: doing, Action: "ecs:" + action, Setting: field + " of " + at.Parameter}
}
