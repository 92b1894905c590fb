package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// build makes the bootstrap binary for this machine, and the stacks' templates, by the CDK app.
func (w *world) build(ctx context.Context) error {
	code, out := filepath.Join(w.dir, "lambda"), filepath.Join(w.dir, "cdk.out")
	say("building the functions' binary")
	if err := w.command(ctx, nil, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-buildvcs=false", "-o", filepath.Join(code, "bootstrap"), "./functions/bootstrap"); err != nil {
		return err
	}
	say("building the CDK app and synthesising (the first time takes minutes)")
	app := filepath.Join(w.dir, "infra")
	if err := w.command(ctx, []string{"GOGC=400"}, "go", "build", "-o", app, "./infra"); err != nil {
		return err
	}
	settings, err := json.Marshal(map[string]string{"configuration": "e2e/aws/pilotage.yaml", "code": code, "data": "delete"})
	if err != nil {
		return err
	}
	return w.command(ctx, []string{
		"CDK_OUTDIR=" + out, "CDK_CONTEXT_JSON=" + string(settings), "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20", "JSII_DEPRECATED=quiet",
	}, app)
}

func (w *world) command(ctx context.Context, environ []string, words ...string) error {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append(os.Environ(), environ...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, out)
	}
	return nil
}

// template is a CloudFormation template, as far as it is adapted.
type template struct {
	Resources map[string]*resource
	Outputs   map[string]any `json:",omitempty"`
}

type resource struct {
	Type       string
	Properties map[string]any
	DependsOn  any `json:",omitempty"`
}

// deploy creates a stack from an adapted template. CreateStack goes over the wire; the CDK's
// command line would only add the upload of the functions' archive, which nothing here runs.
func (w *world) deploy(ctx context.Context, file, stack string) error {
	text, err := os.ReadFile(filepath.Join(w.dir, "cdk.out", file+".template.json"))
	if err != nil {
		return err
	}
	adapted, err := w.adapt(ctx, string(text), file)
	if err != nil {
		return fmt.Errorf("adapt the template of %s: %w", file, err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, file+".adapted.json"), []byte(adapted), 0o600); err != nil {
		return err
	}
	say("creating stack %s", stack)
	answer, err := w.emulator().query(ctx, "cloudformation", "CreateStack", "2010-05-15", map[string]string{"StackName": stack, "TemplateBody": adapted})
	if err != nil {
		return fmt.Errorf("create stack %s: %w", stack, err)
	}
	_ = answer
	answer, err = w.emulator().query(ctx, "cloudformation", "DescribeStacks", "2010-05-15", map[string]string{"StackName": stack})
	if err != nil {
		return err
	}
	if !strings.Contains(string(answer), "CREATE_COMPLETE") {
		return fmt.Errorf("create stack %s: %.800s", stack, answer)
	}
	return nil
}

// dropped matches types that the emulation has not, and that nothing here looks at.
func dropped() *regexp.Regexp {
	return regexp.MustCompile(`^AWS::(CloudWatch::|Lambda::(Url|Permission)|SNS::(Subscription|TopicPolicy)|SecretsManager::|S3::BucketPolicy|StepFunctions::StateMachine(Version|Alias)|SQS::QueuePolicy|Backup::|EC2::(FlowLog|VPCPeeringConnection|VPCEndpoint|SecurityGroup(In|E)gress))`)
}

// adapt changes what the emulation lacks or gets wrong. Each change is listed in README.md.
func (w *world) adapt(ctx context.Context, text, file string) (string, error) {
	// Users reach an environment at the data plane's router.
	for name, plane := range w.planes {
		text = strings.ReplaceAll(text, plane.public, w.planes[name].router.URL())
	}
	text = strings.ReplaceAll(text, ":stateMachine:pilotage-deploy:live", ":stateMachine:pilotage-deploy")
	text = strings.ReplaceAll(text, ":stateMachine:pilotage-rollback:live", ":stateMachine:pilotage-rollback")
	var t template
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return "", err
	}
	replace := map[string]any{}
	for id, r := range t.Resources {
		if err := w.change(ctx, file, id, r, replace); err != nil {
			return "", err
		}
	}
	for id, r := range t.Resources {
		if r.Type == "AWS::SNS::Subscription" {
			w.subscriptions = append(w.subscriptions, subscription{topic: r.Properties["TopicArn"], filter: r.Properties["FilterPolicy"], endpoint: fmt.Sprint(r.Properties["Endpoint"])})
		}
		if dropped().MatchString(r.Type) || r.Type == "AWS::Lambda::Version" {
			w.skipped[r.Type]++
			delete(t.Resources, id)
		}
	}
	for name, value := range t.Outputs {
		encoded, _ := json.Marshal(value)
		if regexp.MustCompile(`URL|Secret|Alias`).Match(encoded) {
			delete(t.Outputs, name)
		}
	}
	for id, r := range t.Resources {
		r.DependsOn = existing(r.DependsOn, t.Resources)
		r.Properties, _ = rewrite(r.Properties, replace, t.Resources).(map[string]any)
		_ = id
	}
	body, err := json.Marshal(map[string]any{"AWSTemplateFormatVersion": "2010-09-09", "Resources": t.Resources, "Outputs": rewrite(map[string]any(t.Outputs), replace, t.Resources)})
	return string(body), err
}

// change adapts one resource, and says in replace what references to it become.
func (w *world) change(ctx context.Context, file, id string, r *resource, replace map[string]any) error {
	switch r.Type {
	case "AWS::SecretsManager::Secret":
		arn, err := w.secret(ctx, file+"-"+id, r.Properties)
		if err != nil {
			return err
		}
		replace["Ref:"+id] = arn
	case "AWS::StepFunctions::StateMachineVersion":
		replace["Ref:"+id] = r.Properties["StateMachineArn"]
	case "AWS::StepFunctions::StateMachineAlias":
		replace["Ref:"+id] = map[string]any{"Ref": strings.TrimSuffix(id, "Alias") + "Machine"}
	case "AWS::Lambda::Version":
		// Version 1 is what was deployed just now.
		replace["Ref:"+id] = map[string]any{"Fn::GetAtt": []any{r.Properties["FunctionName"].(map[string]any)["Ref"], "Arn"}}
	case "AWS::Lambda::Url":
		replace["GetAtt:"+id+".FunctionUrl"] = w.urls[id] + "/"
	case "AWS::Events::Rule":
		if r.Properties["EventBusName"] != nil {
			r.Properties["EventBusName"] = "pilotage"
		}
	case "AWS::RDS::DBInstance":
		r.Properties["MasterUserPassword"] = w.password
	case "AWS::Lambda::Function":
		r.Properties["Code"] = map[string]any{"ZipFile": "the process runs from the build folder"}
		delete(r.Properties, "VpcConfig")
	case "AWS::StepFunctions::StateMachine":
		w.define(r)
	}
	return nil
}

// define writes the definition inline, its substitutions by Fn::Sub.
func (w *world) define(r *resource) {
	values, _ := r.Properties["DefinitionSubstitutions"].(map[string]any)
	delete(r.Properties, "DefinitionSubstitutions")
	r.Properties["DefinitionString"] = map[string]any{"Fn::Sub": []any{r.Properties["DefinitionString"], values}}
}

// existing keeps the names of resources that are left.
func existing(names any, resources map[string]*resource) any {
	list, ok := names.([]any)
	if !ok {
		if name, one := names.(string); one {
			list = []any{name}
		}
	}
	var kept []any
	for _, name := range list {
		if resources[fmt.Sprint(name)] != nil {
			kept = append(kept, name)
		}
	}
	if kept == nil {
		return nil
	}
	return kept
}

// rewrite replaces references. One to a resource that was left out becomes its name.
func rewrite(value any, replace map[string]any, resources map[string]*resource) any {
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 1 {
			if id, ok := v["Ref"].(string); ok {
				if with, found := replace["Ref:"+id]; found {
					return rewrite(with, replace, resources)
				}
			}
			if parts, ok := v["Fn::GetAtt"].([]any); ok && len(parts) == 2 {
				key := fmt.Sprintf("%v.%v", parts[0], parts[1])
				if with, found := replace["GetAtt:"+key]; found {
					return with
				}
				if resources[fmt.Sprint(parts[0])] == nil {
					return "arn:aws:none:" + region + ":" + account + ":" + key
				}
			}
		}
		changed := make(map[string]any, len(v))
		for name, inner := range v {
			changed[name] = rewrite(inner, replace, resources)
		}
		return changed
	case []any:
		changed := make([]any, len(v))
		for i, inner := range v {
			changed[i] = rewrite(inner, replace, resources)
		}
		return changed
	}
	return value
}
