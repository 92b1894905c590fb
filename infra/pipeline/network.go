package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/flow"
)

// networkCIDR is the block of the pipeline's network; no environment has one like it.
const networkCIDR = "10.255.0.0/20"

// newNetwork makes the network of the functions that reach databases, and call the service from
// an address which the load balancers know. It has one NAT gateway: a deployment that meets an
// outage of its zone ends as any failed one does.
func newNetwork(scope constructs.Construct, key awskms.Key) Network {
	address := awsec2.NewCfnEIP(scope, jsii.String("Address"), &awsec2.CfnEIPProps{Domain: jsii.String("vpc")})
	vpc := awsec2.NewVpc(scope, jsii.String("Network"), &awsec2.VpcProps{
		IpAddresses: awsec2.IpAddresses_Cidr(jsii.String(networkCIDR)), MaxAzs: jsii.Number(2), NatGateways: jsii.Number(1),
		NatGatewayProvider: awsec2.NatProvider_Gateway(&awsec2.NatGatewayProps{EipAllocationIds: jsii.Strings(*address.AttrAllocationId())}),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{
			{Name: jsii.String("Public"), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(false), CidrMask: jsii.Number(26)},
			{Name: jsii.String("Functions"), SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS, CidrMask: jsii.Number(24)},
		},
	})
	// Their traffic stays inside AWS, and costs nothing.
	vpc.AddGatewayEndpoint(jsii.String("DynamoDB"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_DYNAMODB()})
	vpc.AddGatewayEndpoint(jsii.String("S3"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()})
	flow.Log(scope, flow.Props{VPC: vpc, Key: key})
	group := awsec2.NewSecurityGroup(scope, jsii.String("FunctionsGroup"), &awsec2.SecurityGroupProps{
		Vpc: vpc, Description: jsii.String("pilotage functions that reach databases and load balancers"), AllowAllOutbound: jsii.Bool(false),
	})
	group.AddEgressRule(awsec2.Peer_AnyIpv4(), awsec2.Port_Tcp(jsii.Number(443)), jsii.String("AWS and the services over TLS"), nil)
	group.AddEgressRule(awsec2.Peer_AnyIpv4(), awsec2.Port_Tcp(jsii.Number(80)), jsii.String("load balancers that have no certificate yet"), nil)
	group.AddEgressRule(awsec2.Peer_Ipv4(jsii.String("10.0.0.0/8")), awsec2.Port_Tcp(jsii.Number(5432)), jsii.String("databases of the environments"), nil)
	return Network{VPC: vpc, Address: *address.Ref(), CIDR: networkCIDR, Group: group}
}
