package pipeline

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
)

// newSchedules makes EventBridge Scheduler put an event on the bus at the times that pilotage.yaml
// names. The event says when it was due, so that one time is one deployment.
func newSchedules(stack awscdk.Stack, w works) {
	names := scheduled(w)
	if len(names) == 0 {
		return
	}
	role := grant.NewRole(stack, "SchedulesRole", grant.RoleProps{
		Service: "scheduler.amazonaws.com", SourceAccount: true, Description: "pilotage: tells the pipeline that it is time",
		Statements: append([]grant.Statement{
			{Actions: []string{"events:PutEvents"}, Resources: []string{w.bus.arn}},
			{Actions: []string{"sqs:SendMessage"}, Resources: []string{w.letters.arn}},
		}, append(w.useKey("sqs", "kms:Decrypt", "kms:GenerateDataKey"), w.useKey("scheduler", "kms:Decrypt")...)...),
	})
	for _, name := range names {
		timer := w.props.File.Environments[name].Timer
		zone := timer.Timezone
		if zone == "" {
			zone = "UTC"
		}
		awsscheduler.NewCfnSchedule(stack, jsii.String("Schedule-"+name), &awsscheduler.CfnScheduleProps{
			Name: jsii.String("pilotage-" + w.props.File.Service + "-" + name), Description: jsii.String("Deploys to " + name + " what is newest"),
			ScheduleExpression: jsii.String(timer.Expression), ScheduleExpressionTimezone: jsii.String(zone), State: jsii.String("ENABLED"),
			FlexibleTimeWindow: &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")}, KmsKeyArn: w.key.KeyArn(),
			Target: &awsscheduler.CfnSchedule_TargetProperty{
				Arn: jsii.String(w.bus.arn), RoleArn: role.RoleArn(), Input: jsii.String(due(stack, w.props.File.Service, name)),
				EventBridgeParameters: &awsscheduler.CfnSchedule_EventBridgeParametersProperty{
					Source: jsii.String("pilotage.schedule"), DetailType: jsii.String("Scheduled Deployment"),
				},
				DeadLetterConfig: &awsscheduler.CfnSchedule_DeadLetterConfigProperty{Arn: jsii.String(w.letters.arn)},
				RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
					MaximumRetryAttempts: jsii.Number(retryAttempts), MaximumEventAgeInSeconds: jsii.Number(retrySeconds),
				},
			},
		})
	}
}

// scheduled are the environments that are deployed to at certain times.
func scheduled(w works) []string {
	var names []string
	for _, name := range w.props.File.Names() {
		if w.props.File.Environments[name].Timer.Expression != "" {
			names = append(names, name)
		}
	}
	return names
}

// due is the detail of the event, in which Scheduler replaces the time (EventBridge Scheduler User
// Guide, "Adding context attributes").
func due(stack awscdk.Stack, service, environment string) string {
	text, err := json.Marshal(map[string]any{
		"scope":         map[string]string{"service": service, "environment": environment, "region": *stack.Region()},
		"scheduledTime": "@@time@@",
	})
	if err != nil {
		panic("encode the schedule of " + environment + ": " + err.Error())
	}
	// JSON would write the brackets as escapes, which Scheduler does not know.
	return strings.Replace(string(text), "@@time@@", "<aws.scheduler.scheduled-time>", 1)
}
