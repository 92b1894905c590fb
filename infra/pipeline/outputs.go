package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecr"
	"github.com/aws/jsii-runtime-go"
)

// newOutputs tells people what they need to know of the stack.
func newOutputs(stack awscdk.Stack, w works, f functions, m machines, images awsecr.CfnRepository) {
	for _, output := range []struct{ id, value, description string }{
		{"WebhookAddress", f.urls["Webhook"], "Enter it in the repository's settings, under webhooks"},
		{"WebhookSecretName", w.secrets.webhook, "The secret to enter there: aws secretsmanager get-secret-value --secret-id"},
		{"GitHubTokenSecretName", w.secrets.github, "Where a token of GitHub belongs, if deployments are to be shown there: aws secretsmanager put-secret-value --secret-id"},
		{"ApprovalAddress", f.urls["Decide"], "Where approvers decide; mails link to it"},
		{"CommandAddress", f.urls["Command"], "Where commands are sent: export PILOTAGE_COMMAND_URL=..."},
		{"DeployMachineAlias", m.deploy.alias, "Starts a deployment"},
		{"RollbackMachineAlias", m.rollback.alias, "Starts a rollback"},
		{"LedgerTable", w.ledger.name, "What the pipeline remembers"},
		{"ArchiveBucket", w.archive.name, "Change records, and releases"},
		{"ImageRepository", *images.AttrRepositoryUri(), "Where images are pushed to"},
		{"BusName", w.bus.name, "Where pushes are put"},
	} {
		awscdk.NewCfnOutput(stack, jsii.String(output.id), &awscdk.CfnOutputProps{Value: jsii.String(output.value), Description: jsii.String(output.description)})
	}
}
