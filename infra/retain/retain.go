// Package retain says what becomes of data when its stack is deleted.
package retain

import "github.com/aws/aws-cdk-go/awscdk/v2"

// Policy is what becomes of data.
type Policy string

const (
	// Keep leaves data where it is, and protects it from deletion. It is the default.
	Keep Policy = "keep"
	// Delete lets data go with its stack: a person has asked for it.
	Delete Policy = "delete"
)

// Removal is the policy as the CDK has it. What is kept is still deleted when the deployment fails
// that should have made it: it holds nothing yet, and its name would be in the way of the next.
func (p Policy) Removal() awscdk.RemovalPolicy {
	if p == Delete {
		return awscdk.RemovalPolicy_DESTROY
	}
	return awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
}

// Apply sets the policy on a resource, for deletion and for replacement alike.
func (p Policy) Apply(resource awscdk.CfnResource) {
	resource.ApplyRemovalPolicy(p.Removal(), nil)
}

// Protected reports whether deletion has to be refused by the service itself.
func (p Policy) Protected() bool { return p != Delete }
