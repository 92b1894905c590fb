package environment

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/shared/aws/place"
)

// The size of a task that never runs: the smallest there is.
const (
	emptyCPU    = "256"
	emptyMemory = "512"
)

// user is whom a release runs as whatever its image says: nonroot of distroless.
const user = "65532"

// newTemplate makes the task definition with everything but a release. No service names it: the
// pipeline copies it for each release, with the capacity that is configured then.
func newTemplate(scope constructs.Construct, w works, s slots, logs string) awsecs.CfnTaskDefinition {
	capacity := w.props.Environment.Capacity
	task, err := fargate(capacity)
	if err != nil {
		panic("capacity of " + w.props.Name + ": " + err.Error()) // CheckCapacity would have refused it
	}
	var environment, hidden []any
	for _, pair := range [][2]string{
		{"ADDRESS", "0.0.0.0:8080"},
		{"LOG_LEVEL", capacity.LogLevel},
		{"METRICS_ENABLED", "true"},
		{"NODE_ENV", w.props.Name},
		{"FRONTEND_URL", w.props.Environment.URL},
		// Whichever source is configured: a release that counts itself has to be live before the
		// environment can be switched to its counters.
		{place.VariableNamespace, place.Namespace},
		{place.VariableService, w.props.Service},
		{place.VariableEnvironment, w.props.Name},
	} {
		environment = append(environment, &awsecs.CfnTaskDefinition_KeyValuePairProperty{Name: jsii.String(pair[0]), Value: jsii.String(pair[1])})
	}
	for _, variable := range slices.Sorted(maps.Keys(w.secrets.byVariable)) {
		hidden = append(hidden, &awsecs.CfnTaskDefinition_SecretProperty{Name: jsii.String(variable), ValueFrom: jsii.String(w.secrets.byVariable[variable])})
	}
	runs := newContainer(scope, w, logs)
	runs.Environment, runs.Secrets, runs.StopTimeout = &environment, &hidden, jsii.Number(30)
	props := newDefinition(w, "template", task.cpu, task.memory)
	props.TaskRoleArn, props.ExecutionRoleArn, props.ContainerDefinitions = s.task.RoleArn(), s.execution.RoleArn(), &[]any{&runs}
	return awsecs.NewCfnTaskDefinition(scope, jsii.String("Template"), &props)
}

// newEmptyDefinition makes the task definition that both services have until the first release.
// There is nothing in it that could ever change: a new revision would be put into the services.
func newEmptyDefinition(scope constructs.Construct, w works, s slots, logs string) awsecs.CfnTaskDefinition {
	runs := newContainer(scope, w, logs)
	props := newDefinition(w, "empty", emptyCPU, emptyMemory)
	props.ExecutionRoleArn, props.ContainerDefinitions = s.execution.RoleArn(), &[]any{&runs}
	return awsecs.NewCfnTaskDefinition(scope, jsii.String("Empty"), &props)
}

func newDefinition(w works, role, cpu, memory string) awsecs.CfnTaskDefinitionProps {
	return awsecs.CfnTaskDefinitionProps{
		Family: jsii.String(w.props.prefix() + "-" + role), NetworkMode: jsii.String("awsvpc"), RequiresCompatibilities: jsii.Strings("FARGATE"),
		Cpu: jsii.String(cpu), Memory: jsii.String(memory),
		RuntimePlatform: &awsecs.CfnTaskDefinition_RuntimePlatformProperty{CpuArchitecture: jsii.String("X86_64"), OperatingSystemFamily: jsii.String("LINUX")},
	}
}

// newContainer is the container of a release, whose image takes the place of one that is never
// started.
func newContainer(scope constructs.Construct, w works, logs string) awsecs.CfnTaskDefinition_ContainerDefinitionProperty {
	return awsecs.CfnTaskDefinition_ContainerDefinitionProperty{
		Name: jsii.String(container), Essential: jsii.Bool(true), ReadonlyRootFilesystem: jsii.Bool(true), User: jsii.String(user),
		LogConfiguration: &awsecs.CfnTaskDefinition_LogConfigurationProperty{LogDriver: jsii.String("awslogs"), Options: map[string]*string{
			"awslogs-group": jsii.String(logs), "awslogs-region": awscdk.Stack_Of(scope).Region(), "awslogs-stream-prefix": jsii.String("slot"),
		}},
		Image:        jsii.String(*w.props.Pipeline.Images.AttrRepositoryUri() + ":none"),
		PortMappings: &[]any{&awsecs.CfnTaskDefinition_PortMappingProperty{ContainerPort: jsii.Number(servicePort), Protocol: jsii.String("tcp")}},
	}
}
