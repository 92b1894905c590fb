package pipeline

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
)

// functions are the pipeline's functions, by name and in the table's order.
type functions struct {
	names  []string
	byName map[string]awslambda.Function
	urls   map[string]string
}

// logDays is how long logs are kept: audits ask for a year.
const logDays = 365

// memoryMB is what each function gets. Lambda gives CPU by memory; 512 MB halves a cold start
// against 256 at little more than the same price.
const memoryMB = 512

// newFunctions makes every function of the table: one binary, one role each.
func newFunctions(stack awscdk.Stack, w works) functions {
	limits, err := timeLimits()
	if err != nil {
		panic(err)
	}
	made := functions{byName: map[string]awslambda.Function{}, urls: map[string]string{}}
	code := awslambda.Code_FromAsset(jsii.String(w.props.Code), nil)
	for _, f := range w.table(stack) {
		if f.seconds == 0 {
			f.seconds = limits[f.name]
		}
		made.names = append(made.names, f.name)
		made.byName[f.name] = newFunction(stack, w, code, f)
		if f.events {
			keepFailed(stack, f.name, made.byName[f.name], w.letters)
		}
	}
	for _, name := range []string{"Webhook", "Decide"} {
		made.urls[name] = newURL(stack, made.byName[name], name)
	}
	made.urls["Command"] = newSignedURL(stack, made.byName["Command"], "Command")
	// Mails link to where decisions are taken.
	made.byName["Ask"].AddEnvironment(jsii.String("PILOTAGE_APPROVAL_URL"), jsii.String(withoutSlash(made.urls["Decide"])), nil)
	return made
}

func newFunction(stack awscdk.Stack, w works, code awslambda.Code, f function) awslambda.Function {
	logs := newLogGroup(stack, logsProps{ID: f.name + "Logs", Name: "/aws/lambda/pilotage-" + f.name, Key: w.key})
	statements := trace(*logs.AttrArn())
	if f.events {
		f.blocks = append(f.blocks, w.send())
	}
	settings := map[string]*string{"PILOTAGE_LOG_LEVEL": jsii.String("info")}
	for _, b := range f.blocks {
		statements = append(statements, b.statements...)
		for name, value := range b.settings {
			settings[name] = jsii.String(value)
		}
	}
	props := awslambda.FunctionProps{
		FunctionName: jsii.String("pilotage-" + f.name), Description: jsii.String(f.does),
		Runtime: awslambda.Runtime_PROVIDED_AL2023(), Architecture: awslambda.Architecture_ARM_64(),
		Code: code, Handler: jsii.String(f.name), Environment: &settings,
		Timeout: awscdk.Duration_Seconds(jsii.Number(f.seconds)), MemorySize: jsii.Number(memoryMB),
		Tracing:  awslambda.Tracing_ACTIVE,
		LogGroup: awslogs.LogGroup_FromLogGroupName(stack, jsii.String(f.name+"LogsRef"), logs.Ref()),
		// An execution that waits for people goes on with the version that it began with.
		CurrentVersionOptions: &awslambda.VersionOptions{RemovalPolicy: awscdk.RemovalPolicy_RETAIN},
	}
	if f.public && w.props.PublicConcurrency > 0 {
		// All functions of an account share one limit. Whoever sends requests to a public address would
		// otherwise hold back the deployments, and the watchdog.
		props.ReservedConcurrentExecutions = jsii.Number(w.props.PublicConcurrency)
	}
	if f.inside {
		statements = append(statements, attach()...)
		props.Vpc, props.SecurityGroups = w.network.VPC, &[]awsec2.ISecurityGroup{w.network.Group}
		props.VpcSubnets = &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS}
	}
	role := grant.NewRole(stack, f.name+"Role", grant.RoleProps{
		Name: grant.FunctionRole(stack, f.name), Service: "lambda.amazonaws.com", Statements: merge(statements), Description: "pilotage: " + f.does,
	})
	// The CDK would add what it thinks a function needs; the table says it all.
	props.Role = role.WithoutPolicyUpdates(nil)
	return awslambda.NewFunction(stack, jsii.String(f.name), &props)
}

// merge joins what several blocks may do alike with the key, so that policies stay short.
func merge(statements []grant.Statement) []grant.Statement {
	var merged []grant.Statement
	services, at := map[string][]string{}, map[string]int{}
	for _, s := range statements {
		via, ok := s.Conditions["StringEquals"]["kms:ViaService"].(string)
		if !ok {
			merged = append(merged, s)
			continue
		}
		alike := strings.Join(s.Actions, " ")
		if _, known := at[alike]; !known {
			at[alike] = len(merged)
			merged = append(merged, s)
		}
		if !slices.Contains(services[alike], via) {
			services[alike] = append(services[alike], via)
		}
		merged[at[alike]].Conditions = map[string]map[string]any{"StringEquals": {"kms:ViaService": services[alike]}}
	}
	return merged
}
