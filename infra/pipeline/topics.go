package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
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
	var everybody, onCall []string
	for _, environment := range file.Environments {
		everybody = append(everybody, addressees(environment)...)
		onCall = append(onCall, environment.Notify.OnCall...)
	}
	for _, address := range each(everybody) {
		own := map[string]any{recipientAttribute: []string{strings.ToLower(address)}}
		subscribe(scope, "Notices", made.notices, address, own)
		subscribe(scope, "Pages", made.pages, address, own)
	}
	for _, address := range each(onCall) {
		subscribe(scope, "Alarms", made.alarms, address, nil)
	}
	return made
}

// each lists addresses in order, each once: one that is written in two ways would get its mails twice.
func each(addresses []string) []string {
	return slices.CompactFunc(slices.SortedFunc(slices.Values(addresses), func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	}), strings.EqualFold)
}

// addressees are all to whom the pipeline writes by their own address: the team, those on call, whoever
// is asked to approve, and people, who are told what became of what they had asked for.
func addressees(environment deploy.Environment) []string {
	all := slices.Concat(environment.Notify.Team, environment.Notify.OnCall, environment.Approval.Everybody())
	for _, person := range environment.People {
		all = append(all, person.Mail)
	}
	return all
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
