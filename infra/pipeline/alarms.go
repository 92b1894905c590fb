package pipeline

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

type alarmsProps struct {
	Topics    topics
	Letters   deadLetters
	Ledger    ledgerTable
	Functions functions
	Machines  machines
}

// newAlarms calls people for what needs them. A refusal, an automatic rollback and a retry need
// nobody: executions end in Fail by them, and stages answer with errors, so that neither the count
// of failed executions nor a stage's Errors calls anybody. A metric that says nothing is well: none
// of these has a heartbeat.
func newAlarms(scope constructs.Construct, props alarmsProps) {
	alarm := func(id string, m metric, description string) {
		newAlarm(scope, id, description, m, props.Topics.alarms)
	}
	alarm("FailedDirty", metric{"AWS/Lambda", "Invocations", functionOf(props.Functions, "Page")},
		"A deployment could not be taken back: the lock is kept and a hold is set. Follow "+runbook("failed-dirty"))
	alarm("BadEnd", newLogMetric(scope, props.Machines, badEnds()),
		"An execution ended failed-dirty, or in a way that its definition does not have: read the last event of its history. "+runbook("what-each-alarm-means"))
	alarm("Defect", newLogMetric(scope, props.Machines, defects()),
		"A stage panicked, died or failed with an error of no class, a defect of pilotage: read its log. "+runbook("what-each-alarm-means"))
	for _, m := range []struct{ id, arn string }{{"Deploy", props.Machines.deploy.arn}, {"Rollback", props.Machines.rollback.arn}} {
		executions := func(name string) metric {
			return metric{"AWS/States", name, map[string]string{"StateMachineArn": m.arn}}
		}
		// The watchdog takes over from these, if the event reaches it: Step Functions promises its
		// best effort only (EventBridge Events Reference, "AWS Step Functions events").
		alarm(m.id+"TimedOut", executions("ExecutionsTimedOut"), "An execution was ended by its time limit: see that the watchdog took over. "+runbook("what-each-alarm-means"))
		alarm(m.id+"Aborted", executions("ExecutionsAborted"), "An execution was stopped by a person: see that the watchdog took over. "+runbook("stop-an-execution-safely"))
		alarm(m.id+"Throttled", executions("ExecutionThrottled"), "An execution is held back between states: ask for a higher limit of state transitions. "+runbook("what-each-alarm-means"))
	}
	alarm("LettersWaiting", metric{"AWS/SQS", "ApproximateNumberOfMessagesVisible", map[string]string{"QueueName": props.Letters.name}},
		"Events came to nothing: follow "+runbook("dead-letters"))
	for _, name := range entryPoints(props.Functions) {
		// They answer a refusal as a result.
		alarm(name+"Errors", metric{"AWS/Lambda", "Errors", functionOf(props.Functions, name)}, "Function "+name+" failed: read its log. "+runbook("what-each-alarm-means"))
	}
	alarm("Throttled", metric{"AWS/Lambda", "Throttles", nil}, "Functions are held back: ask for a higher limit of concurrent executions. "+runbook("what-each-alarm-means"))
	for _, kind := range []string{"Read", "Write"} {
		alarm("Ledger"+kind+"sThrottled", metric{"AWS/DynamoDB", kind + "ThrottleEvents", map[string]string{"TableName": props.Ledger.name}},
			"The ledger is held back: look who else uses it. "+runbook("what-each-alarm-means"))
	}
}

// runbook is where a section of docs/runbook.md is.
func runbook(section string) string { return "docs/runbook.md#" + section }

func functionOf(f functions, name string) map[string]string {
	return map[string]string{"FunctionName": *f.byName[name].FunctionName()}
}

// entryPoints are the functions that no machine calls, in the table's order.
func entryPoints(f functions) []string {
	stages := called()
	return slices.DeleteFunc(slices.Clone(f.names), func(name string) bool { return slices.Contains(stages, name) })
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
