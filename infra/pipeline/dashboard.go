package pipeline

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

// newDashboard shows how the pipeline does: executions by their ends, how long they take, and
// what its functions do.
func newDashboard(stack awscdk.Stack, f functions) {
	arns := []string{machineText(Deploy), machineText(Rollback)}
	var ends, durations, errors, times []any
	for _, arn := range arns {
		for _, name := range []string{"ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsAborted", "ExecutionsTimedOut"} {
			ends = append(ends, []any{"AWS/States", name, "StateMachineArn", arn})
		}
		durations = append(durations, []any{"AWS/States", "ExecutionTime", "StateMachineArn", arn})
	}
	for _, name := range f.names {
		errors = append(errors, []any{"AWS/Lambda", "Errors", "FunctionName", "pilotage-" + name})
		times = append(times, []any{"AWS/Lambda", "Duration", "FunctionName", "pilotage-" + name})
	}
	body, err := json.Marshal(map[string]any{"widgets": []any{
		widget(0, 0, "Executions by their end", "Sum", ends), widget(12, 0, "Duration of executions", "Average", durations),
		widget(0, 6, "Failed invocations", "Sum", errors), widget(12, 6, "Duration of invocations", "p99", times),
	}})
	if err != nil {
		panic("encode the dashboard: " + err.Error())
	}
	awscloudwatch.NewCfnDashboard(stack, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: jsii.String("pilotage"), DashboardBody: awscdk.Fn_Sub(jsii.String(string(body)), nil),
	})
}

// machineText is a machine's ARN for Fn::Sub.
func machineText(name string) string {
	return "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:" + name
}

func widget(x, y int, title, statistic string, metrics []any) map[string]any {
	return map[string]any{"type": "metric", "x": x, "y": y, "width": 12, "height": 6, "properties": map[string]any{
		"title": title, "stat": statistic, "period": 300, "region": "${AWS::Region}", "view": "timeSeries", "metrics": metrics,
	}}
}
