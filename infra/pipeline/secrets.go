package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// secrets are the ARNs of what only functions know. Secrets Manager makes the values up, so that
// none of them is ever in a template.
type secrets struct{ webhook, approval, github string }

// secretLength is in characters of letters and digits: more than 256 bits.
const secretLength = 48

func newSecrets(scope constructs.Construct, key awskms.Key) secrets {
	return secrets{
		webhook:  newSecret(scope, key, "WebhookSecret", "pilotage: signs GitHub's deliveries; enter it in the webhook's settings"),
		approval: newSecret(scope, key, "ApprovalSecret", "pilotage: keys the links and codes of approvals"),
		github:   newTokenSecret(scope, key),
	}
}

func newSecret(scope constructs.Construct, key awskms.Key, id, description string) string {
	secret := awssecretsmanager.NewCfnSecret(scope, jsii.String(id), &awssecretsmanager.CfnSecretProps{
		Description: jsii.String(description), KmsKeyId: key.KeyArn(),
		GenerateSecretString: &awssecretsmanager.CfnSecret_GenerateSecretStringProperty{
			PasswordLength: jsii.Number(secretLength), ExcludePunctuation: jsii.Bool(true),
		},
	})
	return *secret.Ref()
}

// newTokenSecret makes the secret of the token by which GitHub is told what becomes of deployments.
// Who wants that puts a token there. Until then it holds what is none: a secret that was made empty
// could not be told from one that is not there.
func newTokenSecret(scope constructs.Construct, key awskms.Key) string {
	secret := awssecretsmanager.NewCfnSecret(scope, jsii.String("GitHubTokenSecret"), &awssecretsmanager.CfnSecretProps{
		Description: jsii.String("pilotage: a token of GitHub, to show deployments there; optional"), KmsKeyId: key.KeyArn(),
		GenerateSecretString: &awssecretsmanager.CfnSecret_GenerateSecretStringProperty{
			SecretStringTemplate: jsii.String(`{"token":""}`), GenerateStringKey: jsii.String("placeholder"),
			PasswordLength: jsii.Number(secretLength), ExcludePunctuation: jsii.Bool(true),
		},
	})
	return *secret.Ref()
}
