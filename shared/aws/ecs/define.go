package ecs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/fleet"
)

// Labels of the release's container. They say what a definition runs, and unlike tags they are
// part of it: nobody can change them afterwards.
const (
	labelRelease    = "pilotage.release"
	labelVersion    = "pilotage.version"
	labelDeployment = "pilotage.deployment"
	labelSlot       = "pilotage.slot"
)

// define is the definition of a deployment: the family's newest when that is this deployment's
// own, made by an invocation before, or a new one. Nobody else registers in the family while
// the lock is held, so looking at the newest is enough.
func (f Fleet) define(ctx context.Context, lease deploy.Lease, scope deploy.Scope, at place.Place, order fleet.Order) (string, error) {
	newest, err := f.api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(at.Fleet.Family)})
	if err == nil && made(newest.TaskDefinition, order) {
		return aws.ToString(newest.TaskDefinition.TaskDefinitionArn), nil
	}
	if err != nil && !absent(err) {
		return "", awserr.Wrap(err, call(at, fmt.Sprintf("describe the newest task definition of family %q", at.Fleet.Family), "DescribeTaskDefinition", "fleet.family"))
	}
	image, err := f.image(ctx, scope, order.Workload.Digest)
	if err != nil {
		return "", err
	}
	template, err := f.template(ctx, at)
	if err != nil {
		return "", err
	}
	input, err := copyOf(template, at.Fleet, image, order)
	if err != nil {
		return "", err
	}
	if err := f.ports.Leases.Check(ctx, scope, lease); err != nil {
		return "", err
	}
	answer, err := f.api.RegisterTaskDefinition(ctx, input)
	if err != nil {
		return "", awserr.Wrap(err, call(at, fmt.Sprintf("register a task definition of family %q", at.Fleet.Family), "RegisterTaskDefinition (and iam:PassRole on its two roles)", "fleet.template"))
	}
	return aws.ToString(answer.TaskDefinition.TaskDefinitionArn), nil
}

// absent reports that there is no such task definition: ECS calls that a ClientException, as
// it does a definition that cannot be read.
func absent(err error) bool {
	return awserr.Is(err, "ClientException") && strings.Contains(err.Error(), "Unable to describe task definition")
}

func made(definition *types.TaskDefinition, order fleet.Order) bool {
	labels := labelsOf(definition)
	return labels[labelDeployment] == order.Deployment && labels[labelRelease] == order.Workload.Digest && labels[labelSlot] == string(order.Slot)
}

// labelsOf are the labels of the container that runs a release; none when the definition was
// not made here.
func labelsOf(definition *types.TaskDefinition) map[string]string {
	if definition == nil {
		return nil
	}
	for _, container := range definition.ContainerDefinitions {
		if container.DockerLabels[labelRelease] != "" {
			return container.DockerLabels
		}
	}
	return nil
}

// image is a release's image. One that is not named by its digest could be replaced behind the
// pipeline's back, and is fault.Invalid.
func (f Fleet) image(ctx context.Context, scope deploy.Scope, digest string) (string, error) {
	release, err := f.ports.Releases.Find(ctx, scope.Service, digest)
	if err != nil {
		return "", err
	}
	if !strings.Contains(release.Artefact, "@sha256:") {
		return "", fault.New(fault.Invalid, "run release %s: its artefact %q is not an image with a digest, as name@sha256:…; publish it again", release.Version, release.Artefact)
	}
	return release.Artefact, nil
}

func (f Fleet) template(ctx context.Context, at place.Place) (*types.TaskDefinition, error) {
	answer, err := f.api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(at.Fleet.Template)})
	if err != nil && absent(err) {
		return nil, fault.New(fault.Invalid, "describe the template task definition %q: there is none in this account and region; look at fleet.template of %s: %w", at.Fleet.Template, at.Parameter, err)
	}
	if err != nil {
		return nil, awserr.Wrap(err, call(at, fmt.Sprintf("describe the template task definition %q", at.Fleet.Template), "DescribeTaskDefinition", "fleet.template"))
	}
	return answer.TaskDefinition, nil
}

// copyOf is the template with the release in its place.
func copyOf(t *types.TaskDefinition, at place.Fleet, image string, order fleet.Order) (*ecs.RegisterTaskDefinitionInput, error) {
	cpu, memory, err := size(order.Capacity, t)
	if err != nil {
		return nil, err
	}
	containers := slices.Clone(t.ContainerDefinitions)
	i := slices.IndexFunc(containers, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == at.Container })
	if i < 0 {
		return nil, fault.New(fault.Invalid, "copy task definition %q: it has no container %q; look at fleet.container", at.Template, at.Container)
	}
	containers[i] = install(containers[i], image, order)
	return &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(at.Family), ContainerDefinitions: containers, Cpu: cpu, Memory: memory,
		TaskRoleArn: t.TaskRoleArn, ExecutionRoleArn: t.ExecutionRoleArn, NetworkMode: t.NetworkMode, Volumes: t.Volumes,
		RequiresCompatibilities: t.RequiresCompatibilities, RuntimePlatform: t.RuntimePlatform, EphemeralStorage: t.EphemeralStorage,
		ProxyConfiguration: t.ProxyConfiguration, PidMode: t.PidMode, IpcMode: t.IpcMode, EnableFaultInjection: t.EnableFaultInjection,
		Tags: []types.Tag{
			{Key: aws.String("pilotage:deployment"), Value: aws.String(order.Deployment)},
			{Key: aws.String("pilotage:release"), Value: aws.String(order.Workload.Digest)},
		},
	}, nil
}

// install puts a release into its container. The service is told what the operator configures
// and which slot it is in; it must not be told its version, which is built in.
func install(c types.ContainerDefinition, image string, order fleet.Order) types.ContainerDefinition {
	c.Image = aws.String(image)
	labels := map[string]string{}
	for name, value := range c.DockerLabels {
		labels[name] = value
	}
	labels[labelRelease], labels[labelVersion] = order.Workload.Digest, order.Workload.Version
	labels[labelDeployment], labels[labelSlot] = order.Deployment, string(order.Slot)
	c.DockerLabels = labels
	c.Environment = set(c.Environment, place.VariableSlot, string(order.Slot))
	if order.Capacity.LogLevel != "" {
		c.Environment = set(c.Environment, "LOG_LEVEL", order.Capacity.LogLevel)
	}
	return c
}

// set is an environment with one variable set.
func set(environment []types.KeyValuePair, name, value string) []types.KeyValuePair {
	rest := slices.DeleteFunc(slices.Clone(environment), func(pair types.KeyValuePair) bool { return aws.ToString(pair.Name) == name })
	return append(rest, types.KeyValuePair{Name: aws.String(name), Value: aws.String(value)})
}
