package environment

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newAlarms watches what users feel and what the database runs out of. They are told to the
// pipeline's people on call.
func newAlarms(scope constructs.Construct, w works) {
	balancer := map[string]string{"LoadBalancer": *w.balancer.balancer.AttrLoadBalancerFullName()}
	instance := map[string]string{"DBInstanceIdentifier": w.props.Environment.Database.Instance}
	for _, a := range []alarm{
		{id: "Errors", says: "The service answers with errors", namespace: "AWS/ApplicationELB", metric: "HTTPCode_Target_5XX_Count", statistic: "Sum", above: 10, dimensions: balancer},
		{id: "Refused", says: "The load balancer finds nobody to ask", namespace: "AWS/ApplicationELB", metric: "HTTPCode_ELB_5XX_Count", statistic: "Sum", above: 10, dimensions: balancer},
		{id: "Slow", says: "One answer in 20 takes longer than the 500 ms of the service level", namespace: "AWS/ApplicationELB", metric: "TargetResponseTime", percentile: "p95", above: 0.5, dimensions: balancer},
		{id: "DatabaseBusy", says: "The database's CPU is used up", namespace: "AWS/RDS", metric: "CPUUtilization", statistic: "Average", above: 90, dimensions: instance},
		{id: "DatabaseFull", says: "The database has less than 2 GB of storage left", namespace: "AWS/RDS", metric: "FreeStorageSpace", statistic: "Minimum", below: 2e9, dimensions: instance},
	} {
		newAlarm(scope, w.props.Pipeline.Alarms, a)
	}
}

// alarm is one metric with what it must not be above, or below.
type alarm struct {
	id, says, namespace, metric, statistic, percentile string
	above, below                                       float64
	dimensions                                         map[string]string
}

func newAlarm(scope constructs.Construct, topic string, a alarm) {
	dimensions := []any{}
	for name, value := range a.dimensions {
		dimensions = append(dimensions, &awscloudwatch.CfnAlarm_DimensionProperty{Name: jsii.String(name), Value: jsii.String(value)})
	}
	props := awscloudwatch.CfnAlarmProps{
		AlarmDescription: jsii.String(a.says), Namespace: jsii.String(a.namespace), MetricName: jsii.String(a.metric), Dimensions: &dimensions,
		Period: jsii.Number(60), EvaluationPeriods: jsii.Number(5), DatapointsToAlarm: jsii.Number(3), TreatMissingData: jsii.String("notBreaching"),
		Threshold: jsii.Number(a.above), ComparisonOperator: jsii.String("GreaterThanThreshold"), AlarmActions: &[]any{jsii.String(topic)},
	}
	if a.below > 0 {
		props.Threshold, props.ComparisonOperator = jsii.Number(a.below), jsii.String("LessThanThreshold")
	}
	if a.percentile != "" {
		props.ExtendedStatistic = jsii.String(a.percentile)
	} else {
		props.Statistic = jsii.String(a.statistic)
	}
	awscloudwatch.NewCfnAlarm(scope, jsii.String(a.id+"Alarm"), &props)
}
