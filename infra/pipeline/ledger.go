package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/retain"
)

// ledgerTable is where the ledger is kept.
type ledgerTable struct {
	table     awsdynamodb.CfnTable
	name, arn string
}

// newLedger makes the table. Its keys and its expiry are those that shared/aws/dynamodb writes.
func newLedger(scope constructs.Construct, key awskms.Key, data retain.Policy) ledgerTable {
	table := awsdynamodb.NewCfnTable(scope, jsii.String("Ledger"), &awsdynamodb.CfnTableProps{
		BillingMode: jsii.String("PAY_PER_REQUEST"),
		AttributeDefinitions: &[]any{
			&awsdynamodb.CfnTable_AttributeDefinitionProperty{AttributeName: jsii.String("partition"), AttributeType: jsii.String("S")},
			&awsdynamodb.CfnTable_AttributeDefinitionProperty{AttributeName: jsii.String("sort"), AttributeType: jsii.String("S")},
		},
		KeySchema: &[]any{
			&awsdynamodb.CfnTable_KeySchemaProperty{AttributeName: jsii.String("partition"), KeyType: jsii.String("HASH")},
			&awsdynamodb.CfnTable_KeySchemaProperty{AttributeName: jsii.String("sort"), KeyType: jsii.String("RANGE")},
		},
		TimeToLiveSpecification:          &awsdynamodb.CfnTable_TimeToLiveSpecificationProperty{AttributeName: jsii.String("ttl"), Enabled: jsii.Bool(true)},
		PointInTimeRecoverySpecification: &awsdynamodb.CfnTable_PointInTimeRecoverySpecificationProperty{PointInTimeRecoveryEnabled: jsii.Bool(true)},
		SseSpecification: &awsdynamodb.CfnTable_SSESpecificationProperty{
			SseEnabled: jsii.Bool(true), SseType: jsii.String("KMS"), KmsMasterKeyId: key.KeyArn(),
		},
		DeletionProtectionEnabled: jsii.Bool(data.Protected()),
	})
	data.Apply(table)
	return ledgerTable{table: table, name: *table.Ref(), arn: *table.AttrArn()}
}
