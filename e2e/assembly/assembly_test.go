package assembly

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func options() Options {
	return Options{
		Texts:    map[string]string{"https://example.com": "http://127.0.0.1:80", "https://example.com/long": "http://127.0.0.1:81"},
		URL:      func(function string) (string, error) { return "https://127.0.0.1:1/" + function, nil },
		Secret:   func(id string, _ map[string]any) (string, error) { return "arn:secret:" + id, nil },
		Password: "a password",
	}
}

// adapted is the resources of a template, adapted, as JSON values.
func adapted(t *testing.T, resources string) (map[string]map[string]any, Result) {
	t.Helper()
	result, err := Adapt([]byte(`{"Parameters": {"P": {}}, "Rules": {}, "Resources": `+resources+`}`), options())
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Resources map[string]map[string]any }
	if err := json.Unmarshal([]byte(result.Body), &body); err != nil {
		t.Fatal(err)
	}
	return body.Resources, result
}

// TestReferencesBecomeWhatTakesTheirPlace reads what the property P of the resource R becomes.
func TestReferencesBecomeWhatTakesTheirPlace(t *testing.T) {
	for name, test := range map[string]struct{ others, property, want string }{
		"a secret": {`"S": {"Type": "AWS::SecretsManager::Secret"}`, `{"Ref": "S"}`, `"arn:secret:S"`},
		"a function's URL": {
			`"U": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Fn::GetAtt": ["F", "Arn"]}}}, "F": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "shop-F"}}`,
			`{"Fn::Join": ["", ["at ", {"Fn::GetAtt": ["U", "FunctionUrl"]}]]}`, `{"Fn::Join": ["", ["at ", "https://127.0.0.1:1/shop-F/"]]}`,
		},
		"a function's version": {`"V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}}, "F": {"Type": "AWS::Lambda::Function", "Properties": {}}`, `{"Ref": "V"}`, `{"Fn::GetAtt": ["F", "Arn"]}`},
		"a machine's version":  {`"V": {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": {"StateMachineArn": {"Ref": "M"}}}, "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {}}`, `{"Ref": "V"}`, `{"Ref": "M"}`},
		"a machine's alias": {
			`"A": {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {"DeploymentPreference": {"StateMachineVersionArn": {"Ref": "V"}}}}, "V": {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": {"StateMachineArn": {"Ref": "M"}}}, "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {}}`,
			`[{"Ref": "A"}]`, `[{"Ref": "M"}]`,
		},
		"a target group's name":   {`"G": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"}`, `{"Fn::GetAtt": ["G", "TargetGroupFullName"]}`, `{"Fn::Select": [5, {"Fn::Split": [":", {"Ref": "G"}]}]}`},
		"a load balancer's name":  {`"B": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"}`, `{"Fn::GetAtt": ["B", "LoadBalancerFullName"]}`, `{"Fn::Select": [1, {"Fn::Split": [":loadbalancer/", {"Ref": "B"}]}]}`},
		"what was left out":       {`"A": {"Type": "AWS::CloudWatch::Alarm"}`, `{"Fn::GetAtt": ["A", "Arn"]}`, `"arn:aws:none:::A.Arn"`},
		"what is there":           {`"B": {"Type": "AWS::S3::Bucket"}`, `[{"Ref": "B"}, {"Fn::GetAtt": ["B", "Arn"]}]`, `[{"Ref": "B"}, {"Fn::GetAtt": ["B", "Arn"]}]`},
		"what is the account's":   {``, `{"Ref": "AWS::Region"}`, `{"Ref": "AWS::Region"}`},
		"what is another stack's": {``, `{"Fn::ImportValue": "Other:Network"}`, `{"Fn::ImportValue": "Other:Network"}`},
		"a text, the longest one": {``, `"https://example.com/longer and https://example.com/"`, `"http://127.0.0.1:81er and http://127.0.0.1:80/"`},
	} {
		t.Run(name, func(t *testing.T) {
			others := test.others
			if others != "" {
				others += ", "
			}
			resources, _ := adapted(t, `{`+others+`"R": {"Type": "AWS::S3::Bucket", "Properties": {"P": `+test.property+`}}}`)
			got := resources["R"]["Properties"].(map[string]any)["P"]
			var want any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestPropertiesThatTheEmulationGetsWrongAreChanged(t *testing.T) {
	for name, test := range map[string]struct{ kind, before, after string }{
		"tags of a key":       {"AWS::KMS::Key", `{"Tags": [{"Key": "a", "Value": "b"}], "Description": "d"}`, `{"Description": "d"}`},
		"tags of a parameter": {"AWS::SSM::Parameter", `{"Tags": {"a": "b"}, "Name": "n"}`, `{"Name": "n"}`},
		"a database's user":   {"AWS::RDS::DBInstance", `{"MasterUserPassword": {"Fn::Sub": "{{resolve}}"}}`, `{"MasterUserPassword": "a password"}`},
		"a function's code":   {"AWS::Lambda::Function", `{"Code": {"S3Bucket": "b"}, "Handler": "h"}`, `{"Code": {"ZipFile": "the process runs from the build folder"}, "Handler": "h"}`},
		"a machine's definition": {
			"AWS::StepFunctions::StateMachine", `{"DefinitionString": "{${F}}", "DefinitionSubstitutions": {"F": {"Ref": "Bus"}}}`,
			`{"DefinitionString": {"Fn::Sub": ["{${F}}", {"F": {"Ref": "Bus"}}]}}`,
		},
		"a rule's bus":            {"AWS::Events::Rule", `{"EventBusName": {"Fn::GetAtt": ["Bus", "Name"]}}`, `{"EventBusName": "pilotage"}`},
		"a rule's bus, by Ref":    {"AWS::Events::Rule", `{"EventBusName": {"Ref": "Bus"}}`, `{"EventBusName": "pilotage"}`},
		"a rule of the default":   {"AWS::Events::Rule", `{"State": "ENABLED"}`, `{"State": "ENABLED"}`},
		"what has nothing to fix": {"AWS::SNS::Topic", `{"Tags": [], "TopicName": "t"}`, `{"Tags": [], "TopicName": "t"}`},
	} {
		t.Run(name, func(t *testing.T) {
			resources, _ := adapted(t, `{"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "pilotage"}}, "R": {"Type": "`+test.kind+`", "Properties": `+test.before+`}}`)
			var want any
			if err := json.Unmarshal([]byte(test.after), &want); err != nil {
				t.Fatal(err)
			}
			if got := resources["R"]["Properties"]; !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestWhatIsLeftOutIsCountedAndNotWaitedFor(t *testing.T) {
	resources, result := adapted(t, `{
		"A1": {"Type": "AWS::CloudWatch::Alarm"}, "A2": {"Type": "AWS::CloudWatch::Alarm"}, "P": {"Type": "AWS::Backup::BackupPlan"},
		"B": {"Type": "AWS::S3::Bucket", "DependsOn": ["A1", "C"]}, "C": {"Type": "AWS::S3::Bucket", "DependsOn": "A2"},
		"D": {"Type": "AWS::S3::Bucket", "DependsOn": "B"}
	}`)
	if want := map[string]int{"AWS::CloudWatch::Alarm": 2, "AWS::Backup::BackupPlan": 1}; !reflect.DeepEqual(result.LeftOut, want) {
		t.Errorf("got %v left out, want %v", result.LeftOut, want)
	}
	if want := map[string]string{"B": "AWS::S3::Bucket", "C": "AWS::S3::Bucket", "D": "AWS::S3::Bucket"}; !reflect.DeepEqual(result.Resources, want) || len(resources) != len(want) {
		t.Errorf("got resources %v (%d in the body), want %v", result.Resources, len(resources), want)
	}
	for id, want := range map[string]any{"B": []any{"C"}, "C": nil, "D": []any{"B"}} {
		if got := resources[id]["DependsOn"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s waits for %v, want %v", id, got, want)
		}
	}
}

func TestSubscriptionsAreTold(t *testing.T) {
	_, result := adapted(t, `{"S": {"Type": "AWS::SNS::Subscription", "Properties": {"TopicArn": {"Ref": "Notices"}, "Protocol": "email", "Endpoint": "anna@example.com", "FilterPolicy": {"recipient": ["anna@example.com"]}}}}`)
	want := []Subscription{{Topic: "Notices", Protocol: "email", Endpoint: "anna@example.com", Filter: map[string]any{"recipient": []any{"anna@example.com"}}}}
	if !reflect.DeepEqual(result.Subscriptions, want) {
		t.Errorf("got %v, want %v", result.Subscriptions, want)
	}
}

func TestOnlyWhatOtherStacksImportIsPutOut(t *testing.T) {
	result, err := Adapt([]byte(`{"Resources": {}, "Outputs": {"For": {"Value": "people"}, "Export": {"Value": {"Ref": "Gone"}, "Export": {"Name": "Pipeline:Network"}}}}`), options())
	if err != nil {
		t.Fatal(err)
	}
	if want := `"Outputs":{"Export":{"Export":{"Name":"Pipeline:Network"},"Value":"arn:aws:none:::Gone"}}`; !strings.Contains(result.Body, want) {
		t.Errorf("got %s, want %s in it", result.Body, want)
	}
}

func TestErrorsNameTheResource(t *testing.T) {
	failing := options()
	failing.Secret = func(string, map[string]any) (string, error) { return "", errors.New("Secrets Manager is closed") }
	for name, test := range map[string]struct{ text, want string }{
		"no template": {`[]`, "read the template"},
		"a secret":    {`{"Resources": {"S": {"Type": "AWS::SecretsManager::Secret"}}}`, "adapt S of type AWS::SecretsManager::Secret: Secrets Manager is closed"},
		"a stray URL": {`{"Resources": {"U": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": "arn"}}}}`, "adapt U of type AWS::Lambda::Url: its TargetFunctionArn arn is no function"},
	} {
		if _, err := Adapt([]byte(test.text), failing); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// TestTheShippedTemplates: nothing in them refers to what is not there any more.
func TestTheShippedTemplates(t *testing.T) {
	for _, name := range []string{"Pipeline", "staging", "production"} {
		text, err := os.ReadFile("../../infra/testdata/" + name + ".template.json")
		if err != nil {
			t.Fatal(err)
		}
		result, err := Adapt(text, options())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := Adapt(text, options())
		if err != nil || again.Body != result.Body {
			t.Errorf("%s: adapted again it is another one, error %v", name, err)
		}
		var body any
		if err := json.Unmarshal([]byte(result.Body), &body); err != nil {
			t.Fatal(err)
		}
		for id := range referred(body) {
			if result.Resources[id] == "" && !strings.HasPrefix(id, "AWS::") {
				t.Errorf("%s refers to %s, which is not there", name, id)
			}
		}
		if len(result.Resources) < 20 || result.LeftOut["AWS::CloudWatch::Alarm"] == 0 {
			t.Errorf("%s: %d resources are kept and %v left out", name, len(result.Resources), result.LeftOut)
		}
	}
}

// referred are the names that a template refers to.
func referred(value any) map[string]bool {
	found := map[string]bool{}
	switch v := value.(type) {
	case map[string]any:
		if id := refOf(v); id != "" {
			found[id] = true
		}
		if id := attributeOf(v); id != "" {
			found[id] = true
		}
		for _, inner := range v {
			for id := range referred(inner) {
				found[id] = true
			}
		}
	case []any:
		for i := range v {
			for id := range referred(v[i]) {
				found[id] = true
			}
		}
	}
	return found
}
