package pipeline

import (
	"iter"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

type logsProps struct {
	ID, Name string
	Key      awskms.Key
}

// newLogGroup makes a log group. It goes with its stack, or a stack made again would find its
// name taken; what audits need is in the archive.
func newLogGroup(scope constructs.Construct, props logsProps) awslogs.CfnLogGroup {
	group := awslogs.NewCfnLogGroup(scope, jsii.String(props.ID), &awslogs.CfnLogGroupProps{
		LogGroupName: jsii.String(props.Name), RetentionInDays: jsii.Number(logDays), KmsKeyId: props.Key.KeyArn(),
	})
	group.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
	return group
}

func sorted(values iter.Seq[string]) []string { return slices.Sorted(values) }

func keys(values map[string]string) iter.Seq[string] { return maps.Keys(values) }
