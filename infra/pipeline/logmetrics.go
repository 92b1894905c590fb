package pipeline

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/fault"
)

// logNamespace holds what is counted in logs.
const logNamespace = "Pilotage/Pipeline"

// counted is a metric of what the machines log: each line is an event of an execution's history. A
// stage's error is in the log of the machine that called it, by its name, so that none of the
// functions' logs is looked at.
type counted struct{ name, pattern string }

// badEnds are ends that need a person. RolledBack and Refused are clean, and after LeaseLost
// somebody else is at work: a person who took the lock, or the watchdog. What is left is FailedDirty,
// should Page not have run, and States.Runtime and its like, which no Catch catches.
func badEnds() counted {
	var terms []string
	for _, end := range []string{"Pilotage.Refused", "Pilotage.RolledBack", string(fault.LeaseLost)} {
		terms = append(terms, fmt.Sprintf("$.details.error != %q", end))
	}
	return counted{"BadEnds", `{ $.type = "ExecutionFailed" && ` + strings.Join(terms, " && ") + " }"}
}

// defects are errors that no stage means to give. A panic is Internal too; the others are what Lambda
// says of a function that died or ran out of time or memory (Step Functions Developer Guide, "Handle
// Lambda service exceptions").
func defects() counted {
	var terms []string
	for _, name := range []string{string(fault.Internal), "Lambda.Unknown", "Runtime.*", "Sandbox.Timedout"} {
		terms = append(terms, fmt.Sprintf("$.details.error = %q", name))
	}
	return counted{"Defects", `{ $.type = "TaskFailed" && (` + strings.Join(terms, " || ") + ") }"}
}

// newLogMetric counts in the logs of both machines.
func newLogMetric(scope constructs.Construct, m machines, c counted) metric {
	for _, from := range []struct{ id, group string }{{"Deploy", m.deploy.logs}, {"Rollback", m.rollback.logs}} {
		awslogs.NewCfnMetricFilter(scope, jsii.String(from.id+c.name), &awslogs.CfnMetricFilterProps{
			LogGroupName: jsii.String(from.group), FilterPattern: jsii.String(c.pattern),
			MetricTransformations: &[]any{&awslogs.CfnMetricFilter_MetricTransformationProperty{
				MetricNamespace: jsii.String(logNamespace), MetricName: jsii.String(c.name), MetricValue: jsii.String("1"),
			}},
		})
	}
	return metric{namespace: logNamespace, name: c.name}
}
