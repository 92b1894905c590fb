package elb

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/pilotage/pilotage/shared/aws/awserr"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Health is the state of a slot's targets, as the load balancer's own checks see them.
func (b Balancer) Health(ctx context.Context, scope deploy.Scope, slot deploy.Slot) (traffic.Health, error) {
	at, err := b.places.Place(ctx, scope)
	if err != nil {
		return traffic.Health{}, err
	}
	group := at.Traffic.TargetGroupArns.Of(slot)
	answer, err := b.api.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)})
	if err != nil {
		return traffic.Health{}, awserr.Wrap(err, call(at, "describe the health of target group", group, "DescribeTargetHealth", "traffic.targetGroupArns."+string(slot)))
	}
	var health traffic.Health
	for _, target := range answer.TargetHealthDescriptions {
		count(&health, target)
	}
	return health, nil
}

func count(health *traffic.Health, target types.TargetHealthDescription) {
	state := types.TargetHealth{}
	if target.TargetHealth != nil {
		state = *target.TargetHealth
	}
	switch state.State {
	case types.TargetHealthStateEnumDraining, types.TargetHealthStateEnumUnhealthyDraining:
		health.Draining++
		return
	case types.TargetHealthStateEnumHealthy:
		health.Healthy++
	default:
		health.Reasons = append(health.Reasons, reason(target, state))
	}
	health.Total++
}

// reason is, for example, "10.0.1.7:8080 is unhealthy: Target.ResponseCodeMismatch, Health
// checks failed with these codes: [500]".
func reason(target types.TargetHealthDescription, state types.TargetHealth) string {
	name := "a target"
	if target.Target != nil {
		name = aws.ToString(target.Target.Id)
		if target.Target.Port != nil {
			name += fmt.Sprintf(":%d", *target.Target.Port)
		}
	}
	details := make([]string, 0, 2)
	for _, detail := range []string{string(state.Reason), aws.ToString(state.Description)} {
		if detail != "" {
			details = append(details, detail)
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%s is %s: %s", name, state.State, strings.Join(details, ", ")), ": ")
}
