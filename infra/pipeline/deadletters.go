package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// deadLetters is the queue of events that no function could take in.
type deadLetters struct{ arn, name string }

// letterDays is the longest that SQS keeps a message.
const letterDays = 14

func newDeadLetters(scope constructs.Construct, key awskms.Key) deadLetters {
	queue := awssqs.NewCfnQueue(scope, jsii.String("DeadLetters"), &awssqs.CfnQueueProps{
		KmsMasterKeyId: key.KeyArn(), MessageRetentionPeriod: jsii.Number(letterDays * 24 * 3600),
	})
	account := awscdk.Stack_Of(scope).Account()
	statements := []awsiam.PolicyStatement{
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("OnlyOverTLS"), Effect: awsiam.Effect_DENY, Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
			Actions: jsii.Strings("sqs:*"), Resources: jsii.Strings(*queue.AttrArn()),
			Conditions: &map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		}),
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("Rules"), Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
			Actions: jsii.Strings("sqs:SendMessage"), Resources: jsii.Strings(*queue.AttrArn()),
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": account}},
		}),
	}
	awssqs.NewCfnQueuePolicy(scope, jsii.String("DeadLettersPolicy"), &awssqs.CfnQueuePolicyProps{
		Queues: jsii.Strings(*queue.Ref()), PolicyDocument: awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
	})
	return deadLetters{arn: *queue.AttrArn(), name: *queue.AttrQueueName()}
}
