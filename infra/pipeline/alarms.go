package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

type alarmsProps struct {
	Topics    topics
	Letters   deadLetters
	Functions functions
	Machines  machines
}

// newAlarms calls people when a deployment fails dirty, when any machine fails, when events are
// lost and when functions fail. A metric that says nothing is well: none of these has a heartbeat.
func newAlarms(scope constructs.Construct, props alarmsProps) {
	alarm := func(id, description string, m metric) { newAlarm(scope, id, description, m, props.Topics.alarms) }
	for _, m := range []struct{ id, arn string }{{"Deploy", props.Machines.deploy.arn}, {"Rollback", props.Machines.rollback.arn}} {
		id, dimensions := m.id, map[string]string{"StateMachineArn": m.arn}
		alarm(id+"Failed", "An execution failed: open it in the Step Functions console, and follow the runbook",
			metric{"AWS/States", "ExecutionsFailed", dimensions})
		alarm(id+"TimedOut", "An execution was ended by its time limit: the watchdog takes over", metric{"AWS/States", "ExecutionsTimedOut", dimensions})
		alarm(id+"Aborted", "An execution was stopped by a person: the watchdog takes over", metric{"AWS/States", "ExecutionsAborted", dimensions})
	}
	alarm("FailedDirty", "A deployment could not be taken back: the lock is kept and a hold is set. Follow the runbook",
		metric{"AWS/Lambda", "Invocations", map[string]string{"FunctionName": *props.Functions.byName["Page"].FunctionName()}})
	alarm("LettersWaiting", "Events came to nothing: follow the runbook, \"Dead letters\"",
		metric{"AWS/SQS", "ApproximateNumberOfMessagesVisible", map[string]string{"QueueName": props.Letters.name}})
	for _, name := range props.Functions.names {
		dimensions := map[string]string{"FunctionName": *props.Functions.byName[name].FunctionName()}
		alarm(name+"Errors", "Function "+name+" failed: read its log", metric{"AWS/Lambda", "Errors", dimensions})
	}
	alarm("Throttled", "Functions are held back: ask for a higher limit of concurrent executions", metric{"AWS/Lambda", "Throttles", nil})
}

// metric is one of CloudWatch's, summed over five minutes.
type metric struct {
	namespace, name string
	dimensions      map[string]string
}

// alarmSeconds is how long is summed up: a quarter of the recovery objective of 15 minutes.
const alarmSeconds = 300

func newAlarm(scope constructs.Construct, id, description string, m metric, topic string) {
	dimensions := []any{}
	for _, name := range sorted(keys(m.dimensions)) {
		dimensions = append(dimensions, &awscloudwatch.CfnAlarm_DimensionProperty{Name: jsii.String(name), Value: jsii.String(m.dimensions[name])})
	}
	awscloudwatch.NewCfnAlarm(scope, jsii.String(id+"Alarm"), &awscloudwatch.CfnAlarmProps{
		AlarmDescription: jsii.String(description), Namespace: jsii.String(m.namespace), MetricName: jsii.String(m.name), Dimensions: &dimensions,
		Statistic: jsii.String("Sum"), Period: jsii.Number(alarmSeconds), EvaluationPeriods: jsii.Number(1),
		Threshold: jsii.Number(0), ComparisonOperator: jsii.String("GreaterThanThreshold"), TreatMissingData: jsii.String("notBreaching"),
		AlarmActions: &[]any{jsii.String(topic)},
	})
}
