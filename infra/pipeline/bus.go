package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// bus is where pushes are put. What Step Functions and CodePipeline tell comes on the account's
// default bus: AWS services put events on no other.
type bus struct{ name, arn string }

// newBus makes the bus. Its events, names of repositories and commits, are encrypted with a key
// that AWS owns: with ours, every sender would need a right to it.
func newBus(scope constructs.Construct) bus {
	made := awsevents.NewCfnEventBus(scope, jsii.String("Bus"), &awsevents.CfnEventBusProps{
		Name: jsii.String("pilotage"), Description: jsii.String("Pushes that the webhook took in"),
	})
	return bus{name: *made.AttrName(), arn: *made.AttrArn()}
}
