package main

import (
	"slices"
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

// rolesHaveActions holds the roles to what shared/aws calls: what is missing here would show as
// an AccessDenied in the middle of a deployment.
func rolesHaveActions(t *testing.T, a assembly) {
	ledger := []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "kms:Decrypt"}
	settings, catalog := []string{"ssm:GetParameter", "ssm:GetParametersByPath"}, []string{"s3:GetObject", "s3:ListBucket"}
	traffic := []string{"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth"}
	slots := []string{"ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:DescribeTasks", "ecs:ListTasks"}
	database := []string{"secretsmanager:GetSecretValue", "kms:Decrypt", "ec2:CreateNetworkInterface"}
	want := map[string][]string{
		"Validate": slices.Concat(ledger, settings, catalog), "Plan": slices.Concat(ledger, settings, catalog, traffic, slots, database),
		"PlanRollback": slices.Concat(ledger, settings, traffic, slots, database), "Announce": slices.Concat(ledger, []string{"sns:Publish"}),
		"Approve": slices.Concat(ledger, catalog, []string{"sns:Publish", "secretsmanager:GetSecretValue"}),
		"Lock":    ledger, "Promote": ledger, "Hold": ledger, "Unlock": ledger,
		"Maintenance": slices.Concat(ledger, settings, traffic, []string{"elasticloadbalancing:CreateRule", "elasticloadbalancing:AddTags", "elasticloadbalancing:DeleteRule"}),
		"Backup":      slices.Concat(ledger, settings, []string{"rds:CreateDBSnapshot", "rds:DescribeDBSnapshots", "rds:AddTagsToResource"}),
		"Migrate":     slices.Concat(ledger, settings, catalog, database),
		"Release":     slices.Concat(ledger, settings, catalog, traffic, slots, []string{"ecs:UpdateService", "ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"}),
		"SmokeTest":   slices.Concat(ledger, settings), "Shift": slices.Concat(ledger, settings, traffic, []string{"elasticloadbalancing:ModifyRule"}),
		"Prove": slices.Concat(ledger, settings, traffic), "Observe": slices.Concat(ledger, settings, []string{"cloudwatch:GetMetricData"}),
		"Verify": slices.Concat(ledger, settings, traffic, database), "Retire": slices.Concat(ledger, settings, traffic, []string{"ecs:UpdateService"}),
		"Restore":  slices.Concat(ledger, settings, []string{"rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "rds:RestoreDBInstanceFromDBSnapshot", "rds:ModifyDBInstance", "rds:AddTagsToResource"}),
		"Record":   slices.Concat(ledger, settings, []string{"sns:Publish", "s3:PutObject"}),
		"LiftHold": slices.Concat(ledger, settings, []string{"sns:Publish", "s3:PutObject"}),
		"Page":     slices.Concat(ledger, settings, []string{"sns:Publish"}),
		"Webhook":  {"events:PutEvents", "secretsmanager:GetSecretValue", "kms:Decrypt"},
		"Intake":   slices.Concat(ledger, settings, []string{"states:StartExecution"}),
		"Watchdog": slices.Concat(ledger, settings, []string{"states:StartExecution", "sns:Publish"}),
		"Decide":   slices.Concat(ledger, []string{"states:SendTaskSuccess", "states:SendTaskFailure"}),
	}
	for id, r := range a["Pipeline"].of("AWS::Lambda::Function") {
		name := plain(r.at("Handler"))
		for _, action := range want[name] {
			for environment := range a {
				if environment != "Pipeline" && !may(a, plain(at(r.Properties, "Role")), name, environment, action) {
					t.Errorf("%s (%s) may not do %s, in %s", name, id, action, environment)
				}
			}
		}
		if len(want[name]) == 0 {
			t.Errorf("nothing says what %s needs", name)
		}
	}
}

// may reports whether a function's role allows an action, in the pipeline's stack or in that of
// an environment.
func may(a assembly, role, name, environment, action string) bool {
	role = strings.TrimSuffix(strings.TrimPrefix(role, "${"), ".Arn}")
	all := slices.Concat(policies(a["Pipeline"])[role], policies(a[environment])[name+" of the pipeline"])
	return slices.ContainsFunc(all, func(s statement) bool { return contains(s.actions, action) })
}
