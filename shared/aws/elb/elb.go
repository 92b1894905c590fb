// Package elb divides traffic with an application load balancer: it implements
// traffic.Balancer over Elastic Load Balancing's API of 2015-12-01.
//
// The listener's rules, in the order of their priorities, are: two that send a request with
// the header traffic.HeaderSlot to its slot, made by infra and never changed; the maintenance
// rule, made and deleted here; and the users' rule, made by infra, whose weights are changed
// here. So the pipeline gets through while users see the maintenance page.
package elb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
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

// api is the calls that are made.
type api interface {
	DescribeRules(context.Context, *elbv2.DescribeRulesInput, ...func(*elbv2.Options)) (*elbv2.DescribeRulesOutput, error)
	ModifyRule(context.Context, *elbv2.ModifyRuleInput, ...func(*elbv2.Options)) (*elbv2.ModifyRuleOutput, error)
	CreateRule(context.Context, *elbv2.CreateRuleInput, ...func(*elbv2.Options)) (*elbv2.CreateRuleOutput, error)
	DeleteRule(context.Context, *elbv2.DeleteRuleInput, ...func(*elbv2.Options)) (*elbv2.DeleteRuleOutput, error)
	DescribeTargetHealth(context.Context, *elbv2.DescribeTargetHealthInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetHealthOutput, error)
}

// Balancer is the load balancers of all environments. It is safe for concurrent use.
type Balancer struct {
	api    api
	places Places
	leases Leases
}

var _ traffic.Balancer = Balancer{}

// New is a Balancer that finds listeners through places and asks leases right before each
// change. It makes no call.
func New(cfg aws.Config, places Places, leases Leases) Balancer {
	return Balancer{api: elbv2.NewFromConfig(cfg), places: places, leases: leases}
}

// Routing reads the rules in force. Weights are brought to percent, rounded: ELB keeps any two
// numbers from 0 to 999. A users' rule that does not forward to the environment's two target
// groups is fault.Invalid.
func (b Balancer) Routing(ctx context.Context, scope deploy.Scope) (traffic.Routing, error) {
	at, err := b.places.Place(ctx, scope)
	if err != nil {
		return traffic.Routing{}, err
	}
	rules, err := b.rules(ctx, scope, at)
	if err != nil {
		return traffic.Routing{}, err
	}
	weights, err := weightsOf(rules.users, at.Traffic.TargetGroupArns)
	if err != nil {
		return traffic.Routing{}, fault.New(fault.Invalid, "read the weights of %s from rule %q: %w", scope, at.Traffic.UsersRuleArn, err)
	}
	return traffic.Routing{Weights: weights, Maintenance: rules.maintenance.RuleArn != nil, StickySeconds: sticky(rules.users)}, nil
}

// SetWeights asks for new weights and keeps the rule's stickiness. Weights that the rule has
// already are not asked for again. Traffic follows some time after: "rule updates do not take
// effect immediately" (Application Load Balancers User Guide).
func (b Balancer) SetWeights(ctx context.Context, lease deploy.Lease, scope deploy.Scope, weights deploy.Weights) error {
	if err := weights.Check(); err != nil {
		return fault.New(fault.Internal, "set the weights of %s: %w", scope, err)
	}
	at, err := b.places.Place(ctx, scope)
	if err != nil {
		return err
	}
	rules, err := b.rules(ctx, scope, at)
	if err != nil {
		return err
	}
	if err := b.leases.Check(ctx, scope, lease); err != nil {
		return err
	}
	if now, err := weightsOf(rules.users, at.Traffic.TargetGroupArns); err == nil && now == weights {
		return nil
	}
	_, err = b.api.ModifyRule(ctx, &elbv2.ModifyRuleInput{
		RuleArn: aws.String(at.Traffic.UsersRuleArn),
		Actions: []types.Action{forward(rules.users, at.Traffic.TargetGroupArns, weights)},
	})
	return awserr.Wrap(err, call(at, "modify rule", at.Traffic.UsersRuleArn, "ModifyRule", "traffic.usersRuleArn"))
}

// call is a call for messages.
func call(at place.Place, doing, resource, action, field string) awserr.Call {
	return awserr.Call{
		Doing:   doing + " " + quote(resource),
		Action:  "elasticloadbalancing:" + action,
		Setting: field + " of " + at.Parameter,
	}
}
