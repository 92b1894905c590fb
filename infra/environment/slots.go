package environment

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
	"github.com/pilotage/pilotage/shared/deploy"
)

// slots are the two services of which one serves users.
type slots struct {
	cluster         awsecs.CfnCluster
	blue, green     awsecs.CfnService
	template        awsecs.CfnTaskDefinition
	task, execution awsiam.Role
}

// container is the name of the release's container.
const container = "service"

// logDays is how long the service's logs are kept.
const logDays = 90

// newSlots makes the cluster and both services, empty: the pipeline puts releases into them.
//
// What the pipeline changes, the services' task definitions and counts, must never be put back by
// a deployment of this stack. CloudFormation touches a resource only when its own text changes,
// so nothing in a service depends on pilotage.yaml: capacity and log level are in the template
// task definition, which no service runs and the pipeline copies. A test holds this.
func newSlots(scope constructs.Construct, w works) slots {
	logs := awslogs.NewCfnLogGroup(scope, jsii.String("ServiceLogs"), &awslogs.CfnLogGroupProps{
		LogGroupName: jsii.String("/pilotage/" + w.props.Service + "/" + w.props.Name), RetentionInDays: jsii.Number(logDays), KmsKeyId: w.key.KeyArn(),
	})
	logs.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
	made := slots{
		cluster: awsecs.NewCfnCluster(scope, jsii.String("Cluster"), &awsecs.CfnClusterProps{
			ClusterName:     jsii.String(w.props.prefix()),
			ClusterSettings: &[]any{&awsecs.CfnCluster_ClusterSettingsProperty{Name: jsii.String("containerInsights"), Value: jsii.String("enabled")}},
		}),
		task:      newTaskRole(scope, w),
		execution: newExecutionRole(scope, w, *logs.AttrArn()),
	}
	made.template = newTemplate(scope, w, made, *logs.Ref())
	empty := newEmptyDefinition(scope, w, made, *logs.Ref())
	made.blue = newSlot(scope, w, made, empty, deploy.Blue)
	made.green = newSlot(scope, w, made, empty, deploy.Green)
	return made
}

func newSlot(scope constructs.Construct, w works, s slots, empty awsecs.CfnTaskDefinition, slot deploy.Slot) awsecs.CfnService {
	targets := map[deploy.Slot]elb.CfnTargetGroup{deploy.Blue: w.balancer.blue, deploy.Green: w.balancer.green}[slot]
	service := awsecs.NewCfnService(scope, jsii.String(title(slot)+"Slot"), &awsecs.CfnServiceProps{
		ServiceName: jsii.String(w.props.prefix() + "-" + string(slot)), Cluster: s.cluster.Ref(), LaunchType: jsii.String("FARGATE"), PlatformVersion: jsii.String("LATEST"),
		TaskDefinition: empty.Ref(), DesiredCount: jsii.Number(0), PropagateTags: jsii.String("TASK_DEFINITION"), EnableExecuteCommand: jsii.Bool(false),
		// The pipeline decides what becomes of a release that does not start.
		DeploymentConfiguration: &awsecs.CfnService_DeploymentConfigurationProperty{
			MinimumHealthyPercent: jsii.Number(0), MaximumPercent: jsii.Number(100),
			DeploymentCircuitBreaker: &awsecs.CfnService_DeploymentCircuitBreakerProperty{Enable: jsii.Bool(false), Rollback: jsii.Bool(false)},
		},
		NetworkConfiguration: &awsecs.CfnService_NetworkConfigurationProperty{AwsvpcConfiguration: &awsecs.CfnService_AwsVpcConfigurationProperty{
			AssignPublicIp: jsii.String("DISABLED"), Subnets: jsii.Strings(subnets(w.network.vpc.PrivateSubnets())...), SecurityGroups: jsii.Strings(*w.network.slots.SecurityGroupId()),
		}},
		LoadBalancers: &[]any{&awsecs.CfnService_LoadBalancerProperty{
			ContainerName: jsii.String(container), ContainerPort: jsii.Number(servicePort), TargetGroupArn: targets.Ref(),
		}},
	})
	// ECS refuses a target group that no listener has yet.
	service.AddResourceDependency(w.balancer.users, nil)
	return service
}

// newTaskRole is what the service itself may do in AWS: nothing, until somebody says otherwise.
func newTaskRole(scope constructs.Construct, w works) awsiam.Role {
	return grant.NewRole(scope, "TaskRole", grant.RoleProps{
		Service: "ecs-tasks.amazonaws.com", SourceAccount: true, Description: w.props.prefix() + ": what the service itself may do",
	})
}

// newExecutionRole is what ECS needs to start a task: its image, its secrets, its log.
func newExecutionRole(scope constructs.Construct, w works, logs string) awsiam.Role {
	var known []string
	for _, variable := range slices.Sorted(maps.Keys(w.secrets.byVariable)) {
		known = append(known, w.secrets.byVariable[variable])
	}
	return grant.NewRole(scope, "ExecutionRole", grant.RoleProps{
		Service: "ecs-tasks.amazonaws.com", SourceAccount: true, Description: w.props.prefix() + ": starts tasks",
		Statements: []grant.Statement{
			{Actions: []string{"ecr:GetAuthorizationToken"}, Resources: []string{"*"}, Why: "a token is for all repositories of the account: ECR has no resource for it"},
			{Actions: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, Resources: []string{*w.props.Pipeline.Images.AttrArn()}},
			{Actions: []string{"secretsmanager:GetSecretValue"}, Resources: known},
			{Actions: []string{"kms:Decrypt"}, Resources: []string{*w.key.KeyArn()}},
			{Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: []string{logs}},
		},
	})
}
