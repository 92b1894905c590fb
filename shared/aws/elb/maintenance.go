package elb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/traffic"
)

// page is what users see. ELB takes at most 1024 characters.
const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Back soon</title><h1>Back soon</h1><p>We are at work. Please try again in a few minutes.</p></html>`

// Tags of the rule that is made here.
const (
	tagRule       = "pilotage:rule"
	tagDeployment = "pilotage:deployment"
)

// SetMaintenance makes or deletes the rule that shows the maintenance page. It has the users'
// rule's conditions, so that it covers what users reach and nothing else of the listener. A
// rule that is there already, or gone already, is as wanted.
func (b Balancer) SetMaintenance(ctx context.Context, lease deploy.Lease, scope deploy.Scope, mode traffic.Mode) error {
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
	if traffic.ModeOf(rules.maintenance.RuleArn != nil) == mode {
		return nil
	}
	if mode == traffic.MaintenanceOn {
		return b.show(ctx, lease, at, rules.users)
	}
	return b.hide(ctx, at, aws.ToString(rules.maintenance.RuleArn))
}

func (b Balancer) show(ctx context.Context, lease deploy.Lease, at place.Place, users types.Rule) error {
	_, err := b.api.CreateRule(ctx, &elbv2.CreateRuleInput{
		ListenerArn: aws.String(at.Traffic.ListenerArn), Priority: aws.Int32(int32(at.Traffic.MaintenancePriority)), //nolint:gosec // at most 50000
		Conditions: conditions(users),
		Actions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("503"), ContentType: aws.String("text/html"), MessageBody: aws.String(page),
		}}},
		Tags: []types.Tag{
			{Key: aws.String(tagRule), Value: aws.String("maintenance")},
			{Key: aws.String(tagDeployment), Value: aws.String(lease.Owner)},
		},
	})
	if awserr.Is(err, "PriorityInUse") {
		// The reply to an earlier attempt was lost: the rule is there. rules has refused a
		// stranger's rule at this priority before.
		return nil
	}
	return awserr.Wrap(err, call(at, "create the maintenance rule of listener", at.Traffic.ListenerArn, "CreateRule", "traffic.listenerArn"))
}

func (b Balancer) hide(ctx context.Context, at place.Place, rule string) error {
	_, err := b.api.DeleteRule(ctx, &elbv2.DeleteRuleInput{RuleArn: aws.String(rule)})
	if awserr.Is(err, "RuleNotFound") {
		return nil
	}
	return awserr.Wrap(err, call(at, "delete the maintenance rule", rule, "DeleteRule", "traffic.listenerArn"))
}

// conditions are a rule's conditions as CreateRule takes them: DescribeRules gives values in
// an old form and in a new one, and CreateRule refuses both together.
func conditions(rule types.Rule) []types.RuleCondition {
	copied := make([]types.RuleCondition, len(rule.Conditions))
	for i, condition := range rule.Conditions {
		if condition.PathPatternConfig != nil || condition.HostHeaderConfig != nil {
			condition.Values = nil
		}
		copied[i] = condition
	}
	return copied
}
