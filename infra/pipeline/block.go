package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
	"github.com/pilotage/pilotage/shared/aws/place"
)

// block is one thing that functions do: what it needs to be allowed, and which settings. What
// they do in an environment is granted by the environment's own stack, on its exact resources.
type block struct {
	statements []grant.Statement
	settings   map[string]string
}

// remember is to read and write the ledger. Nothing scans it, and nothing deletes from it.
func (w works) remember() block {
	return block{
		// What DynamoDB asks of whoever uses a table under a key of the customer (Developer Guide,
		// "Encryption at rest: usage notes").
		statements: append(w.useKey("dynamodb", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"), grant.Statement{
			Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}, Resources: []string{w.ledger.arn},
		}),
		settings: map[string]string{"PILOTAGE_LEDGER_TABLE": w.ledger.name},
	}
}

// configure is to read the settings and places of all environments.
func (w works) configure(stack awscdk.Stack) block {
	root := *stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("ssm"), Resource: jsii.String("parameter" + place.DefaultRoot)})
	return block{
		statements: []grant.Statement{{Actions: []string{"ssm:GetParameter", "ssm:GetParametersByPath"}, Resources: []string{root, root + "/*"}}},
		settings:   map[string]string{"PILOTAGE_PARAMETERS": place.DefaultRoot},
	}
}

// find is to look releases up.
func (w works) find() block {
	return block{
		statements: append(w.useKey("s3", "kms:Decrypt"),
			grant.Statement{Actions: []string{"s3:GetObject"}, Resources: []string{w.archive.arn + "/releases/*"}},
			// Without it S3 says that a release which does not exist is forbidden.
			grant.Statement{
				Actions: []string{"s3:ListBucket"}, Resources: []string{w.archive.arn},
				Conditions: map[string]map[string]any{"StringLike": {"s3:prefix": []string{"releases/*"}}},
			},
		),
		settings: map[string]string{"PILOTAGE_BUCKET": w.archive.name},
	}
}

// write is to put change records into the archive.
func (w works) write() block {
	return block{
		statements: append(w.useKey("s3", "kms:Decrypt", "kms:GenerateDataKey"), grant.Statement{Actions: []string{"s3:PutObject"}, Resources: []string{w.archive.arn + "/records/*"}}),
		settings:   map[string]string{"PILOTAGE_BUCKET": w.archive.name},
	}
}

// tell is to write to people.
func (w works) tell() block {
	return block{
		statements: append(w.useKey("sns", "kms:Decrypt", "kms:GenerateDataKey"), grant.Statement{Actions: []string{"sns:Publish"}, Resources: []string{w.topics.notices, w.topics.pages}}),
		settings:   map[string]string{"PILOTAGE_NOTICES_TOPIC_ARN": w.topics.notices, "PILOTAGE_PAGES_TOPIC_ARN": w.topics.pages},
	}
}

// know is to read one secret, whose ARN a setting names.
func (w works) know(secret, setting string) block {
	return block{
		statements: append(w.useKey("secretsmanager", "kms:Decrypt"), grant.Statement{Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []string{secret}}),
		settings:   map[string]string{setting: secret},
	}
}

// useKey is to use the key, through one service only.
func (w works) useKey(service string, actions ...string) []grant.Statement {
	return []grant.Statement{{Actions: actions, Resources: []string{*w.key.KeyArn()}, Conditions: map[string]map[string]any{"StringEquals": {
		"kms:ViaService": service + "." + *awscdk.Stack_Of(w.key).Region() + ".amazonaws.com",
	}}}}
}

// trace is what every function does.
func trace(logGroup string) []grant.Statement {
	return []grant.Statement{
		{Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: []string{logGroup}},
		{
			Actions: []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, Resources: []string{"*"},
			Why: "X-Ray has no resources that writing of traces could be limited to",
		},
	}
}

// attach is what Lambda does on behalf of a function inside the network.
func attach() []grant.Statement {
	return []grant.Statement{{
		Actions: []string{
			"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
			"ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
		},
		Resources: []string{"*"},
		Why:       "Lambda checks for exactly this on every resource before it puts a function into a network (Developer Guide, 'Giving Lambda functions access to resources in an Amazon VPC')",
	}}
}
