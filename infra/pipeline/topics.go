package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/config"
)

// topics are the ARNs through which people are told.
type topics struct {
	// notices are mails to one person or list each: announcements, requests for approval, ends.
	notices string
	// pages are urgent ones.
	pages string
	// alarms are CloudWatch's own, which name no recipient.
	alarms string
}

// recipientAttribute is the message attribute that names the one recipient; shared/aws/sns sets it.
const recipientAttribute = "recipient"

// newTopics makes the topics and subscribes whoever pilotage.yaml names: everybody gets what is
// addressed to them and nothing else. Each has to confirm the subscription once, by mail.
func newTopics(scope constructs.Construct, key awskms.Key, file config.File) topics {
	made := topics{
		notices: newTopic(scope, key, "Notices"),
		pages:   newTopic(scope, key, "Pages"),
		alarms:  newTopic(scope, key, "Alarms"),
	}
	everybody, onCall := map[string]bool{}, map[string]bool{}
	for _, environment := range file.Environments {
		for _, address := range slices.Concat(environment.Notify.Team, environment.Approval.Approvers, environment.Notify.OnCall) {
			everybody[address] = true
		}
		for _, address := range environment.Notify.OnCall {
			onCall[address] = true
		}
	}
	for _, address := range sorted(maps.Keys(everybody)) {
		own := map[string]any{recipientAttribute: []string{strings.ToLower(address)}}
		subscribe(scope, "Notices", made.notices, address, own)
		subscribe(scope, "Pages", made.pages, address, own)
	}
	for _, address := range sorted(maps.Keys(onCall)) {
		subscribe(scope, "Alarms", made.alarms, address, nil)
	}
	return made
}

func newTopic(scope constructs.Construct, key awskms.Key, id string) string {
	topic := awssns.NewCfnTopic(scope, jsii.String(id), &awssns.CfnTopicProps{KmsMasterKeyId: key.KeyArn(), DisplayName: jsii.String("pilotage " + id)})
	stack := awscdk.Stack_Of(scope)
	own := map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}}
	statements := []awsiam.PolicyStatement{
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("OnlyOverTLS"), Effect: awsiam.Effect_DENY, Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
			Actions: jsii.Strings("sns:Publish"), Resources: jsii.Strings(*topic.Ref()),
			Conditions: &map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		}),
	}
	if id == "Alarms" {
		statements = append(statements, awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("Alarms"), Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
			Actions: jsii.Strings("sns:Publish"), Resources: jsii.Strings(*topic.Ref()), Conditions: &own,
		}))
	}
	awssns.NewCfnTopicPolicy(scope, jsii.String(id+"Policy"), &awssns.CfnTopicPolicyProps{
		Topics: jsii.Strings(*topic.Ref()), PolicyDocument: awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
	})
	return *topic.Ref()
}

// subscribe has an id made from the address, so that a new recipient leaves the others alone: a
// subscription that is made again has to be confirmed again.
func subscribe(scope constructs.Construct, topic, arn, address string, filter map[string]any) {
	sum := sha256.Sum256([]byte(address))
	props := awssns.CfnSubscriptionProps{TopicArn: jsii.String(arn), Protocol: jsii.String("email"), Endpoint: jsii.String(address)}
	if filter != nil {
		props.FilterPolicy = filter
	}
	awssns.NewCfnSubscription(scope, jsii.String(topic+"To"+hex.EncodeToString(sum[:4])), &props)
}
