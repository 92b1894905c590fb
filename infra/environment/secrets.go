package environment

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// secrets are what the service is told at its start, by variable.
type secrets struct{ byVariable map[string]string }

// secretLength is in letters and digits: more than 256 bits.
const secretLength = 48

// newSecrets makes the service's secrets. Their values are made up by Secrets Manager, or put
// together by CloudFormation from another secret: none is in a template. API_KEYS is for people
// to fill in.
func newSecrets(scope constructs.Construct, w works) secrets {
	made := secrets{byVariable: map[string]string{}}
	url := "postgres://" + userName + ":{{resolve:secretsmanager:" + w.database.secret + ":SecretString:password}}@" +
		*w.database.instance.AttrEndpointAddress() + ":" + *w.database.instance.AttrEndpointPort() + "/" + w.database.name + "?sslmode=require"
	add := func(variable string, props awssecretsmanager.CfnSecretProps) {
		props.Description, props.KmsKeyId = jsii.String(variable+" of "+w.props.prefix()), w.key.KeyArn()
		secret := awssecretsmanager.NewCfnSecret(scope, jsii.String("Secret-"+variable), &props)
		secret.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
		made.byVariable[variable] = *secret.Ref()
	}
	generated := func() *awssecretsmanager.CfnSecret_GenerateSecretStringProperty {
		return &awssecretsmanager.CfnSecret_GenerateSecretStringProperty{PasswordLength: jsii.Number(secretLength), ExcludePunctuation: jsii.Bool(true)}
	}
	add("DATABASE_URL", awssecretsmanager.CfnSecretProps{SecretString: jsii.String(url)})
	add("JWT_SECRET", awssecretsmanager.CfnSecretProps{GenerateSecretString: generated()})
	add("API_KEYS", awssecretsmanager.CfnSecretProps{GenerateSecretString: generated()})
	return made
}
