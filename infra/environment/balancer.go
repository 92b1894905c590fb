package environment

import (
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/traffic"
)

// balancer is the load balancer with the rules by which traffic finds its slot.
type balancer struct {
	balancer    elb.CfnLoadBalancer
	listener    elb.CfnListener
	users       elb.CfnListenerRule
	blue, green elb.CfnTargetGroup
}

// The rules' priorities; a lower one comes first. maintenancePriority is left free for the rule
// that the pipeline makes and deletes.
const (
	bluePriority        = 10
	greenPriority       = 11
	maintenancePriority = 20
	usersPriority       = 1000
)

// healthTimeoutSeconds is how long a target may take to answer a check.
const healthTimeoutSeconds = 4

// drainSeconds is how long a target that leaves may take for the requests that it has.
const drainSeconds = 60

func newBalancer(scope constructs.Construct, props Props, net network) balancer {
	// They stop before data is deleted: S3 deletes no bucket that something is in.
	logs := newAccessLogs(scope, props)
	made := balancer{
		blue: newTargets(scope, props, net, deploy.Blue), green: newTargets(scope, props, net, deploy.Green),
		balancer: elb.NewCfnLoadBalancer(scope, jsii.String("Balancer"), &elb.CfnLoadBalancerProps{
			Type: jsii.String("application"), Scheme: jsii.String("internet-facing"), IpAddressType: jsii.String("ipv4"),
			Subnets: list(subnets(net.vpc.PublicSubnets())...), SecurityGroups: list(*net.balancer.SecurityGroupId()),
			LoadBalancerAttributes: &[]any{
				attribute("routing.http.drop_invalid_header_fields.enabled", "true"), attribute("deletion_protection.enabled", text(props.Data.Protected())),
				attribute("access_logs.s3.enabled", text(props.Data.Protected())), attribute("access_logs.s3.bucket", *logs.bucket.Ref()), attribute("idle_timeout.timeout_seconds", "60"),
			},
		}),
	}
	made.balancer.AddResourceDependency(logs.policy, nil)
	made.listener = newListener(scope, props, made)
	newRule(scope, made, "BlueByHeader", bluePriority, byHeader(deploy.Blue, props), forward(made, 1, 0))
	newRule(scope, made, "GreenByHeader", greenPriority, byHeader(deploy.Green, props), forward(made, 0, 1))
	// The pipeline changes these weights; nothing in this rule may depend on settings, or a
	// deployment of the stack would put them back.
	made.users = newRule(scope, made, "Users", usersPriority, []any{&elb.CfnListenerRule_RuleConditionProperty{
		Field: jsii.String("path-pattern"), PathPatternConfig: &elb.CfnListenerRule_PathPatternConfigProperty{Values: jsii.Strings("/*")},
	}}, forward(made, 100, 0))
	return made
}

// newListener serves HTTPS where there is a certificate, and sends plain HTTP there.
func newListener(scope constructs.Construct, props Props, b balancer) elb.CfnListener {
	nowhere := &elb.CfnListener_ActionProperty{Type: jsii.String("fixed-response"), FixedResponseConfig: &elb.CfnListener_FixedResponseConfigProperty{
		StatusCode: jsii.String("404"), ContentType: jsii.String("text/plain"), MessageBody: jsii.String("Nothing is served here."),
	}}
	if props.Certificate == "" {
		return elb.NewCfnListener(scope, jsii.String("Listener"), &elb.CfnListenerProps{
			LoadBalancerArn: b.balancer.Ref(), Port: jsii.Number(httpPort), Protocol: jsii.String("HTTP"), DefaultActions: &[]any{nowhere},
		})
	}
	elb.NewCfnListener(scope, jsii.String("ToHTTPS"), &elb.CfnListenerProps{
		LoadBalancerArn: b.balancer.Ref(), Port: jsii.Number(httpPort), Protocol: jsii.String("HTTP"),
		DefaultActions: &[]any{&elb.CfnListener_ActionProperty{Type: jsii.String("redirect"), RedirectConfig: &elb.CfnListener_RedirectConfigProperty{
			StatusCode: jsii.String("HTTP_301"), Protocol: jsii.String("HTTPS"), Port: jsii.String("443"),
		}}},
	})
	return elb.NewCfnListener(scope, jsii.String("SecureListener"), &elb.CfnListenerProps{
		LoadBalancerArn: b.balancer.Ref(), Port: jsii.Number(httpsPort), Protocol: jsii.String("HTTPS"), SslPolicy: jsii.String("ELBSecurityPolicy-TLS13-1-2-2021-06"),
		Certificates:   &[]any{&elb.CfnListener_CertificateProperty{CertificateArn: jsii.String(props.Certificate)}},
		DefaultActions: &[]any{nowhere},
	})
}

func newTargets(scope constructs.Construct, props Props, net network, slot deploy.Slot) elb.CfnTargetGroup {
	health := props.Environment.Health
	return elb.NewCfnTargetGroup(scope, jsii.String(title(slot)), &elb.CfnTargetGroupProps{
		VpcId: net.vpc.VpcId(), TargetType: jsii.String("ip"), Protocol: jsii.String("HTTP"), Port: jsii.Number(servicePort),
		HealthCheckEnabled: jsii.Bool(true), HealthCheckPath: jsii.String(health.Path), HealthCheckProtocol: jsii.String("HTTP"),
		HealthCheckIntervalSeconds: jsii.Number(float64(health.IntervalSeconds)), HealthCheckTimeoutSeconds: jsii.Number(healthTimeoutSeconds),
		HealthyThresholdCount: jsii.Number(2), UnhealthyThresholdCount: jsii.Number(2),
		Matcher:               &elb.CfnTargetGroup_MatcherProperty{HttpCode: jsii.String("200")},
		TargetGroupAttributes: &[]any{&elb.CfnTargetGroup_TargetGroupAttributeProperty{Key: jsii.String("deregistration_delay.timeout_seconds"), Value: jsii.String(text(drainSeconds))}},
	})
}

// byHeader matches the pipeline's own requests for one slot. They come from its one address: users
// cannot choose a release that has not been promoted to them.
func byHeader(slot deploy.Slot, props Props) []any {
	return []any{
		&elb.CfnListenerRule_RuleConditionProperty{Field: jsii.String("http-header"), HttpHeaderConfig: &elb.CfnListenerRule_HttpHeaderConfigProperty{
			HttpHeaderName: jsii.String(traffic.HeaderSlot), Values: jsii.Strings(string(slot)),
		}},
		&elb.CfnListenerRule_RuleConditionProperty{Field: jsii.String("source-ip"), SourceIpConfig: &elb.CfnListenerRule_SourceIpConfigProperty{
			Values: jsii.Strings(props.Pipeline.Network.Address + "/32"),
		}},
	}
}

func newRule(scope constructs.Construct, b balancer, id string, priority float64, conditions []any, action *elb.CfnListenerRule_ActionProperty) elb.CfnListenerRule {
	return elb.NewCfnListenerRule(scope, jsii.String(id), &elb.CfnListenerRuleProps{
		ListenerArn: b.listener.Ref(), Priority: jsii.Number(priority), Conditions: &conditions, Actions: &[]any{action},
	})
}

// forward sends to both target groups by weight: both stay attached to the listener, as ECS asks.
func forward(b balancer, blue, green float64) *elb.CfnListenerRule_ActionProperty {
	return &elb.CfnListenerRule_ActionProperty{Type: jsii.String("forward"), ForwardConfig: &elb.CfnListenerRule_ForwardConfigProperty{TargetGroups: &[]any{
		&elb.CfnListenerRule_TargetGroupTupleProperty{TargetGroupArn: b.blue.Ref(), Weight: jsii.Number(blue)},
		&elb.CfnListenerRule_TargetGroupTupleProperty{TargetGroupArn: b.green.Ref(), Weight: jsii.Number(green)},
	}}}
}

func attribute(key, value string) *elb.CfnLoadBalancer_LoadBalancerAttributeProperty {
	return &elb.CfnLoadBalancer_LoadBalancerAttributeProperty{Key: jsii.String(key), Value: jsii.String(value)}
}
