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
)

// Describe says what a slot's service should run and what it does run. Running counts tasks of
// the newest definition only. Healthy counts those that the load balancer calls healthy, and
// while tasks of an older definition still run it takes them for the healthy ones: it never
// says too much. What runs a definition that was not made here has no Digest, but its
// Definition is given, so that one can go back to it.
func (f Fleet) Describe(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (deploy.SlotState, error) {
	at, err := f.ports.Places.Place(ctx, scope)
	if err != nil {
		return deploy.SlotState{}, err
	}
	service, err := f.service(ctx, at, slot)
	if err != nil {
		return deploy.SlotState{}, err
	}
	workload, err := f.workload(ctx, at, service)
	if err != nil {
		return deploy.SlotState{}, err
	}
	state := deploy.SlotState{Workload: workload}
	if workload == (deploy.Workload{}) && service.RunningCount == 0 {
		return state, nil
	}
	newest, older := split(service)
	state.Running = int(newest.RunningCount)
	health, err := f.ports.Targets.Health(ctx, scope, slot)
	if err != nil {
		return deploy.SlotState{}, err
	}
	state.Healthy = max(0, min(state.Running, health.Healthy-older))
	if state.Count > 0 && !state.Ready() {
		state.Reasons, err = f.reasons(ctx, at, service, newest)
		state.Reasons = append(state.Reasons, health.Reasons...)
	}
	return state, err
}

// split finds the deployment of ECS that brings what is wanted, and counts the tasks of all
// others.
func split(service types.Service) (newest types.Deployment, older int) {
	for _, deployment := range service.Deployments {
		if aws.ToString(deployment.Status) == "PRIMARY" {
			newest = deployment
		} else {
			older += int(deployment.RunningCount)
		}
	}
	return newest, older
}

// workload is what a service should run. A service that has never run a release, and should
// run nothing, has the zero workload.
func (f Fleet) workload(ctx context.Context, at place.Place, service types.Service) (deploy.Workload, error) {
	definition := aws.ToString(service.TaskDefinition)
	answer, err := f.api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(definition)})
	if err != nil {
		return deploy.Workload{}, awserr.Wrap(err, call(at, fmt.Sprintf("describe task definition %q", definition), "DescribeTaskDefinition", "fleet.services"))
	}
	labels := labelsOf(answer.TaskDefinition)
	if labels == nil && service.DesiredCount == 0 {
		return deploy.Workload{}, nil
	}
	return deploy.Workload{
		Digest: labels[labelRelease], Version: labels[labelVersion], Definition: definition, Count: int(service.DesiredCount),
	}, nil
}
