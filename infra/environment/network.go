package environment

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/flow"
)

// network is the environment's network and who may talk to whom in it: users to the load
// balancer, the load balancer to the slots, the slots to the database, the pipeline to the
// database. Nobody else talks to anybody.
type network struct {
	vpc                       awsec2.Vpc
	balancer, slots, database awsec2.SecurityGroup
}

// The ports that are let through.
const (
	servicePort  = 8080
	databasePort = 5432
	httpPort     = 80
	httpsPort    = 443
)

func newNetwork(scope constructs.Construct, props Props, key awskms.Key) network {
	gateways := 1.0
	if props.careful() {
		// One for each zone, so that the outage of a zone stays in it.
		gateways = 2
	}
	vpc := awsec2.NewVpc(scope, jsii.String("Network"), &awsec2.VpcProps{
		IpAddresses: awsec2.IpAddresses_Cidr(jsii.String(props.CIDR)), MaxAzs: jsii.Number(2), NatGateways: jsii.Number(gateways),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{
			{Name: jsii.String("Public"), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(false), CidrMask: jsii.Number(24)},
			{Name: jsii.String("Slots"), SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS, CidrMask: jsii.Number(20)},
			{Name: jsii.String("Database"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED, CidrMask: jsii.Number(24)},
		},
	})
	vpc.AddGatewayEndpoint(jsii.String("S3"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()})
	flow.Log(scope, flow.Props{VPC: vpc, Key: key})
	made := network{
		vpc:      vpc,
		balancer: newGroup(scope, vpc, "BalancerGroup", "Load balancer of "+props.prefix()),
		slots:    newGroup(scope, vpc, "SlotsGroup", "Slots of "+props.prefix()),
		database: newGroup(scope, vpc, "DatabaseGroup", "Database of "+props.prefix()),
	}
	entry := tcp(httpPort)
	if props.Certificate != "" {
		made.balancer.AddIngressRule(awsec2.Peer_AnyIpv4(), tcp(httpsPort), jsii.String("users"), nil)
	}
	made.balancer.AddIngressRule(awsec2.Peer_AnyIpv4(), entry, jsii.String("users"), nil)
	made.balancer.AddEgressRule(made.slots, tcp(servicePort), jsii.String("slots"), nil)
	made.slots.AddIngressRule(made.balancer, tcp(servicePort), jsii.String("load balancer"), nil)
	made.slots.AddEgressRule(made.database, tcp(databasePort), jsii.String("database"), nil)
	made.slots.AddEgressRule(awsec2.Peer_AnyIpv4(), tcp(httpsPort), jsii.String("images, secrets, logs and external services"), nil)
	made.database.AddIngressRule(made.slots, tcp(databasePort), jsii.String("slots"), nil)
	made.database.AddIngressRule(awsec2.Peer_Ipv4(jsii.String(props.Pipeline.Network.CIDR)), tcp(databasePort), jsii.String("migrations by the pipeline"), nil)
	peer(scope, props, vpc)
	return made
}

func tcp(port float64) awsec2.Port { return awsec2.Port_Tcp(jsii.Number(port)) }

func newGroup(scope constructs.Construct, vpc awsec2.Vpc, id, description string) awsec2.SecurityGroup {
	return awsec2.NewSecurityGroup(scope, jsii.String(id), &awsec2.SecurityGroupProps{
		Vpc: vpc, Description: jsii.String(description), AllowAllOutbound: jsii.Bool(false), DisableInlineRules: jsii.Bool(true),
	})
}

// peer joins the network with the pipeline's. Only the database's subnets have a way back.
func peer(scope constructs.Construct, props Props, vpc awsec2.Vpc) {
	other := props.Pipeline.Network.VPC
	connection := awsec2.NewCfnVPCPeeringConnection(scope, jsii.String("ToPipeline"), &awsec2.CfnVPCPeeringConnectionProps{
		VpcId: vpc.VpcId(), PeerVpcId: other.VpcId(),
	})
	for i, subnet := range *other.PrivateSubnets() {
		awsec2.NewCfnRoute(scope, jsii.String(fmt.Sprintf("FromPipeline%d", i+1)), &awsec2.CfnRouteProps{
			RouteTableId: subnet.RouteTable().RouteTableId(), DestinationCidrBlock: jsii.String(props.CIDR), VpcPeeringConnectionId: connection.Ref(),
		})
	}
	for i, subnet := range *vpc.IsolatedSubnets() {
		awsec2.NewCfnRoute(scope, jsii.String(fmt.Sprintf("BackToPipeline%d", i+1)), &awsec2.CfnRouteProps{
			RouteTableId: subnet.RouteTable().RouteTableId(), DestinationCidrBlock: jsii.String(props.Pipeline.Network.CIDR), VpcPeeringConnectionId: connection.Ref(),
		})
	}
}

// subnets are the ids of subnets.
func subnets(of *[]awsec2.ISubnet) []string {
	var ids []string
	for _, subnet := range *of {
		ids = append(ids, *subnet.SubnetId())
	}
	return ids
}
