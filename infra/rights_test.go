package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pilotage/pilotage/infra/grant"
)

// statement is one of a policy.
type statement struct {
	actions, resources []string
	when               string
	// reasons are those of the resource that the policy stands in.
	reasons map[string]any
}

// policies are the statements of each role: by its logical id, or for a role of another stack by
// its name.
func policies(stack template) map[string][]statement {
	found := map[string][]statement{}
	add := func(holder string, document any, metadata map[string]any) {
		reasons, _ := metadata[grant.MetadataKey].(map[string]any)
		list, _ := at(document, "Statement").([]any)
		for _, item := range list {
			s := statement{actions: words(at(item, "Action")), resources: words(at(item, "Resource")), reasons: reasons}
			if condition := at(item, "Condition"); condition != nil {
				s.when = " when " + plain(condition)
			}
			found[holder] = append(found[holder], s)
		}
	}
	for id, r := range stack.of("AWS::IAM::Role") {
		list, _ := r.at("Policies").([]any)
		for _, policy := range list {
			add(id, at(policy, "PolicyDocument"), r.Metadata)
		}
	}
	for id, r := range stack.of("AWS::IAM::RolePolicy") {
		add(strings.TrimSuffix(id, "Rights")+" of the pipeline", r.at("PolicyDocument"), r.Metadata)
	}
	return found
}

func wildcardsHaveReasons(t *testing.T, a assembly) {
	seen := 0
	for name, stack := range a {
		if n := len(stack.of("AWS::IAM::Policy")) + len(stack.of("AWS::IAM::ManagedPolicy")); n > 0 {
			t.Errorf("%s has %d policies that these tests do not look at", name, n)
		}
		for holder, statements := range policies(stack) {
			for _, s := range statements {
				for _, action := range s.actions {
					if strings.Contains(action, "*") {
						t.Errorf("%s: %s may do %s", name, holder, action)
					}
					if !contains(s.resources, "*") {
						continue
					}
					seen++
					if reason, _ := s.reasons[action].(string); len(reason) < 20 {
						t.Errorf("%s: %s may do %s on everything, and nothing says why", name, holder, action)
					}
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no wildcard was looked at")
	}
}

func rolesAreOwn(t *testing.T, a assembly) {
	owners := map[string]string{}
	for id, r := range a["Pipeline"].of("AWS::Lambda::Function") {
		role := plain(r.at("Role"))
		if other, taken := owners[role]; taken {
			t.Errorf("%s and %s have the same role", id, other)
		}
		owners[role] = id
	}
}

// rolesAreExact holds each role to what its function's ports call in shared/aws: what is missing
// would show as an AccessDenied in the middle of a deployment, and what is too much is for nobody.
func rolesAreExact(t *testing.T, a assembly) {
	ports := needs(t)
	for id, r := range a["Pipeline"].of("AWS::Lambda::Function") {
		name := plain(r.at("Handler"))
		want := map[string]bool{}
		for _, action := range slices.Concat(callsOfAll(), extraCalls()[name]) {
			want[action] = true
		}
		inside := false
		for _, port := range ports[name] {
			calls, known := calls()[port]
			if !known {
				t.Errorf("%s has a %s, and nothing says what that calls", name, port)
			}
			for _, action := range calls {
				want[action] = true
			}
			inside = inside || contains(calls, "ec2:CreateNetworkInterface")
		}
		if len(ports[name]) == 0 {
			t.Errorf("nothing says which ports %s has", name)
		}
		for environment := range a {
			if environment == "Pipeline" {
				continue
			}
			got := allowed(a, plain(r.at("Role")), name, environment)
			if missing, over := beyond(want, got), beyond(got, want); len(missing)+len(over) > 0 {
				t.Errorf("%s (%s), in %s: lacks %q, and has %q that it does not need", name, id, environment, missing, over)
			}
		}
		if (r.at("VpcConfig.SubnetIds") != nil) != inside {
			t.Errorf("%s is inside the network: %v, want %v", name, !inside, inside)
		}
	}
}

// needs are the ports of each function. They are read from the source of the bootstrap, which is
// a program and cannot be imported.
func needs(t *testing.T) map[string][]string {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "functions", "bootstrap", "ports.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	ast.Inspect(source, func(node ast.Node) bool {
		pair, ok := node.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, isText := pair.Key.(*ast.BasicLit)
		list, isList := pair.Value.(*ast.CompositeLit)
		if !isText || !isList {
			return true
		}
		name, err := strconv.Unquote(key.Value)
		if err != nil {
			t.Fatal(err)
		}
		for _, element := range list.Elts {
			found[name] = append(found[name], element.(*ast.Ident).Name)
		}
		return false
	})
	return found
}

// calls are what each port calls in whichever function has it. A port that makes other calls in
// each function is in extraCalls instead.
func calls() map[string][]string {
	inside := []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
		"ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
	secret := []string{"secretsmanager:GetSecretValue", "kms:Decrypt"}
	return map[string][]string{
		"portLedger": {
			"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
			"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo",
		},
		"portSettings": {"ssm:GetParameter", "ssm:GetParametersByPath"},
		"portCatalog":  {"s3:GetObject", "s3:ListBucket", "kms:Decrypt"},
		"portArchive":  {"s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"},
		"portBalancer": {"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth"},
		"portFleet":    {},
		"portBackups":  {},
		"portSchema":   slices.Concat(secret, inside),
		"portCaller":   inside,
		"portSignals":  {"cloudwatch:GetMetricData"},
		"portSender":   {"sns:Publish", "kms:Decrypt", "kms:GenerateDataKey"},
		"portBus":      {"events:PutEvents"},
		"portSecrets":  secret,
		"portApproval": secret,
		"portGitHub":   secret,
		// What Intake asks depends on which pipelines are configured: pipelinesAreAwaited.
		"portPipelines": {},
		"portTokens":    {"states:SendTaskFailure", "states:SendTaskSuccess"},
		"portDeploy":    {"states:StartExecution"},
		"portRollback":  {"states:StartExecution"},
	}
}

// extraCalls are those of one function beyond what its ports call everywhere.
func extraCalls() map[string][]string {
	slots := []string{"ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:DescribeTasks", "ecs:ListTasks"}
	snapshot := []string{"rds:DescribeDBSnapshots"}
	storage := []string{"kms:CreateGrant", "kms:DescribeKey"}
	// What an event has come to nothing with is sent to the dead letters in the function's name.
	letters := []string{"sqs:SendMessage", "kms:Decrypt", "kms:GenerateDataKey"}
	return map[string][]string{
		"Intake": letters, "Watchdog": letters, "Report": letters,
		"PipelineJob": slices.Concat(letters, []string{
			"codepipeline:GetPipelineExecution", "codepipeline:GetJobDetails", "codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult",
		}),
		"Plan":         slots,
		"PlanRollback": slices.Concat(slots, snapshot),
		"Release":      slices.Concat(slots, []string{"ecs:UpdateService", "ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"}),
		"Retire":       {"ecs:UpdateService"},
		"Maintenance":  {"elasticloadbalancing:CreateRule", "elasticloadbalancing:AddTags", "elasticloadbalancing:DeleteRule"},
		"Shift":        {"elasticloadbalancing:ModifyRule"},
		"Backup":       slices.Concat(snapshot, storage, []string{"rds:CreateDBSnapshot", "rds:AddTagsToResource"}),
		"Restore": slices.Concat(snapshot, storage, []string{
			"rds:DescribeDBInstances", "rds:RestoreDBInstanceFromDBSnapshot", "rds:ModifyDBInstance", "rds:AddTagsToResource",
		}),
	}
}

// callsOfAll are those that each function makes without a port: it logs and traces.
func callsOfAll() []string {
	return []string{"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
}

// allowed are the actions of a function's role, in the pipeline's stack and in that of an
// environment.
func allowed(a assembly, role, name, environment string) map[string]bool {
	role = strings.TrimSuffix(strings.TrimPrefix(role, "${"), ".Arn}")
	actions := map[string]bool{}
	for _, s := range slices.Concat(policies(a["Pipeline"])[role], policies(a[environment])[name+" of the pipeline"]) {
		for _, action := range s.actions {
			actions[action] = true
		}
	}
	return actions
}

// beyond lists what is in a set and not in another.
func beyond(set, other map[string]bool) []string {
	var found []string
	for name := range set {
		if !other[name] {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// oldVersionsMayBeCalled: an execution that began before the stack was deployed again calls the
// functions that there were then, and its machine has the role of now.
func oldVersionsMayBeCalled(t *testing.T, a assembly) {
	stack := a["Pipeline"]
	rights := policies(stack)
	for id, machine := range stack.of("AWS::StepFunctions::StateMachine") {
		role := strings.TrimSuffix(strings.Trim(plain(machine.at("RoleArn")), "${}"), ".Arn")
		var callable []string
		for _, s := range rights[role] {
			if contains(s.actions, "lambda:InvokeFunction") {
				callable = append(callable, s.resources...)
			}
		}
		substitutions, _ := machine.at("DefinitionSubstitutions").(map[string]any)
		for name := range substitutions {
			function, isFunction := strings.CutSuffix(name, "Function")
			if isFunction && !slices.ContainsFunc(callable, func(arn string) bool {
				logical, any := strings.CutSuffix(strings.TrimPrefix(arn, "${"), ".Arn}:*")
				return any && plain(stack.Resources[logical].at("Handler")) == function
			}) {
				t.Errorf("%s may not call old versions of %s", id, function)
			}
		}
	}
}
