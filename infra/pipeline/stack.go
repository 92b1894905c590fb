// Package pipeline is the stack of the deployment pipeline itself: the two state machines, the
// functions that they chain, what these remember, and whom they tell. It is one for a service
// and all of its environments.
package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecr"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/retain"
	"github.com/pilotage/pilotage/shared/config"
)

// StackName is what the stack is called in the account, in each region at most once.
const StackName = "pilotage"

// Props describe the stack.
type Props struct {
	// File is the service's pilotage.yaml.
	File config.File
	// Code is the folder that holds the functions' binary, called bootstrap.
	Code string
	// Data says what becomes of data when the stack is deleted.
	Data retain.Policy
	// RecordLockDays keeps change records from being deleted or replaced, by anybody, for this
	// long; 0 leaves the lock off. It cannot be turned off again.
	RecordLockDays int
	// PublicConcurrency is how many requests each function runs at once that anybody can call; 0
	// sets no limit.
	PublicConcurrency int
	Env               *awscdk.Environment
}

// Stack is the pipeline, with what the environments' stacks need of it.
type Stack struct {
	awscdk.Stack
	Network Network
	Images  awsecr.CfnRepository
	Backups Backups
	// Alarms is the ARN of the topic that calls the people on call.
	Alarms string
}

// Network is where functions run that have to reach a database or a load balancer.
type Network struct {
	VPC awsec2.Vpc
	// Address is the one IPv4 address from which functions reach the internet.
	Address string
	// CIDR is the block of the network.
	CIDR string
	// Group is the functions' security group.
	Group awsec2.SecurityGroup
}

// works is what the functions work with.
type works struct {
	props   Props
	key     awskms.Key
	ledger  ledgerTable
	archive archive
	topics  topics
	secrets secrets
	bus     bus
	letters deadLetters
	network Network
}

// New makes the stack.
func New(scope constructs.Construct, props Props) Stack {
	stack := awscdk.NewStack(scope, jsii.String("Pipeline"), &awscdk.StackProps{
		StackName: jsii.String(StackName), Env: props.Env,
		Description:           jsii.String("pilotage: moves " + props.File.Service + " between versions, its database included, and back"),
		TerminationProtection: jsii.Bool(props.Data == retain.Keep),
	})
	// CloudFormation has no tags on dashboards, whatever the CDK thinks.
	awscdk.Tags_Of(stack).Add(jsii.String("pilotage:service"), jsii.String(props.File.Service), &awscdk.TagProps{
		ExcludeResourceTypes: jsii.Strings("AWS::CloudWatch::Dashboard"),
	})
	w := works{props: props, key: newKey(stack, props.Data)}
	w.ledger = newLedger(stack, w.key, props.Data)
	w.archive = newArchive(stack, archiveProps{Key: w.key, Data: props.Data, LockDays: props.RecordLockDays})
	w.topics = newTopics(stack, w.key, props.File)
	w.secrets = newSecrets(stack, w.key)
	w.bus = newBus(stack)
	w.letters = newDeadLetters(stack, w.key)
	w.network = newNetwork(stack, w.key)
	images := newImages(stack, w.key, props)
	newSettings(stack, props.File)

	functions := newFunctions(stack, w)
	machines := newMachines(stack, w.key, functions, newBuilds(stack, w, images))
	newSchedules(stack, w)
	newRules(stack, rulesProps{File: props.File, Bus: w.bus, Functions: functions, Machines: machines, Letters: w.letters})
	newAlarms(stack, alarmsProps{Topics: w.topics, Letters: w.letters, Ledger: w.ledger, Functions: functions, Machines: machines})
	newDashboard(stack, functions)
	backups := newBackups(stack, w.key, w.ledger, props)
	newOutputs(stack, w, functions, machines, images)
	return Stack{Stack: stack, Network: w.network, Images: images, Backups: backups, Alarms: w.topics.alarms}
}
