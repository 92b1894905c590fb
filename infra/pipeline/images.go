package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecr"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// keepUntagged drops what no tag names any more. Tagged images stay: a rollback needs them.
const keepUntagged = `{"rules":[{"rulePriority":1,"description":"drop what no tag names","selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":30},"action":{"type":"expire"}}]}`

// newImages makes the repository of the service's images. A tag is written once: what was
// verified in staging is what production gets.
func newImages(scope constructs.Construct, key awskms.Key, props Props) awsecr.CfnRepository {
	repository := awsecr.NewCfnRepository(scope, jsii.String("Images"), &awsecr.CfnRepositoryProps{
		RepositoryName:             jsii.String(props.File.Service),
		ImageTagMutability:         jsii.String("IMMUTABLE"),
		ImageScanningConfiguration: &awsecr.CfnRepository_ImageScanningConfigurationProperty{ScanOnPush: jsii.Bool(true)},
		EncryptionConfiguration:    &awsecr.CfnRepository_EncryptionConfigurationProperty{EncryptionType: jsii.String("KMS"), KmsKey: key.KeyArn()},
		LifecyclePolicy:            &awsecr.CfnRepository_LifecyclePolicyProperty{LifecyclePolicyText: jsii.String(keepUntagged)},
		EmptyOnDelete:              jsii.Bool(!props.Data.Protected()),
	})
	props.Data.Apply(repository)
	return repository
}
