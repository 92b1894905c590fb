package elb

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/pilotage/pilotage/shared/aws/awstest"
	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// environment makes a listener with its rules as infra does.
func environment(t *testing.T, cfg aws.Config) at {
	t.Helper()
	client := elbv2.NewFromConfig(cfg)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	subnets, vpc := awstest.Subnets(t, cfg)
	lb, err := client.CreateLoadBalancer(t.Context(), &elbv2.CreateLoadBalancerInput{Name: aws.String(awstest.Name("lb")), Subnets: subnets})
	must(err)
	var groups []string
	for _, slot := range deploy.Slots() {
		group, err := client.CreateTargetGroup(t.Context(), &elbv2.CreateTargetGroupInput{
			Name: aws.String(awstest.Name(string(slot))), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(8080), VpcId: aws.String(vpc), TargetType: types.TargetTypeEnumIp,
		})
		must(err)
		groups = append(groups, *group.TargetGroups[0].TargetGroupArn)
	}
	listener, err := client.CreateListener(t.Context(), &elbv2.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancers[0].LoadBalancerArn, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80),
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("404")}}},
	})
	must(err)
	arn := listener.Listeners[0].ListenerArn
	users, err := client.CreateRule(t.Context(), &elbv2.CreateRuleInput{
		ListenerArn: arn, Priority: aws.Int32(1000),
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/*"}}}},
		Actions: []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
			TargetGroups: []types.TargetGroupTuple{
				{TargetGroupArn: aws.String(groups[0]), Weight: aws.Int32(100)}, {TargetGroupArn: aws.String(groups[1]), Weight: aws.Int32(0)},
			},
			TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: aws.Int32(120)},
		}}},
	})
	must(err)
	_, err = client.RegisterTargets(t.Context(), &elbv2.RegisterTargetsInput{
		TargetGroupArn: aws.String(groups[0]), Targets: []types.TargetDescription{{Id: aws.String("10.0.0.7"), Port: aws.Int32(8080)}},
	})
	must(err)
	return at{Parameter: "/pilotage/shop/staging/place", Traffic: place.Traffic{
		ListenerArn: *arn, UsersRuleArn: *users.Rules[0].RuleArn, MaintenancePriority: 20, TargetGroupArns: place.Slots{Blue: groups[0], Green: groups[1]},
	}}
}

func TestBalancerOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	here := environment(t, cfg)
	b := New(cfg, here, leases{})
	want := func(weights deploy.Weights, mode traffic.Mode) {
		t.Helper()
		got, err := b.Routing(t.Context(), scope())
		if err != nil || got.Weights != weights || traffic.ModeOf(got.Maintenance) != mode || got.StickySeconds != 120 {
			t.Fatalf("got %+v and error %v, want %s, maintenance %s, sticky for 120 s", got, err, weights, mode)
		}
	}
	want(deploy.Split(deploy.Blue, 100), traffic.MaintenanceOff)
	for _, weight := range []deploy.Weight{1, 5, 5, 25, 50, 100} {
		if err := b.SetWeights(t.Context(), deploy.Lease{Owner: "d1", Token: 1}, scope(), deploy.Split(deploy.Green, weight)); err != nil {
			t.Fatal(err)
		}
		want(deploy.Split(deploy.Green, weight), traffic.MaintenanceOff)
	}
	for _, mode := range []traffic.Mode{traffic.MaintenanceOn, traffic.MaintenanceOn, traffic.MaintenanceOff, traffic.MaintenanceOff} {
		if err := b.SetMaintenance(t.Context(), deploy.Lease{Owner: "d1", Token: 1}, scope(), mode); err != nil {
			t.Fatal(err)
		}
		want(deploy.Split(deploy.Green, 100), mode)
	}
	health, err := b.Health(t.Context(), scope(), deploy.Blue)
	if err != nil || health.Total != 1 {
		t.Errorf("got health %+v and error %v, want one target", health, err)
	}
	health, err = b.Health(t.Context(), scope(), deploy.Green)
	if err != nil || health.Total != 0 {
		t.Errorf("got health %+v and error %v, want no target", health, err)
	}
}

func TestWrongNamesOverTheWire(t *testing.T) {
	cfg := awstest.Open(t)
	here := environment(t, cfg)
	gone := here
	gone.Traffic.ListenerArn += "0"
	gone.Traffic.TargetGroupArns.Blue += "0"
	b := New(cfg, gone, leases{})
	_, listener := b.Routing(t.Context(), scope())
	_, group := b.Health(t.Context(), scope(), deploy.Blue)
	for says, err := range map[string]error{"traffic.listenerArn of /pilotage/shop/staging/place": listener, "traffic.targetGroupArns.blue": group} {
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("got error %v, want one of class Invalid that names %s", err, says)
		}
	}
}
