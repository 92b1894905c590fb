package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/retain"
)

// archive is the bucket of change records and of releases.
type archive struct{ name, arn string }

type archiveProps struct {
	Key  awskms.Key
	Data retain.Policy
	// LockDays is how long a record cannot be deleted, by anybody; 0 leaves the lock off.
	LockDays int
}

// The days for which things are kept.
const (
	artefactDays   = 30
	accessLogDays  = 365
	oldVersionDays = 365
)

// newArchive makes the bucket, and one for the log of who reads it.
func newArchive(scope constructs.Construct, props archiveProps) archive {
	logs := newAccessLogs(scope, props.Data)
	made := awss3.CfnBucketProps{
		BucketEncryption:               encryptedBy(props.Key),
		PublicAccessBlockConfiguration: private(),
		OwnershipControls:              owned(),
		VersioningConfiguration:        &awss3.CfnBucket_VersioningConfigurationProperty{Status: jsii.String("Enabled")},
		LifecycleConfiguration: &awss3.CfnBucket_LifecycleConfigurationProperty{Rules: &[]any{
			expire("artefacts", "artefacts/", artefactDays),
			&awss3.CfnBucket_RuleProperty{
				Id: jsii.String("old-versions"), Status: jsii.String("Enabled"),
				NoncurrentVersionExpiration: &awss3.CfnBucket_NoncurrentVersionExpirationProperty{NoncurrentDays: jsii.Number(oldVersionDays)},
				AbortIncompleteMultipartUpload: &awss3.CfnBucket_AbortIncompleteMultipartUploadProperty{
					DaysAfterInitiation: jsii.Number(7),
				},
			},
		}},
	}
	if props.Data.Protected() {
		// They stop before data is deleted: S3 deletes no bucket that something is in.
		made.LoggingConfiguration = &awss3.CfnBucket_LoggingConfigurationProperty{DestinationBucketName: logs.Ref(), LogFilePrefix: jsii.String("archive/")}
	}
	if props.LockDays > 0 {
		made.ObjectLockEnabled = jsii.Bool(true)
		made.ObjectLockConfiguration = &awss3.CfnBucket_ObjectLockConfigurationProperty{
			ObjectLockEnabled: jsii.String("Enabled"),
			Rule: &awss3.CfnBucket_ObjectLockRuleProperty{DefaultRetention: &awss3.CfnBucket_DefaultRetentionProperty{
				Mode: jsii.String("COMPLIANCE"), Days: jsii.Number(float64(props.LockDays)),
			}},
		}
	}
	bucket := awss3.NewCfnBucket(scope, jsii.String("Archive"), &made)
	props.Data.Apply(bucket)
	overTLS(scope, "ArchivePolicy", bucket)
	return archive{name: *bucket.Ref(), arn: *bucket.AttrArn()}
}

// newAccessLogs makes the bucket of access logs. S3 can deliver them only where the encryption is
// its own, and a log of who reads the log would have no end.
func newAccessLogs(scope constructs.Construct, data retain.Policy) awss3.CfnBucket {
	bucket := awss3.NewCfnBucket(scope, jsii.String("AccessLogs"), &awss3.CfnBucketProps{
		BucketEncryption:               encryptedBy(nil),
		PublicAccessBlockConfiguration: private(),
		OwnershipControls:              owned(),
		VersioningConfiguration:        &awss3.CfnBucket_VersioningConfigurationProperty{Status: jsii.String("Enabled")},
		LifecycleConfiguration:         &awss3.CfnBucket_LifecycleConfigurationProperty{Rules: &[]any{expire("access-logs", "", accessLogDays)}},
	})
	data.Apply(bucket)
	stack := awscdk.Stack_Of(scope)
	overTLS(scope, "AccessLogsPolicy", bucket, awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("AccessLogs"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("logging.s3.amazonaws.com"), nil)},
		Actions:    jsii.Strings("s3:PutObject"), Resources: jsii.Strings(*bucket.AttrArn() + "/*"),
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
	}))
	return bucket
}

func encryptedBy(key awskms.Key) *awss3.CfnBucket_BucketEncryptionProperty {
	kind := &awss3.CfnBucket_ServerSideEncryptionByDefaultProperty{SseAlgorithm: jsii.String("AES256")}
	if key != nil {
		kind = &awss3.CfnBucket_ServerSideEncryptionByDefaultProperty{SseAlgorithm: jsii.String("aws:kms"), KmsMasterKeyId: key.KeyArn()}
	}
	return &awss3.CfnBucket_BucketEncryptionProperty{ServerSideEncryptionConfiguration: &[]any{
		&awss3.CfnBucket_ServerSideEncryptionRuleProperty{ServerSideEncryptionByDefault: kind, BucketKeyEnabled: jsii.Bool(key != nil)},
	}}
}

func private() *awss3.CfnBucket_PublicAccessBlockConfigurationProperty {
	return &awss3.CfnBucket_PublicAccessBlockConfigurationProperty{
		BlockPublicAcls: jsii.Bool(true), BlockPublicPolicy: jsii.Bool(true), IgnorePublicAcls: jsii.Bool(true), RestrictPublicBuckets: jsii.Bool(true),
	}
}

func owned() *awss3.CfnBucket_OwnershipControlsProperty {
	return &awss3.CfnBucket_OwnershipControlsProperty{Rules: &[]any{
		&awss3.CfnBucket_OwnershipControlsRuleProperty{ObjectOwnership: jsii.String("BucketOwnerEnforced")},
	}}
}

func expire(id, prefix string, days float64) *awss3.CfnBucket_RuleProperty {
	return &awss3.CfnBucket_RuleProperty{
		Id: jsii.String(id), Prefix: jsii.String(prefix), Status: jsii.String("Enabled"), ExpirationInDays: jsii.Number(days),
		NoncurrentVersionExpiration: &awss3.CfnBucket_NoncurrentVersionExpirationProperty{NoncurrentDays: jsii.Number(days)},
	}
}

// overTLS refuses plain HTTP, and allows what else is given.
func overTLS(scope constructs.Construct, id string, bucket awss3.CfnBucket, allowed ...awsiam.PolicyStatement) {
	statements := append([]awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String("OnlyOverTLS"), Effect: awsiam.Effect_DENY,
		Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
		Actions:    jsii.Strings("s3:*"), Resources: jsii.Strings(*bucket.AttrArn(), *bucket.AttrArn()+"/*"),
		Conditions: &map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
	})}, allowed...)
	awss3.NewCfnBucketPolicy(scope, jsii.String(id), &awss3.CfnBucketPolicyProps{
		Bucket: bucket.Ref(), PolicyDocument: awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
	})
}
