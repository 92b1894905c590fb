package pipeline

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
	"github.com/pilotage/pilotage/statemachine"
)

// The names of the machines, by which functions and people know them, and of the alias through
// which executions are started.
const (
	Deploy    = "pilotage-deploy"
	Rollback  = "pilotage-rollback"
	AliasName = "live"
)

// machines are the two machines: the ARNs of each and of its version and alias, and the name of the
// group that it logs to.
type machines struct {
	deploy, rollback machine
}

type machine struct{ arn, version, alias, logs string }

// newMachines makes both machines. Each runs fixed versions of its functions, and deploy a fixed
// version of rollback, so that what is published meanwhile changes no execution that has begun.
// Deploy may run builds, as far as statements allow it.
func newMachines(stack awscdk.Stack, key awskms.Key, f functions, building []grant.Statement) machines {
	substitutions := map[string]string{}
	var callable []string
	for _, name := range called() {
		function := f.byName[name]
		substitutions[name+"Function"] = *function.CurrentVersion().FunctionArn()
		// Of any version: an execution that began before the last deployment of this stack goes on
		// with the functions of then, under the role of now.
		callable = append(callable, *function.FunctionArn()+":*")
	}
	invoke := grant.Statement{Actions: []string{"lambda:InvokeFunction"}, Resources: callable}
	rollback := newMachine(stack, machineProps{
		ID: "Rollback", Name: Rollback, Definition: statemachine.Rollback(), Substitutions: substitutions, Key: key, Statements: []grant.Statement{invoke},
	})
	substitutions = maps.Clone(substitutions)
	substitutions[statemachine.RollbackStateMachine] = rollback.version
	substitutions[statemachine.BuildProject] = BuildProject
	return machines{rollback: rollback, deploy: newMachine(stack, machineProps{
		ID: "Deploy", Name: Deploy, Definition: statemachine.Deploy(), Substitutions: substitutions, Key: key,
		Statements: slices.Concat([]grant.Statement{invoke}, waitsFor(stack, rollback), building),
	})}
}

// called lists the functions that the definitions call.
func called() []string {
	names := map[string]bool{}
	for _, definition := range [][]byte{statemachine.Deploy(), statemachine.Rollback()} {
		for _, name := range statemachine.Functions(definition) {
			names[name] = true
		}
	}
	return sorted(maps.Keys(names))
}

// waitsFor is to start a machine and to be told when it has ended, as startExecution.sync does
// (Step Functions Developer Guide, "IAM policies for StartExecution").
func waitsFor(stack awscdk.Stack, m machine) []grant.Statement {
	executions := *stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("states"), Resource: jsii.String("execution"), ResourceName: jsii.String(Rollback + ":*"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	rule := *stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("events"), Resource: jsii.String("rule"), ResourceName: jsii.String("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
	})
	return []grant.Statement{
		{Actions: []string{"states:StartExecution"}, Resources: []string{m.arn, m.version}},
		{Actions: []string{"states:DescribeExecution", "states:StopExecution"}, Resources: []string{executions}},
		{Actions: []string{"events:DescribeRule", "events:PutRule", "events:PutTargets"}, Resources: []string{rule}},
	}
}

type machineProps struct {
	ID, Name      string
	Definition    []byte
	Substitutions map[string]string
	Key           awskms.Key
	Statements    []grant.Statement
}

func newMachine(stack awscdk.Stack, props machineProps) machine {
	logs := newLogGroup(stack, logsProps{ID: props.ID + "MachineLogs", Name: "/aws/vendedlogs/states/" + props.Name, Key: props.Key})
	role := grant.NewRole(stack, props.ID+"MachineRole", grant.RoleProps{
		Service: "states.amazonaws.com", SourceAccount: true, Description: "pilotage: runs " + props.Name,
		Statements: append(props.Statements, watched()...),
	})
	made := awsstepfunctions.NewCfnStateMachine(stack, jsii.String(props.ID+"Machine"), &awsstepfunctions.CfnStateMachineProps{
		StateMachineName: jsii.String(props.Name), StateMachineType: jsii.String("STANDARD"), RoleArn: role.RoleArn(),
		DefinitionString: jsii.String(string(props.Definition)), DefinitionSubstitutions: only(props.Definition, props.Substitutions),
		TracingConfiguration: &awsstepfunctions.CfnStateMachine_TracingConfigurationProperty{Enabled: jsii.Bool(true)},
		LoggingConfiguration: &awsstepfunctions.CfnStateMachine_LoggingConfigurationProperty{
			Level: jsii.String("ALL"), IncludeExecutionData: jsii.Bool(true),
			Destinations: &[]any{&awsstepfunctions.CfnStateMachine_LogDestinationProperty{
				CloudWatchLogsLogGroup: &awsstepfunctions.CfnStateMachine_CloudWatchLogsLogGroupProperty{LogGroupArn: logs.AttrArn()},
			}},
		},
	})
	// cfn-lint's schema takes no expression as a time limit, which JSONata states may have; the
	// definitions have linters of their own.
	made.AddMetadata(jsii.String("cfn-lint"), map[string]any{"config": map[string]any{"ignore_checks": []string{"E3601"}}})
	version := awsstepfunctions.NewCfnStateMachineVersion(stack, jsii.String(props.ID+"Version"), &awsstepfunctions.CfnStateMachineVersionProps{
		// A new revision of the machine replaces this resource, and so publishes a version.
		StateMachineArn: made.Ref(), StateMachineRevisionId: made.AttrStateMachineRevisionId(),
	})
	version.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	alias := awsstepfunctions.NewCfnStateMachineAlias(stack, jsii.String(props.ID+"Alias"), &awsstepfunctions.CfnStateMachineAliasProps{
		Name: jsii.String(AliasName), DeploymentPreference: &awsstepfunctions.CfnStateMachineAlias_DeploymentPreferenceProperty{
			StateMachineVersionArn: version.Ref(), Type: jsii.String("ALL_AT_ONCE"),
		},
	})
	return machine{arn: *made.Ref(), version: *version.Ref(), alias: *alias.Ref(), logs: *logs.Ref()}
}

// only picks the substitutions that a definition asks for: CloudFormation refuses others.
func only(definition []byte, values map[string]string) map[string]*string {
	picked := map[string]*string{}
	for _, name := range statemachine.Substitutions(definition) {
		picked[name] = jsii.String(values[name])
	}
	return picked
}

// watched is what a machine needs in order to log and to trace.
func watched() []grant.Statement {
	return []grant.Statement{
		{
			Actions: []string{
				"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
				"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
			},
			Resources: []string{"*"},
			Why:       "CloudWatch Logs has no resources for log deliveries (Step Functions Developer Guide, 'IAM policies for logging to CloudWatch Logs')",
		},
		{
			Actions: []string{"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}, Resources: []string{"*"},
			Why: "X-Ray has no resources that writing of traces could be limited to",
		},
	}
}

// machineArn is a machine's ARN by its name, for those that are made before it.
func machineArn(stack awscdk.Stack, name string) string {
	return *stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("states"), Resource: jsii.String("stateMachine"), ResourceName: jsii.String(name), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}
