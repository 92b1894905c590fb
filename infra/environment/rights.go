package environment

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/pilotage/pilotage/infra/grant"
)

// newRights lets the pipeline's functions do their work in this environment: each exactly what it
// does, on exactly these resources.
func newRights(stack awscdk.Stack, w works) {
	rights := w.rights(stack)
	for _, name := range slices.Sorted(maps.Keys(rights)) {
		grant.Attach(stack, name+"Rights", grant.FunctionRole(stack, name), rights[name])
	}
}

func (w works) rights(stack awscdk.Stack) map[string][]grant.Statement {
	routes, slots, rds := w.readTraffic(), w.readSlots(stack), w.databases(stack)
	return map[string][]grant.Statement{
		"Plan":         slices.Concat(routes, slots, w.connect(stack)),
		"PlanRollback": slices.Concat(routes, slots, w.connect(stack), w.readSnapshots(rds)),
		"Migrate":      w.connect(stack),
		"Verify":       slices.Concat(routes, w.connect(stack)),
		"Maintenance":  slices.Concat(routes, w.showMaintenance()),
		"Shift": slices.Concat(routes, []grant.Statement{{
			Actions: []string{"elasticloadbalancing:ModifyRule"}, Resources: []string{*w.balancer.users.Ref()},
		}}),
		"Prove":   routes,
		"Observe": {{Actions: []string{"cloudwatch:GetMetricData"}, Resources: []string{"*"}, Why: "CloudWatch has no resources that reading of metrics could be limited to"}},
		"Release": slices.Concat(routes, slots, w.changeSlots(stack)),
		"Retire":  slices.Concat(routes, []grant.Statement{{Actions: []string{"ecs:UpdateService"}, Resources: w.services(stack)}}),
		"Backup": slices.Concat(w.readSnapshots(rds), w.encryptStorage(stack), []grant.Statement{
			{Actions: []string{"rds:CreateDBSnapshot"}, Resources: []string{rds.instance, rds.snapshots}},
			{Actions: []string{"rds:AddTagsToResource"}, Resources: []string{rds.snapshots}},
		}),
		"Restore": slices.Concat(w.readSnapshots(rds), w.encryptStorage(stack), w.restore(rds)),
	}
}

// databases are the ARNs that backing up and restoring need.
type databases struct{ instance, restored, aside, snapshots, subnets, options, parameters string }

// derived is how much of an instance's name shared/aws/rds keeps in names that it derives from it.
const derived = 63 - len("-new-") - 12

func (w works) databases(stack awscdk.Stack) databases {
	of := func(kind, name string) string {
		return *stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("rds"), Resource: jsii.String(kind), ResourceName: jsii.String(name), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		})
	}
	name := w.props.Environment.Database.Instance
	stem := strings.TrimRight(name[:min(len(name), derived)], "-")
	return databases{
		instance: of("db", name), restored: of("db", stem+"-new-*"), aside: of("db", stem+"-old-*"), snapshots: of("snapshot", "pilotage-*"),
		subnets: of("subgrp", *w.database.subnets.Ref()), options: of("og", "default:*"), parameters: of("pg", "default.*"),
	}
}

// restore is to make an instance from a snapshot and to exchange names with the one that is there.
func (w works) restore(at databases) []grant.Statement {
	three := []string{at.instance, at.restored, at.aside}
	return []grant.Statement{
		{Actions: []string{"rds:DescribeDBInstances", "rds:ModifyDBInstance", "rds:AddTagsToResource"}, Resources: three},
		{Actions: []string{"rds:RestoreDBInstanceFromDBSnapshot"}, Resources: append(three, at.snapshots, at.subnets, at.options, at.parameters)},
	}
}

// readSnapshots is to see how far a snapshot is, and how old.
func (w works) readSnapshots(at databases) []grant.Statement {
	return []grant.Statement{{Actions: []string{"rds:DescribeDBSnapshots"}, Resources: []string{at.instance, at.snapshots}}}
}

// encryptStorage is to let RDS use the environment's key for a snapshot or an instance, and
// nobody else.
func (w works) encryptStorage(stack awscdk.Stack) []grant.Statement {
	create := w.useKey(stack, "rds", "kms:CreateGrant")
	create.Conditions["Bool"] = map[string]any{"kms:GrantIsForAWSResource": "true"}
	return []grant.Statement{create, w.useKey(stack, "rds", "kms:DescribeKey")}
}

// readTraffic is to read rules and the health of targets.
func (w works) readTraffic() []grant.Statement {
	return []grant.Statement{{
		Actions: []string{"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth"}, Resources: []string{"*"},
		Why: "Elastic Load Balancing has no resources that describing could be limited to",
	}}
}

// showMaintenance is to make and to delete the rule of the maintenance page.
func (w works) showMaintenance() []grant.Statement {
	listener := *w.balancer.listener.Ref()
	// arn:…:listener/app/NAME/ID/ID, and of its rules arn:…:listener-rule/app/NAME/ID/ID/ID.
	parts := awscdk.Fn_Split(jsii.String(":listener/"), jsii.String(listener), nil)
	rules := strings.Join([]string{*awscdk.Fn_Select(jsii.Number(0), parts), ":listener-rule/", *awscdk.Fn_Select(jsii.Number(1), parts), "/*"}, "")
	return []grant.Statement{
		{Actions: []string{"elasticloadbalancing:CreateRule"}, Resources: []string{listener}},
		{
			Actions: []string{"elasticloadbalancing:AddTags"}, Resources: []string{rules},
			Conditions: map[string]map[string]any{"StringEquals": {"elasticloadbalancing:CreateAction": "CreateRule"}},
		},
		{
			Actions: []string{"elasticloadbalancing:DeleteRule"}, Resources: []string{rules},
			Conditions: map[string]map[string]any{"StringEquals": {"aws:ResourceTag/pilotage:rule": "maintenance"}},
		},
	}
}

// readSlots is to see what runs.
func (w works) readSlots(stack awscdk.Stack) []grant.Statement {
	cluster := map[string]map[string]any{"ArnEquals": {"ecs:cluster": *w.slots.cluster.AttrArn()}}
	return []grant.Statement{
		{Actions: []string{"ecs:DescribeServices"}, Resources: w.services(stack)},
		{Actions: []string{"ecs:DescribeTasks"}, Resources: []string{ecs(stack, "task", w.props.prefix()+"/*")}},
		{Actions: []string{"ecs:ListTasks"}, Resources: []string{"*"}, Conditions: cluster, Why: "tasks are listed of container instances, which Fargate has none of; the condition limits it to the cluster"},
		{Actions: []string{"ecs:DescribeTaskDefinition"}, Resources: []string{"*"}, Why: "ECS has no resources that describing task definitions could be limited to"},
	}
}

// changeSlots is to register a release's task definition and to run it.
func (w works) changeSlots(stack awscdk.Stack) []grant.Statement {
	family := ecs(stack, "task-definition", w.props.prefix()+":*")
	return []grant.Statement{
		{Actions: []string{"ecs:UpdateService"}, Resources: w.services(stack)},
		{Actions: []string{"ecs:RegisterTaskDefinition", "ecs:TagResource"}, Resources: []string{family}},
		{
			Actions: []string{"iam:PassRole"}, Resources: []string{*w.slots.task.RoleArn(), *w.slots.execution.RoleArn()},
			Conditions: map[string]map[string]any{"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
		},
	}
}

// connect is to know the database's user and password. That the network lets the function in is
// said by the security groups.
func (w works) connect(stack awscdk.Stack) []grant.Statement {
	return []grant.Statement{
		{Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []string{w.database.secret}},
		w.useKey(stack, "secretsmanager", "kms:Decrypt"),
	}
}

// useKey is to use the environment's key, through one service only.
func (w works) useKey(stack awscdk.Stack, service string, actions ...string) grant.Statement {
	return grant.Statement{Actions: actions, Resources: []string{*w.key.KeyArn()}, Conditions: map[string]map[string]any{
		"StringEquals": {"kms:ViaService": service + "." + *stack.Region() + ".amazonaws.com"},
	}}
}

func (w works) services(stack awscdk.Stack) []string {
	prefix := w.props.prefix()
	return []string{ecs(stack, "service", prefix+"/"+prefix+"-blue"), ecs(stack, "service", prefix+"/"+prefix+"-green")}
}

func ecs(stack awscdk.Stack, kind, name string) string {
	return *stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("ecs"), Resource: jsii.String(kind), ResourceName: jsii.String(name)})
}
