package elb

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// fake is a listener in memory, one rule a page.
type fake struct {
	rules []types.Rule
	// log names the calls that change something.
	log  []string
	fail map[string]error
	// health are the states of targets.
	health []types.TargetHealthDescription
}

func (f *fake) DescribeRules(_ context.Context, input *elbv2.DescribeRulesInput, _ ...func(*elbv2.Options)) (*elbv2.DescribeRulesOutput, error) {
	if err := f.fail["DescribeRules"]; err != nil {
		return nil, err
	}
	i, _ := strconv.Atoi(aws.ToString(input.Marker))
	if i >= len(f.rules) {
		return &elbv2.DescribeRulesOutput{}, nil
	}
	return &elbv2.DescribeRulesOutput{Rules: f.rules[i : i+1], NextMarker: aws.String(strconv.Itoa(i + 1))}, nil
}

func (f *fake) ModifyRule(_ context.Context, input *elbv2.ModifyRuleInput, _ ...func(*elbv2.Options)) (*elbv2.ModifyRuleOutput, error) {
	f.log = append(f.log, "ModifyRule")
	i := slices.IndexFunc(f.rules, func(r types.Rule) bool { return *r.RuleArn == *input.RuleArn })
	f.rules[i].Actions = input.Actions
	return &elbv2.ModifyRuleOutput{}, f.fail["ModifyRule"]
}

func (f *fake) CreateRule(_ context.Context, input *elbv2.CreateRuleInput, _ ...func(*elbv2.Options)) (*elbv2.CreateRuleOutput, error) {
	f.log = append(f.log, "CreateRule")
	f.rules = append(f.rules, types.Rule{
		RuleArn: aws.String("maintenance"), Priority: aws.String(strconv.Itoa(int(*input.Priority))), Actions: input.Actions, Conditions: input.Conditions,
	})
	return &elbv2.CreateRuleOutput{}, f.fail["CreateRule"]
}

func (f *fake) DeleteRule(_ context.Context, input *elbv2.DeleteRuleInput, _ ...func(*elbv2.Options)) (*elbv2.DeleteRuleOutput, error) {
	f.log = append(f.log, "DeleteRule")
	f.rules = slices.DeleteFunc(f.rules, func(r types.Rule) bool { return *r.RuleArn == *input.RuleArn })
	return &elbv2.DeleteRuleOutput{}, f.fail["DeleteRule"]
}

func (f *fake) DescribeTargetHealth(context.Context, *elbv2.DescribeTargetHealthInput, ...func(*elbv2.Options)) (*elbv2.DescribeTargetHealthOutput, error) {
	return &elbv2.DescribeTargetHealthOutput{TargetHealthDescriptions: f.health}, f.fail["DescribeTargetHealth"]
}

// at is the place of every scope.
type at place.Place

func (a at) Place(context.Context, deploy.Scope) (place.Place, error) { return place.Place(a), nil }

// leases answers as told.
type leases struct{ err error }

func (l leases) Check(context.Context, deploy.Scope, deploy.Lease) error { return l.err }

func somewhere() at {
	return at{Parameter: "/pilotage/shop/staging/place", Traffic: place.Traffic{
		ListenerArn: "listener", UsersRuleArn: "users", MaintenancePriority: 20, TargetGroupArns: place.Slots{Blue: "blue", Green: "green"},
	}}
}

// listener has the users' rule behind the two rules of slots.
func listener(blue, green int32) *fake {
	return &fake{fail: map[string]error{}, rules: []types.Rule{
		{RuleArn: aws.String("slot-blue"), Priority: aws.String("10")},
		{RuleArn: aws.String("slot-green"), Priority: aws.String("11")},
		{
			RuleArn: aws.String("users"), Priority: aws.String("1000"),
			Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/*"}, PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/*"}}}},
			Actions: []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
				TargetGroups: []types.TargetGroupTuple{
					{TargetGroupArn: aws.String("blue"), Weight: aws.Int32(blue)}, {TargetGroupArn: aws.String("green"), Weight: aws.Int32(green)},
				},
				TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: aws.Int32(60)},
			}}},
		},
	}}
}

func balancer(f *fake) Balancer { return Balancer{api: f, places: somewhere(), leases: leases{}} }

func scope() deploy.Scope {
	return deploy.Scope{Service: "shop", Environment: "staging", Region: "us-east-1"}
}

func TestRoutingBringsWeightsToPercent(t *testing.T) {
	for _, test := range []struct {
		blue, green int32
		want        deploy.Weight
	}{
		{100, 0, 100},
		{0, 100, 0},
		{99, 1, 99},
		{999, 0, 100},
		{333, 666, 33},
		{1, 1, 50},
		// A slot with any traffic never reads as empty.
		{998, 1, 99},
		{1, 998, 1},
	} {
		got, err := balancer(listener(test.blue, test.green)).Routing(t.Context(), scope())
		if err != nil || got.Weights != deploy.Split(deploy.Blue, test.want) || got.StickySeconds != 60 || got.Maintenance {
			t.Errorf("%d and %d: got %+v and error %v, want blue %d", test.blue, test.green, got, err, test.want)
		}
	}
}

func TestRoutingRefusesWhatIsNotOurs(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(f *fake)
		says  string
	}{
		"no users' rule":    {func(f *fake) { f.rules = f.rules[:2] }, "traffic.usersRuleArn"},
		"no weight at all":  {func(f *fake) { *f = *listener(0, 0) }, "all 0"},
		"a stranger's rule": {func(f *fake) { f.rules[0].Priority = aws.String("20") }, "priority 20 is taken"},
		"a third group": {func(f *fake) {
			f.rules[2].Actions[0].ForwardConfig.TargetGroups[0].TargetGroupArn = aws.String("other")
		}, "neither slot"},
		"a redirect":  {func(f *fake) { f.rules[2].Actions[0].Type = types.ActionTypeEnumRedirect }, "redirect"},
		"no listener": {func(f *fake) { f.fail["DescribeRules"] = &smithy.GenericAPIError{Code: "ListenerNotFound"} }, "traffic.listenerArn of /pilotage/shop/staging/place"},
	} {
		f := listener(100, 0)
		test.spoil(f)
		_, err := balancer(f).Routing(t.Context(), scope())
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got error %v, want one of class Invalid that says %q", name, err, test.says)
		}
	}
}

func TestSetWeightsKeepsStickinessAndIsSafeToRepeat(t *testing.T) {
	f := listener(100, 0)
	for range 2 {
		if err := balancer(f).SetWeights(t.Context(), deploy.Lease{}, scope(), deploy.Split(deploy.Green, 5)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := balancer(f).Routing(t.Context(), scope())
	if err != nil || got.Weights != deploy.Split(deploy.Green, 5) || got.StickySeconds != 60 {
		t.Errorf("got %+v and error %v", got, err)
	}
	if !slices.Equal(f.log, []string{"ModifyRule"}) {
		t.Errorf("got calls %q, want one ModifyRule", f.log)
	}
}

func TestChangesNeedTheLease(t *testing.T) {
	f := listener(100, 0)
	lost := Balancer{api: f, places: somewhere(), leases: leases{fault.New(fault.LeaseLost, "lost")}}
	for name, err := range map[string]error{
		"weights":     lost.SetWeights(t.Context(), deploy.Lease{}, scope(), deploy.Split(deploy.Green, 5)),
		"no change":   lost.SetWeights(t.Context(), deploy.Lease{}, scope(), deploy.Split(deploy.Green, 0)),
		"maintenance": lost.SetMaintenance(t.Context(), deploy.Lease{}, scope(), traffic.MaintenanceOn),
	} {
		if !fault.Is(err, fault.LeaseLost) {
			t.Errorf("%s: got error %v, want one of class LeaseLost", name, err)
		}
	}
	if len(f.log) > 0 {
		t.Errorf("got calls %q without the lease", f.log)
	}
}

func TestMaintenanceComesAndGoes(t *testing.T) {
	f := listener(100, 0)
	b := balancer(f)
	for _, mode := range []traffic.Mode{traffic.MaintenanceOff, traffic.MaintenanceOn, traffic.MaintenanceOn, traffic.MaintenanceOff, traffic.MaintenanceOff} {
		if err := b.SetMaintenance(t.Context(), deploy.Lease{Owner: "d1"}, scope(), mode); err != nil {
			t.Fatal(err)
		}
		got, err := b.Routing(t.Context(), scope())
		if err != nil || traffic.ModeOf(got.Maintenance) != mode {
			t.Errorf("after %s: got %+v and error %v", mode, got, err)
		}
		if mode == traffic.MaintenanceOn {
			// CreateRule refuses a condition that has its values twice.
			made := f.rules[3]
			if made.Conditions[0].Values != nil || !slices.Equal(made.Conditions[0].PathPatternConfig.Values, []string{"/*"}) {
				t.Errorf("the rule has conditions %+v", made.Conditions)
			}
		}
	}
	if !slices.Equal(f.log, []string{"CreateRule", "DeleteRule"}) {
		t.Errorf("got calls %q", f.log)
	}
}

func TestMaintenanceSurvivesLostReplies(t *testing.T) {
	f := listener(100, 0)
	f.fail["CreateRule"] = &smithy.GenericAPIError{Code: "PriorityInUse"}
	f.fail["DeleteRule"] = &smithy.GenericAPIError{Code: "RuleNotFound"}
	for _, mode := range []traffic.Mode{traffic.MaintenanceOn, traffic.MaintenanceOff} {
		if err := balancer(f).SetMaintenance(t.Context(), deploy.Lease{}, scope(), mode); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
	f.fail["CreateRule"] = errors.New("defect")
	if err := balancer(f).SetMaintenance(t.Context(), deploy.Lease{}, scope(), traffic.MaintenanceOn); !fault.Is(err, fault.Internal) {
		t.Errorf("got error %v, want one of class Internal", err)
	}
}

func TestPageFitsELB(t *testing.T) {
	if len(page) > 1024 {
		t.Errorf("the page has %d characters, more than 1024", len(page))
	}
}

func TestHealthCounts(t *testing.T) {
	f := listener(100, 0)
	for _, state := range []types.TargetHealthStateEnum{"healthy", "healthy", "unhealthy", "initial", "unused", "draining", "unhealthy.draining"} {
		f.health = append(f.health, types.TargetHealthDescription{
			Target:       &types.TargetDescription{Id: aws.String("10.0.0.7"), Port: aws.Int32(8080)},
			TargetHealth: &types.TargetHealth{State: state, Reason: "Target.Timeout", Description: aws.String("timed out")},
		})
	}
	got, err := balancer(f).Health(t.Context(), scope(), deploy.Blue)
	if err != nil || got.Healthy != 2 || got.Total != 5 || got.Draining != 2 || len(got.Reasons) != 3 {
		t.Fatalf("got %+v and error %v", got, err)
	}
	if want := "10.0.0.7:8080 is unhealthy: Target.Timeout, timed out"; got.Reasons[0] != want {
		t.Errorf("got reason %q, want %q", got.Reasons[0], want)
	}
}
