// Package flow keeps a log of a network's connections.
package flow

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
)

// days is how long connections are remembered.
const days = 30

// Props describe a log.
type Props struct {
	VPC awsec2.Vpc
	// Key encrypts the log; its policy lets CloudWatch Logs use it.
	Key awskms.IKey
}

// Log writes the connections that were refused into a log group. Accepted ones are in the access
// logs of what took them, and would cost much more than they tell.
func Log(scope constructs.Construct, props Props) {
	group := awslogs.NewCfnLogGroup(scope, jsii.String("FlowLog"), &awslogs.CfnLogGroupProps{
		RetentionInDays: jsii.Number(days), KmsKeyId: props.Key.KeyArn(),
	})
	group.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
	role := grant.NewRole(scope, "FlowLogRole", grant.RoleProps{
		Service: "vpc-flow-logs.amazonaws.com", SourceAccount: true, Description: "Writes the log of refused connections",
		Statements: []grant.Statement{{
			Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"},
			Resources: []string{*group.AttrArn()},
		}},
	})
	awsec2.NewCfnFlowLog(scope, jsii.String("Refused"), &awsec2.CfnFlowLogProps{
		ResourceId: props.VPC.VpcId(), ResourceType: jsii.String("VPC"), TrafficType: jsii.String("REJECT"),
		LogDestinationType: jsii.String("cloud-watch-logs"), LogGroupName: group.Ref(), DeliverLogsPermissionArn: role.RoleArn(),
	})
}
