package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Backups is the plan by which everything is backed up daily, tagged TagKey = TagValue.
type Backups struct{ TagKey, TagValue string }

// backupDays is how long a daily backup is kept.
const backupDays = 30

// newBackups backs the ledger up, and whatever the environments tag. Deployments take snapshots
// of their own; these are for the day on which something else goes wrong.
func newBackups(scope constructs.Construct, key awskms.Key, ledger ledgerTable, props Props) Backups {
	backups := Backups{TagKey: "pilotage:backup", TagValue: "daily"}
	awscdk.Tags_Of(ledger.table).Add(jsii.String(backups.TagKey), jsii.String(backups.TagValue), nil)
	vault := awsbackup.NewCfnBackupVault(scope, jsii.String("Vault"), &awsbackup.CfnBackupVaultProps{
		BackupVaultName: jsii.String(StackName), EncryptionKeyArn: key.KeyArn(),
	})
	props.Data.Apply(vault)
	plan := awsbackup.NewCfnBackupPlan(scope, jsii.String("DailyBackups"), &awsbackup.CfnBackupPlanProps{
		BackupPlan: &awsbackup.CfnBackupPlan_BackupPlanResourceTypeProperty{
			BackupPlanName: jsii.String("pilotage-daily"),
			BackupPlanRule: &[]any{&awsbackup.CfnBackupPlan_BackupRuleResourceTypeProperty{
				RuleName: jsii.String("daily"), TargetBackupVault: vault.Ref(), ScheduleExpression: jsii.String("cron(0 3 * * ? *)"),
				Lifecycle: &awsbackup.CfnBackupPlan_LifecycleResourceTypeProperty{DeleteAfterDays: jsii.Number(backupDays)},
			}},
		},
	})
	account := map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()}}
	role := awsiam.NewRole(scope, jsii.String("DailyBackupsRole"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewPrincipalWithConditions(awsiam.NewServicePrincipal(jsii.String("backup.amazonaws.com"), nil), &account),
		Description: jsii.String("pilotage: takes the daily backups"),
		// AWS keeps this policy in step with what backups of each service need.
		ManagedPolicies: &[]awsiam.IManagedPolicy{
			awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("service-role/AWSBackupServiceRolePolicyForBackup")),
		},
	})
	awsbackup.NewCfnBackupSelection(scope, jsii.String("BackedUp"), &awsbackup.CfnBackupSelectionProps{
		BackupPlanId: plan.Ref(), BackupSelection: &awsbackup.CfnBackupSelection_BackupSelectionResourceTypeProperty{
			SelectionName: jsii.String("pilotage"), IamRoleArn: role.RoleArn(),
			ListOfTags: &[]any{&awsbackup.CfnBackupSelection_ConditionResourceTypeProperty{
				ConditionType: jsii.String("STRINGEQUALS"), ConditionKey: jsii.String(backups.TagKey), ConditionValue: jsii.String(backups.TagValue),
			}},
		},
	})
	return backups
}
