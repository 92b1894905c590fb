package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
	"github.com/pilotage/pilotage/infra/retain"
)

// newKey makes the key that encrypts whatever the pipeline keeps. Services that use it on their
// own account, without a role of ours, are let in by the key's policy.
func newKey(scope constructs.Construct, data retain.Policy) awskms.Key {
	key := awskms.NewKey(scope, jsii.String("Key"), &awskms.KeyProps{
		Description:       jsii.String("pilotage: the ledger, change records, secrets, mails and logs"),
		EnableKeyRotation: jsii.Bool(true), RemovalPolicy: data.Removal(),
	})
	stack := awscdk.Stack_Of(scope)
	logs := *stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String("*"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	admit(key, "LogGroups", "logs."+*stack.Region()+".amazonaws.com",
		map[string]map[string]any{"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}})
	own := map[string]map[string]any{"StringEquals": {"aws:SourceAccount": *stack.Account()}}
	// Alarms are told to an encrypted topic; events that nobody took end in an encrypted queue.
	admit(key, "Alarms", "cloudwatch.amazonaws.com", own)
	admit(key, "DeadLettersOfRules", "events.amazonaws.com", own)
	admit(key, "DeadLettersOfTopics", "sns.amazonaws.com", own)
	grant.OnlyToServices(key)
	return key
}

// admit lets a service use the key under a condition.
func admit(key awskms.Key, sid, service string, conditions map[string]map[string]any) {
	when := map[string]any{}
	for operator, keys := range conditions {
		when[operator] = keys
	}
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String(sid),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String(service), nil)},
		Actions:    jsii.Strings("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
		Resources:  jsii.Strings("*"), // in a key's policy: this key
		Conditions: &when,
	}), nil)
}
