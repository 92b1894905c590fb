package assembly

import (
	"fmt"
	"slices"
	"strings"
)

// lacking reports types that the emulation's CloudFormation does not have, and those that stand for
// something nobody looks at there. It would skip the former in silence, and then not find what
// refers to them.
func lacking(kind string) bool {
	for _, prefix := range []string{"AWS::Backup::", "AWS::SecretsManager::", "AWS::CodeBuild::", "AWS::CodePipeline::", "AWS::Scheduler::"} {
		if strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return slices.Contains([]string{
		"AWS::CloudWatch::Alarm", "AWS::EC2::SecurityGroupEgress", "AWS::Events::EventBusPolicy", "AWS::IAM::RolePolicy",
		"AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Url", "AWS::Lambda::Version", "AWS::Logs::MetricFilter", "AWS::S3::BucketPolicy",
		"AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion",
	}, kind)
}

// changer goes over the resources once. What references to a resource become is kept in
// references, by "id" for a Ref and by "id.Attribute" for a GetAtt.
type changer struct {
	options    Options
	resources  map[string]*resource
	references map[string]any
}

// change adapts one resource.
func (c changer) change(id string, r *resource) error {
	switch r.Type {
	case "AWS::SecretsManager::Secret":
		arn, err := c.options.Secret(id, r.Properties)
		if err != nil {
			return err
		}
		c.references[id] = arn
	case "AWS::Lambda::Url":
		return c.address(id, r)
	case "AWS::Lambda::Version":
		// Whatever was deployed just now is the one version there is.
		c.references[id] = map[string]any{"Fn::GetAtt": []any{refOf(r.Properties["FunctionName"]), "Arn"}}
	case "AWS::StepFunctions::StateMachineVersion":
		c.references[id] = r.Properties["StateMachineArn"]
	case "AWS::StepFunctions::StateMachineAlias":
		preference, _ := r.Properties["DeploymentPreference"].(map[string]any)
		c.references[id] = preference["StateMachineVersionArn"]
	case "AWS::StepFunctions::StateMachine":
		define(r)
	case "AWS::Events::Rule":
		c.ruleOf(r)
	case "AWS::KMS::Key", "AWS::SSM::Parameter":
		delete(r.Properties, "Tags")
	case "AWS::ElasticLoadBalancingV2::LoadBalancer":
		c.references[id+".LoadBalancerFullName"] = part(id, ":loadbalancer/", 1)
	case "AWS::ElasticLoadBalancingV2::TargetGroup":
		c.references[id+".TargetGroupFullName"] = part(id, ":", 5)
	case "AWS::RDS::DBInstance":
		r.Properties["MasterUserPassword"] = c.options.Password
	case "AWS::Lambda::Function":
		r.Properties["Code"] = map[string]any{"ZipFile": "the process runs from the build folder"}
	}
	return nil
}

// address gives a function's URL the address of whoever serves it. Lambda's ends with a slash.
func (c changer) address(id string, r *resource) error {
	target := c.resources[attributeOf(r.Properties["TargetFunctionArn"])]
	if target == nil {
		return fmt.Errorf("its TargetFunctionArn %v is no function of this template", r.Properties["TargetFunctionArn"])
	}
	url, err := c.options.URL(fmt.Sprint(target.Properties["FunctionName"]))
	if err != nil {
		return err
	}
	c.references[id+".FunctionUrl"] = url + "/"
	return nil
}

// define writes the substitutions of a state machine as CloudFormation's own, which the emulation
// makes.
func define(r *resource) {
	values := r.Properties["DefinitionSubstitutions"]
	delete(r.Properties, "DefinitionSubstitutions")
	if values != nil {
		r.Properties["DefinitionString"] = map[string]any{"Fn::Sub": []any{r.Properties["DefinitionString"], values}}
	}
}

// ruleOf names the bus of a rule: the emulation does not resolve a reference there.
func (c changer) ruleOf(r *resource) {
	for _, id := range []string{refOf(r.Properties["EventBusName"]), attributeOf(r.Properties["EventBusName"])} {
		if bus := c.resources[id]; bus != nil {
			r.Properties["EventBusName"] = bus.Properties["Name"]
		}
	}
}

// part is the n-th part of a resource's ARN, which is what a Ref to it gives.
func part(id, separator string, n int) map[string]any {
	return map[string]any{"Fn::Select": []any{n, map[string]any{"Fn::Split": []any{separator, map[string]any{"Ref": id}}}}}
}

// refOf is the logical name in a {"Ref": …}, empty where value is none.
func refOf(value any) string {
	m, _ := value.(map[string]any)
	id, _ := m["Ref"].(string)
	return id
}

// attributeOf is the logical name in a {"Fn::GetAtt": [name, …]}, empty where value is none.
func attributeOf(value any) string {
	m, _ := value.(map[string]any)
	parts, _ := m["Fn::GetAtt"].([]any)
	if len(parts) != 2 {
		return ""
	}
	id, _ := parts[0].(string)
	return id
}
