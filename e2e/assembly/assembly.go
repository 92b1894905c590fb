// Package assembly changes the CloudFormation templates that the CDK app synthesises into such that
// an emulation of AWS takes. It makes no call: what has to be made beside the stack, an address or
// a secret, is made by functions that it is given.
//
// Each change is listed, with its cause, in e2e/aws/README.md.
package assembly

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options are what takes the place of things that the emulation does not have.
type Options struct {
	// Texts are replaced wherever they stand in the template, the longest first.
	Texts map[string]string
	// URL is the address of a function, by the function's name, without a slash at its end.
	URL func(function string) (string, error)
	// Secret makes a secret and returns its ARN. id is the resource's logical name.
	Secret func(id string, properties map[string]any) (string, error)
	// Password is that of the databases' users.
	Password string
}

// Result is an adapted template, and what was taken out of it.
type Result struct {
	// Body is the template as JSON.
	Body string
	// Resources are the types of its resources, by their logical names.
	Resources map[string]string
	// Subscriptions are the people whom SNS writes to.
	Subscriptions []Subscription
	// LeftOut counts the resources that the template does not have any more, by type.
	LeftOut map[string]int
}

// Subscription is one of SNS.
type Subscription struct {
	// Topic is the topic's logical name in the template.
	Topic    string
	Protocol string
	Endpoint string
	// Filter is the filter policy; nil for none.
	Filter map[string]any
}

// template is one of CloudFormation, as far as it is looked at. Parameters and Rules are the
// CDK's own check of its bootstrap stack, and left out.
type template struct {
	Resources map[string]*resource
	Outputs   map[string]any
}

type resource struct {
	Type       string
	Properties map[string]any
	DependsOn  any `json:",omitempty"`
}

// Adapt changes a template. Adapting the same text with the same options gives the same body.
func Adapt(text []byte, options Options) (Result, error) {
	var t template
	if err := json.Unmarshal(replaceTexts(text, options.Texts), &t); err != nil {
		return Result{}, fmt.Errorf("read the template: %w", err)
	}
	result := Result{Resources: map[string]string{}, LeftOut: map[string]int{}}
	c := changer{options: options, resources: t.Resources, references: map[string]any{}}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if err := c.change(id, t.Resources[id]); err != nil {
			return Result{}, fmt.Errorf("adapt %s of type %s: %w", id, t.Resources[id].Type, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		one := t.Resources[id]
		if one.Type == "AWS::SNS::Subscription" {
			result.Subscriptions = append(result.Subscriptions, subscription(one.Properties))
		}
		if lacking(one.Type) {
			result.LeftOut[one.Type]++
			delete(t.Resources, id)
			continue
		}
		result.Resources[id] = one.Type
	}
	for _, one := range t.Resources {
		one.DependsOn = c.existing(one.DependsOn)
		one.Properties, _ = c.rewrite(one.Properties).(map[string]any)
	}
	body, err := json.Marshal(map[string]any{
		"AWSTemplateFormatVersion": "2010-09-09", "Resources": t.Resources, "Outputs": c.rewrite(exported(t.Outputs)),
	})
	if err != nil {
		return Result{}, fmt.Errorf("encode the template: %w", err)
	}
	result.Body = string(body)
	return result, nil
}

// replaceTexts puts texts in the place of others. The longest come first, so that one which holds
// another is whole.
func replaceTexts(text []byte, texts map[string]string) []byte {
	olds := slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	replaced := string(text)
	for _, old := range olds {
		replaced = strings.ReplaceAll(replaced, old, texts[old])
	}
	return []byte(replaced)
}

// exported are the outputs that other stacks import. The others are for people.
func exported(outputs map[string]any) map[string]any {
	kept := map[string]any{}
	for name, output := range outputs {
		if described, _ := output.(map[string]any); described["Export"] != nil {
			kept[name] = output
		}
	}
	return kept
}

func subscription(properties map[string]any) Subscription {
	filter, _ := properties["FilterPolicy"].(map[string]any)
	return Subscription{Topic: refOf(properties["TopicArn"]), Protocol: fmt.Sprint(properties["Protocol"]), Endpoint: fmt.Sprint(properties["Endpoint"]), Filter: filter}
}
