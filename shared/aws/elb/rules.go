package elb

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
)

// rules are the two of a listener that change.
type rules struct {
	users types.Rule
	// maintenance is the zero Rule while the page is not shown.
	maintenance types.Rule
}

// rules reads all pages of the listener's rules. A listener without the users' rule is
// fault.Invalid, and so is another rule at the maintenance rule's priority.
func (b Balancer) rules(ctx context.Context, scope deploy.Scope, at place.Place) (rules, error) {
	var found rules
	input := &elbv2.DescribeRulesInput{ListenerArn: aws.String(at.Traffic.ListenerArn)}
	for {
		page, err := b.api.DescribeRules(ctx, input)
		if err != nil {
			return rules{}, awserr.Wrap(err, call(at, "describe the rules of listener", at.Traffic.ListenerArn, "DescribeRules", "traffic.listenerArn"))
		}
		for _, rule := range page.Rules {
			switch {
			case aws.ToString(rule.RuleArn) == at.Traffic.UsersRuleArn:
				found.users = rule
			case aws.ToString(rule.Priority) == strconv.Itoa(at.Traffic.MaintenancePriority):
				found.maintenance = rule
			}
		}
		if aws.ToString(page.NextMarker) == "" {
			break
		}
		input.Marker = page.NextMarker
	}
	if found.users.RuleArn == nil {
		return rules{}, fault.New(fault.Invalid, "describe rule %q: listener %q has no such rule; look at traffic.usersRuleArn of %s", at.Traffic.UsersRuleArn, at.Traffic.ListenerArn, at.Parameter)
	}
	if found.maintenance.RuleArn != nil && !answers(found.maintenance) {
		return rules{}, fault.New(fault.Invalid, "find the maintenance rule of %s: priority %d is taken by rule %q; free it, or change traffic.maintenancePriority of %s",
			scope, at.Traffic.MaintenancePriority, aws.ToString(found.maintenance.RuleArn), at.Parameter)
	}
	return found, nil
}

// answers reports whether a rule answers by itself, as only the maintenance rule does.
func answers(rule types.Rule) bool {
	return len(rule.Actions) == 1 && rule.Actions[0].Type == types.ActionTypeEnumFixedResponse
}

// weightsOf brings a rule's weights to percent.
func weightsOf(rule types.Rule, groups place.Slots) (deploy.Weights, error) {
	parts := map[string]int{}
	total := 0
	for _, action := range rule.Actions {
		if action.Type != types.ActionTypeEnumForward {
			return deploy.Weights{}, fmt.Errorf("its action is %q, not %q", action.Type, types.ActionTypeEnumForward)
		}
		for _, group := range forwarded(action) {
			arn, weight := aws.ToString(group.TargetGroupArn), int(aws.ToInt32(group.Weight))
			if arn != groups.Blue && arn != groups.Green {
				return deploy.Weights{}, fmt.Errorf("it forwards to target group %q, which belongs to neither slot", arn)
			}
			parts[arn] += weight
			total += weight
		}
	}
	if total == 0 {
		return deploy.Weights{}, fmt.Errorf("its weights are all 0")
	}
	blue := deploy.Weight(math.Round(100 * float64(parts[groups.Blue]) / float64(total)))
	// A slot with any traffic at all must never read as empty: it would be scaled in.
	if parts[groups.Blue] > 0 {
		blue = max(blue, 1)
	}
	if parts[groups.Green] > 0 {
		blue = min(blue, 99)
	}
	return deploy.Split(deploy.Blue, blue), nil
}

// forwarded are an action's groups. With a single one ELB may leave ForwardConfig out.
func forwarded(action types.Action) []types.TargetGroupTuple {
	if action.ForwardConfig != nil && len(action.ForwardConfig.TargetGroups) > 0 {
		if groups := action.ForwardConfig.TargetGroups; len(groups) > 1 {
			return groups
		}
		return []types.TargetGroupTuple{{TargetGroupArn: action.ForwardConfig.TargetGroups[0].TargetGroupArn, Weight: aws.Int32(1)}}
	}
	return []types.TargetGroupTuple{{TargetGroupArn: action.TargetGroupArn, Weight: aws.Int32(1)}}
}

// forward is the action with new weights. ModifyRule replaces the whole action, so that what
// is not repeated, as the stickiness, would be lost.
func forward(rule types.Rule, groups place.Slots, weights deploy.Weights) types.Action {
	config := &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{
		{TargetGroupArn: aws.String(groups.Blue), Weight: aws.Int32(int32(weights.Blue))},
		{TargetGroupArn: aws.String(groups.Green), Weight: aws.Int32(int32(weights.Green))},
	}}
	for _, action := range rule.Actions {
		if action.ForwardConfig != nil {
			config.TargetGroupStickinessConfig = action.ForwardConfig.TargetGroupStickinessConfig
		}
	}
	return types.Action{Type: types.ActionTypeEnumForward, ForwardConfig: config}
}

// sticky is for how many seconds a user stays with a slot, 0 when not at all.
func sticky(rule types.Rule) int {
	for _, action := range rule.Actions {
		if action.ForwardConfig == nil || action.ForwardConfig.TargetGroupStickinessConfig == nil {
			continue
		}
		if config := action.ForwardConfig.TargetGroupStickinessConfig; aws.ToBool(config.Enabled) {
			return int(aws.ToInt32(config.DurationSeconds))
		}
	}
	return 0
}

func quote(text string) string { return strconv.Quote(text) }
