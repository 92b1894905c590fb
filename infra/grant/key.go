package grant

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
)

// OnlyToServices lets nobody hand a key on by a grant, save to services of AWS for what they
// encrypt: RDS, DynamoDB, ECR and Backup ask for one on behalf of whoever makes the resource.
func OnlyToServices(key awskms.Key) {
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String("GrantsOnlyToServices"), Effect: awsiam.Effect_DENY, Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
		Actions: jsii.Strings("kms:CreateGrant"), Resources: jsii.Strings("*"), // in a key's policy: this key
		Conditions: &map[string]any{"BoolIfExists": map[string]any{"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}},
	}), nil)
}
