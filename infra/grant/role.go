package grant

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// RoleProps describe a role that one service takes on.
type RoleProps struct {
	// Name is the role's name; empty lets CloudFormation choose.
	Name string
	// Service is who takes it on, such as "lambda.amazonaws.com".
	Service string
	// SourceAccount lets it be taken on for this account only. Lambda and ECS tasks ask for
	// nothing of the kind.
	SourceAccount bool
	Statements    []Statement
	Description   string
}

// NewRole makes a role with one inline policy, and panics where a wildcard has no reason: the
// CDK reports every mistake of a construct in this way.
func NewRole(scope constructs.Construct, id string, props RoleProps) awsiam.Role {
	if err := Check(props.Statements); err != nil {
		panic("role " + id + ": " + err.Error())
	}
	role := awsiam.NewRole(scope, jsii.String(id), &awsiam.RoleProps{
		AssumedBy:   principal(scope, props),
		Description: jsii.String(props.Description),
		RoleName:    optional(props.Name),
	})
	cfn, ok := role.Node().DefaultChild().(awsiam.CfnRole)
	if !ok {
		panic("role " + id + " has no AWS::IAM::Role")
	}
	if len(props.Statements) > 0 {
		// Inline, so that nothing that takes the role on can exist before its policy does.
		cfn.SetPolicies(&[]any{&awsiam.CfnRole_PolicyProperty{PolicyName: jsii.String("least-privilege"), PolicyDocument: Document(props.Statements)}})
	}
	Explain(cfn, props.Statements)
	return role
}

func principal(scope constructs.Construct, props RoleProps) awsiam.IPrincipal {
	service := awsiam.NewServicePrincipal(jsii.String(props.Service), nil)
	if !props.SourceAccount {
		return service
	}
	account := map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()}}
	return awsiam.NewPrincipalWithConditions(service, &account)
}

// FunctionRole is the name of a function's role. It has the region in it, because names of roles
// are one set for all regions of an account; the environments' stacks add to roles by this name.
func FunctionRole(scope constructs.Construct, function string) string {
	return "pilotage-" + function + "-" + *awscdk.Stack_Of(scope).Region()
}

// Attach adds statements to a role of another stack, by its name.
func Attach(scope constructs.Construct, id, role string, statements []Statement) {
	if err := Check(statements); err != nil {
		panic("policy " + id + ": " + err.Error())
	}
	policy := awsiam.NewCfnRolePolicy(scope, jsii.String(id), &awsiam.CfnRolePolicyProps{
		PolicyName: jsii.String(*awscdk.Stack_Of(scope).StackName()), RoleName: jsii.String(role), PolicyDocument: Document(statements),
	})
	Explain(policy, statements)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return jsii.String(text)
}
