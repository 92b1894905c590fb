package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/config"
)

type rulesProps struct {
	File      config.File
	Bus       bus
	Functions functions
	Machines  machines
	Letters   deadLetters
}

// newRules says which events lead to what. The patterns are those of local/world.
func newRules(scope constructs.Construct, props rulesProps) {
	newRule(scope, ruleProps{
		ID: "Push", Description: "A push that the webhook took in starts deployments", Bus: props.Bus.name, Letters: props.Letters,
		Pattern:  map[string]any{"source": []string{"pilotage.github"}, "detail-type": []string{"Push"}},
		Function: props.Functions.byName["Intake"],
	})
	newPipelineRules(scope, props)
	newRule(scope, ruleProps{
		ID: "Due", Description: "A schedule begins a deployment", Bus: props.Bus.name, Letters: props.Letters,
		Pattern:  map[string]any{"source": []string{"pilotage.schedule"}, "detail-type": []string{"Scheduled Deployment"}},
		Function: props.Functions.byName["Intake"],
	})
	newRule(scope, ruleProps{
		ID: "ExecutionEnded", Description: "An execution that did not end by itself is taken over by the watchdog", Letters: props.Letters,
		Pattern: map[string]any{
			"source": []string{"aws.states"}, "detail-type": []string{"Step Functions Execution Status Change"},
			"detail": map[string]any{
				"status":          []string{"ABORTED", "FAILED", "TIMED_OUT"},
				"stateMachineArn": []string{props.Machines.deploy.arn, props.Machines.rollback.arn},
			},
		},
		Function: props.Functions.byName["Watchdog"],
	})
	newRule(scope, ruleProps{
		ID: "ExecutionChanged", Description: "GitHub is told of each execution that begins or ends", Letters: props.Letters,
		Pattern: map[string]any{
			"source": []string{"aws.states"}, "detail-type": []string{"Step Functions Execution Status Change"},
			"detail": map[string]any{"stateMachineArn": []string{props.Machines.deploy.arn, props.Machines.rollback.arn}},
		},
		Function: props.Functions.byName["Report"],
	})
}

type ruleProps struct {
	ID, Description string
	// Bus is empty for the account's default bus.
	Bus      string
	Pattern  map[string]any
	Function awslambda.Function
	Letters  deadLetters
}

// The bounds of EventBridge's own repetition: after an hour nobody wants the deployment any more.
const (
	retryAttempts = 20
	retrySeconds  = 3600
)

// newRule sends matching events to a function, and to the dead letters those that cannot be handed
// over. What becomes of one that was is not EventBridge's concern: see keepFailed.
func newRule(scope constructs.Construct, props ruleProps) {
	made := awsevents.CfnRuleProps{
		Description: jsii.String(props.Description), EventPattern: props.Pattern, State: jsii.String("ENABLED"),
		Targets: &[]any{&awsevents.CfnRule_TargetProperty{
			Id: jsii.String("function"), Arn: props.Function.FunctionArn(),
			DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: jsii.String(props.Letters.arn)},
			RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{
				MaximumRetryAttempts: jsii.Number(retryAttempts), MaximumEventAgeInSeconds: jsii.Number(retrySeconds),
			},
		}},
	}
	if props.Bus != "" {
		made.EventBusName = jsii.String(props.Bus)
	}
	rule := awsevents.NewCfnRule(scope, jsii.String(props.ID), &made)
	awslambda.NewCfnPermission(scope, jsii.String(props.ID+"Invoke"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: props.Function.FunctionArn(),
		Principal: jsii.String("events.amazonaws.com"), SourceArn: rule.AttrArn(),
	})
}
