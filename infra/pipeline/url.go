package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newURL makes a function reachable over HTTPS without credentials of AWS. Neither GitHub nor a
// person who follows a link in a mail has any: the webhook checks GitHub's signature over the
// body before it looks at it, and a decision takes a link and a code that only the approver's
// mail has.
func newURL(scope constructs.Construct, function awslambda.Function, name string) string {
	url := awslambda.NewCfnUrl(scope, jsii.String(name+"URL"), &awslambda.CfnUrlProps{
		TargetFunctionArn: function.FunctionArn(), AuthType: jsii.String("NONE"), InvokeMode: jsii.String("BUFFERED"),
	})
	// Both are needed since October 2025 (Lambda Developer Guide, "Control access to function URLs").
	awslambda.NewCfnPermission(scope, jsii.String(name+"URLInvokeURL"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunctionUrl"), FunctionName: function.FunctionArn(), Principal: jsii.String("*"), FunctionUrlAuthType: jsii.String("NONE"),
	})
	awslambda.NewCfnPermission(scope, jsii.String(name+"URLInvoke"), &awslambda.CfnPermissionProps{
		Action: jsii.String("lambda:InvokeFunction"), FunctionName: function.FunctionArn(), Principal: jsii.String("*"), InvokedViaFunctionUrl: jsii.Bool(true),
	})
	return *url.AttrFunctionUrl()
}

// newSignedURL makes a function reachable for identities of this account that may call it. AWS
// verifies their signatures and tells the function who it is.
func newSignedURL(scope constructs.Construct, function awslambda.Function, name string) string {
	url := awslambda.NewCfnUrl(scope, jsii.String(name+"URL"), &awslambda.CfnUrlProps{
		TargetFunctionArn: function.FunctionArn(), AuthType: jsii.String("AWS_IAM"), InvokeMode: jsii.String("BUFFERED"),
	})
	return *url.AttrFunctionUrl()
}

// withoutSlash is a URL without the slash that Lambda ends it with: "https:", "", "host", "".
func withoutSlash(url string) string {
	host := awscdk.Fn_Select(jsii.Number(2), awscdk.Fn_Split(jsii.String("/"), jsii.String(url), nil))
	return "https://" + *host
}
