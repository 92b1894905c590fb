// Package environment is the stack of one environment of a service: its network, its load
// balancer, its two slots and its database. The pipeline moves releases through it.
package environment

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/pipeline"
	"github.com/pilotage/pilotage/infra/retain"
	"github.com/pilotage/pilotage/shared/deploy"
)

// Props describe the stack.
type Props struct {
	Service string
	// Name is the environment's, Environment its part of pilotage.yaml.
	Name        string
	Environment deploy.Environment
	// CIDR is the block of its network; no other of the app has it.
	CIDR string
	// Certificate is the ARN of the load balancer's certificate; empty serves plain HTTP, for a
	// first look without a domain.
	Certificate string
	Data        retain.Policy
	Pipeline    pipeline.Stack
	Env         *awscdk.Environment
}

// careful reports whether the environment is worth two of everything: it is where people have to
// agree to a deployment.
func (p Props) careful() bool { return p.Environment.Approval.Required }

// prefix begins the names of the environment's resources.
func (p Props) prefix() string { return p.Service + "-" + p.Name }

// works is what the stack is made of.
type works struct {
	props    Props
	key      awskms.Key
	network  network
	balancer balancer
	database database
	secrets  secrets
	slots    slots
}

// New makes the stack.
func New(scope constructs.Construct, props Props) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(props.Name), &awscdk.StackProps{
		StackName: jsii.String(pipeline.StackName + "-" + props.prefix()), Env: props.Env,
		Description:           jsii.String("pilotage: " + props.Service + " in " + props.Name),
		TerminationProtection: jsii.Bool(props.Data.Protected()),
	})
	// CloudFormation's schema has no tags on listener rules, whatever the CDK thinks.
	untagged := awscdk.TagProps{ExcludeResourceTypes: jsii.Strings("AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::Listener")}
	for name, value := range map[string]string{"pilotage:service": props.Service, "pilotage:environment": props.Name} {
		awscdk.Tags_Of(stack).Add(jsii.String(name), jsii.String(value), &untagged)
	}
	w := works{props: props, key: newKey(stack, props)}
	w.network = newNetwork(stack, props, w.key)
	w.balancer = newBalancer(stack, props, w.network)
	w.database = newDatabase(stack, props, w)
	w.secrets = newSecrets(stack, w)
	w.slots = newSlots(stack, w)
	newPlace(stack, w)
	newRights(stack, w)
	newAlarms(stack, w)
	awscdk.NewCfnOutput(stack, jsii.String("Address"), &awscdk.CfnOutputProps{
		Value: w.balancer.balancer.AttrDnsName(), Description: jsii.String("Point " + props.Environment.URL + " here"),
	})
	return stack
}
