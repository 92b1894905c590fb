// Package grant says what a role may do: plain statements, each wildcard with the reason why AWS
// demands it. The reasons go into the template beside the role, where a test and a reviewer
// find them.
package grant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// Statement allows actions on resources.
type Statement struct {
	Actions []string
	// Resources are ARNs; tokens of the CDK are allowed.
	Resources []string
	// Conditions are by operator, then by key, as in IAM: {"StringEquals": {"ecs:cluster": …}}.
	Conditions map[string]map[string]any
	// Why is the reason for a wildcard among Resources; empty where there is none.
	Why string
}

// MetadataKey is where a resource of the template keeps the reasons for its wildcards, by action.
const MetadataKey = "pilotage:wildcards"

// Document is a policy of these statements.
func Document(statements []Statement) awsiam.PolicyDocument {
	var made []awsiam.PolicyStatement
	for _, statement := range statements {
		made = append(made, statement.allow())
	}
	return awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &made})
}

func (s Statement) allow() awsiam.PolicyStatement {
	props := awsiam.PolicyStatementProps{Actions: jsii.Strings(s.Actions...), Resources: jsii.Strings(s.Resources...)}
	if len(s.Conditions) > 0 {
		conditions := map[string]any{}
		for operator, keys := range s.Conditions {
			conditions[operator] = keys
		}
		props.Conditions = &conditions
	}
	return awsiam.NewPolicyStatement(&props)
}

// Explain writes the reasons for the wildcards of statements into the template, beside the
// resource whose policy they are in.
func Explain(resource awscdk.CfnResource, statements []Statement) {
	reasons := map[string]string{}
	for _, statement := range statements {
		for _, action := range statement.Actions {
			if statement.Why != "" {
				reasons[action] = statement.Why
			}
		}
	}
	if len(reasons) > 0 {
		resource.AddMetadata(jsii.String(MetadataKey), reasons)
	}
}

// Check refuses statements that say too much without a reason: an action or a resource with a
// wildcard, or no action at all.
func Check(statements []Statement) error {
	for _, statement := range statements {
		if len(statement.Actions) == 0 || len(statement.Resources) == 0 {
			return fmt.Errorf("statement %v names no action or no resource", statement)
		}
		for _, action := range statement.Actions {
			if strings.Contains(action, "*") {
				return fmt.Errorf("action %q has a wildcard: list the actions", action)
			}
		}
		if statement.Why == "" && slices.Contains(statement.Resources, "*") {
			return fmt.Errorf("%v on every resource: say why AWS demands it", statement.Actions)
		}
	}
	return nil
}
