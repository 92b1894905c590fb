package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodebuild"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecr"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
	"github.com/pilotage/pilotage/shared/config"
	"github.com/pilotage/pilotage/shared/deploy"
)

// BuildProject is the name of the project that builds commits and publishes their releases.
const BuildProject = "pilotage-build"

// buildImage has Docker, Go and Node.js, for the same processors as the functions.
const buildImage = "aws/codebuild/amazonlinux-aarch64-standard:3.0"

// buildMinutes bounds a build that the state machine does not bound otherwise.
const buildMinutes = 60

// builds reports whether an environment wants commits to be built. Where none does there is no
// project: whoever may start a build may run what is in the repository.
func builds(file config.File) bool {
	for _, name := range file.Names() {
		if file.Environments[name].Build.WhenMissing == deploy.MissingBuild {
			return true
		}
	}
	return false
}

// newBuilds makes the project, and returns what a state machine needs to run builds of it.
func newBuilds(stack awscdk.Stack, w works, images awsecr.CfnRepository) []grant.Statement {
	if !builds(w.props.File) {
		return nil
	}
	logs := newLogGroup(stack, logsProps{ID: "BuildLogs", Name: "/aws/codebuild/" + BuildProject, Key: w.key})
	role := grant.NewRole(stack, "BuildRole", grant.RoleProps{
		Service: "codebuild.amazonaws.com", SourceAccount: true, Description: "pilotage: builds commits and publishes their releases",
		Statements: w.publishes(*logs.AttrArn(), images),
	})
	source := &awscodebuild.CfnProject_SourceProperty{
		Type: jsii.String("GITHUB"), Location: jsii.String("https://github.com/" + w.props.File.Repository + ".git"),
		BuildSpec: jsii.String(w.props.File.Buildspec), ReportBuildStatus: jsii.Bool(false),
	}
	variable := func(name, value string) *awscodebuild.CfnProject_EnvironmentVariableProperty {
		return &awscodebuild.CfnProject_EnvironmentVariableProperty{Name: jsii.String(name), Value: jsii.String(value), Type: jsii.String("PLAINTEXT")}
	}
	project := awscodebuild.NewCfnProject(stack, jsii.String("BuildProject"), &awscodebuild.CfnProjectProps{
		Name: jsii.String(BuildProject), Description: jsii.String("pilotage: builds a commit of " + w.props.File.Service + " and publishes its release"),
		ServiceRole: role.RoleArn(), Source: source, EncryptionKey: w.key.KeyArn(), TimeoutInMinutes: jsii.Number(buildMinutes),
		Artifacts: &awscodebuild.CfnProject_ArtifactsProperty{Type: jsii.String("NO_ARTIFACTS")},
		Environment: &awscodebuild.CfnProject_EnvironmentProperty{
			Type: jsii.String("ARM_CONTAINER"), ComputeType: jsii.String("BUILD_GENERAL1_SMALL"), Image: jsii.String(buildImage),
			PrivilegedMode: jsii.Bool(true), // Docker builds the image
			EnvironmentVariables: &[]any{
				variable("REPOSITORY_URI", *images.AttrRepositoryUri()), variable("PILOTAGE_BUCKET", w.archive.name),
			},
		},
		LogsConfig: &awscodebuild.CfnProject_LogsConfigProperty{CloudWatchLogs: &awscodebuild.CfnProject_CloudWatchLogsConfigProperty{
			Status: jsii.String("ENABLED"), GroupName: logs.Ref(),
		}},
	})
	return runs(stack, *project.AttrArn())
}

// publishes is what a build does: it writes its log, pushes an image, and puts a release into the
// archive. It reads releases too, to see whether its commit has one. Change records are out of its
// reach.
func (w works) publishes(logGroup string, images awsecr.CfnRepository) []grant.Statement {
	statements := append(w.find().statements, w.useKey("s3", "kms:GenerateDataKey")...)
	return append(
		statements,
		grant.Statement{Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: []string{logGroup}},
		grant.Statement{Actions: []string{"s3:PutObject"}, Resources: []string{w.archive.arn + "/releases/*"}},
		grant.Statement{
			Actions: []string{"ecr:GetAuthorizationToken"}, Resources: []string{"*"},
			Why: "a token of ECR is for the registry as a whole, which is no resource (ECR User Guide, 'IAM permissions for pushing an image')",
		},
		grant.Statement{
			Actions: []string{
				"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
			},
			Resources: []string{*images.AttrArn()},
		},
	)
}

// runs is to run builds of a project and to be told when they have ended, as startBuild.sync does
// (Step Functions Developer Guide, "IAM policies for calling AWS CodeBuild").
func runs(stack awscdk.Stack, project string) []grant.Statement {
	rule := *stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("events"), Resource: jsii.String("rule"), ResourceName: jsii.String("StepFunctionsGetEventForCodeBuildStartBuildRule"),
	})
	return []grant.Statement{
		{Actions: []string{"codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"}, Resources: []string{project}},
		{Actions: []string{"events:DescribeRule", "events:PutRule", "events:PutTargets"}, Resources: []string{rule}},
	}
}
