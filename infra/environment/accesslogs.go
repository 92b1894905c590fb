package environment

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// accessLogs is the bucket of the load balancer's access logs.
type accessLogs struct {
	bucket awss3.CfnBucket
	policy awss3.CfnBucketPolicy
}

// accessLogDays is how long requests are remembered; they hold addresses of users.
const accessLogDays = 30

// newAccessLogs makes the bucket. Elastic Load Balancing can write only where the encryption is
// S3's own (User Guide, "Enable access logs for your Application Load Balancer").
func newAccessLogs(scope constructs.Construct, props Props) accessLogs {
	bucket := awss3.NewCfnBucket(scope, jsii.String("AccessLogs"), &awss3.CfnBucketProps{
		BucketEncryption: &awss3.CfnBucket_BucketEncryptionProperty{ServerSideEncryptionConfiguration: &[]any{
			&awss3.CfnBucket_ServerSideEncryptionRuleProperty{ServerSideEncryptionByDefault: &awss3.CfnBucket_ServerSideEncryptionByDefaultProperty{SseAlgorithm: jsii.String("AES256")}},
		}},
		PublicAccessBlockConfiguration: &awss3.CfnBucket_PublicAccessBlockConfigurationProperty{
			BlockPublicAcls: jsii.Bool(true), BlockPublicPolicy: jsii.Bool(true), IgnorePublicAcls: jsii.Bool(true), RestrictPublicBuckets: jsii.Bool(true),
		},
		OwnershipControls: &awss3.CfnBucket_OwnershipControlsProperty{Rules: &[]any{
			&awss3.CfnBucket_OwnershipControlsRuleProperty{ObjectOwnership: jsii.String("BucketOwnerEnforced")},
		}},
		VersioningConfiguration: &awss3.CfnBucket_VersioningConfigurationProperty{Status: jsii.String("Enabled")},
		LifecycleConfiguration: &awss3.CfnBucket_LifecycleConfigurationProperty{Rules: &[]any{&awss3.CfnBucket_RuleProperty{
			Id: jsii.String("forget"), Prefix: jsii.String(""), Status: jsii.String("Enabled"), ExpirationInDays: jsii.Number(accessLogDays),
			NoncurrentVersionExpiration: &awss3.CfnBucket_NoncurrentVersionExpirationProperty{NoncurrentDays: jsii.Number(1)},
		}}},
	})
	props.Data.Apply(bucket)
	objects := *bucket.AttrArn() + "/*"
	statements := []awsiam.PolicyStatement{
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("OnlyOverTLS"), Effect: awsiam.Effect_DENY, Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
			Actions: jsii.Strings("s3:*"), Resources: jsii.Strings(*bucket.AttrArn(), objects),
			Conditions: &map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		}),
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("AccessLogs"), Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("logdelivery.elasticloadbalancing.amazonaws.com"), nil)},
			Actions: jsii.Strings("s3:PutObject"), Resources: jsii.Strings(*bucket.AttrArn() + "/AWSLogs/" + *awscdk.Stack_Of(scope).Account() + "/*"),
		}),
	}
	policy := awss3.NewCfnBucketPolicy(scope, jsii.String("AccessLogsPolicy"), &awss3.CfnBucketPolicyProps{
		Bucket: bucket.Ref(), PolicyDocument: awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
	})
	return accessLogs{bucket: bucket, policy: policy}
}
