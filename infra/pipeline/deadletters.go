package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
)

// deadLetters is the queue of events that came to nothing: those that EventBridge could not hand
// over to a function, and those that a function was handed and failed on each time.
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

// The bounds of Lambda's own repetition of an event that a function failed on, once it was handed
// over. Two retries, after one minute and two more, are the most that there are; how long an event
// may wait for a function that is held back is as long as EventBridge has for handing it over.
const (
	functionRetries = 2
	functionSeconds = retrySeconds
)

// send is to send what it failed on to the dead letters, which Lambda does in the function's name.
func (w works) send() block {
	return block{statements: append(w.useKey("sqs", "kms:Decrypt", "kms:GenerateDataKey"), grant.Statement{
		Actions: []string{"sqs:SendMessage"}, Resources: []string{w.letters.arn},
	})}
}

// keepFailed sends an event that a function has failed on for the last time to the dead letters.
// Whoever hands an event over is told that it was taken as soon as Lambda has it: without this it
// would be gone.
func keepFailed(scope constructs.Construct, name string, function awslambda.Function, letters deadLetters) {
	awslambda.NewCfnEventInvokeConfig(scope, jsii.String(name+"Events"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName: function.FunctionName(), Qualifier: jsii.String("$LATEST"),
		MaximumRetryAttempts: jsii.Number(functionRetries), MaximumEventAgeInSeconds: jsii.Number(functionSeconds),
		DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: jsii.String(letters.arn)},
		},
	})
}
