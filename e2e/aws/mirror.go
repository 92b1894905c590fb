package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/pilotage/pilotage/local/router"
	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fleet"
)

// lookEvery is how often a plane looks at the emulation when nobody wakes it.
const lookEvery = 5 * time.Second

// mirror brings the data plane to what the emulation says, again and again.
func (w *world) mirror(ctx context.Context, p *plane) {
	tasks, balancer := ecs.NewFromConfig(w.sdk), elbv2.NewFromConfig(w.sdk)
	for ctx.Err() == nil {
		p.fail(ctx, errors.Join(p.services(ctx, tasks, w), p.rules(ctx, balancer)))
		waited, cancel := context.WithTimeout(ctx, lookEvery)
		select {
		case <-p.woken:
		case <-waited.Done():
		}
		cancel()
	}
}

func (p *plane) services(ctx context.Context, api *ecs.Client, w *world) error {
	for name, s := range p.slots {
		answer, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(p.place.Fleet.Cluster), Services: []string{p.place.Fleet.Services.Of(name)}})
		if err != nil {
			return err
		}
		for _, told := range answer.Services {
			if err := w.apply(ctx, api, p, s, wanted{definition: aws.ToString(told.TaskDefinition), count: int(told.DesiredCount)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply runs what a service wants.
func (w *world) apply(ctx context.Context, api *ecs.Client, p *plane, s *slot, now wanted) error {
	before := s.now()
	if before.definition == now.definition && before.count == now.count {
		return nil
	}
	now.image = before.image
	if before.definition != now.definition {
		answer, err := api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(now.definition)})
		if err != nil {
			return err
		}
		container := answer.TaskDefinition.ContainerDefinitions[0]
		environment, err := w.environment(ctx, container)
		if err != nil {
			return err
		}
		_, digest, _ := strings.Cut(aws.ToString(container.Image), "@")
		now.image = digest
		s.mu.Lock()
		s.environment = environment
		s.mu.Unlock()
	}
	var err error
	switch {
	case now.image == "":
	case now.image == before.image:
		err = s.fleet.Scale(ctx, deploy.Lease{}, p.scope, s.name, now.count)
	default:
		_, err = s.fleet.Run(ctx, deploy.Lease{}, p.scope, fleet.Order{
			Slot: s.name, Deployment: now.definition, Workload: deploy.Workload{Digest: now.image, Definition: now.definition, Count: now.count},
		})
	}
	if err != nil {
		return fmt.Errorf("run %s in slot %s: %w", now.definition, s.name, err)
	}
	s.mu.Lock()
	s.applied = now
	s.mu.Unlock()
	return nil
}

// environment is what a container's process gets: its variables, and the values of its secrets. The
// slot itself says where it listens.
func (w *world) environment(ctx context.Context, container types.ContainerDefinition) ([]string, error) {
	var pairs []string
	for _, pair := range container.Environment {
		if aws.ToString(pair.Name) != "ADDRESS" {
			pairs = append(pairs, aws.ToString(pair.Name)+"="+aws.ToString(pair.Value))
		}
	}
	for _, secret := range container.Secrets {
		value, err := w.readSecret(ctx, aws.ToString(secret.ValueFrom))
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, aws.ToString(secret.Name)+"="+value)
	}
	return pairs, nil
}

func (w *world) readSecret(ctx context.Context, arn string) (string, error) {
	var secret struct{ SecretString string }
	err := w.emulator().json(ctx, "secretsmanager", "secretsmanager.GetSecretValue", map[string]string{"SecretId": arn}, &secret)
	return secret.SecretString, err
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
	return p.show(shown)
}

// show turns the maintenance page on or off.
func (p *plane) show(shown bool) error {
	if shown == p.maintenance {
		return nil
	}
	p.maintenance = shown
	if !shown {
		return p.router.DeleteRule(maintenanceRule)
	}
	return p.router.CreateRule(router.Rule{
		ID: maintenanceRule, Priority: maintenancePriority, Conditions: []router.Condition{router.Path("/*")}, Action: router.Respond(503, "text/html", "Back soon"),
	})
}

// waitABit ends with ctx, and then its error does not matter.
func waitABit(ctx context.Context, d time.Duration) { _ = clock.System{}.Wait(ctx, d) }
