// Package place says where an environment lives on AWS: the names of the resources that the
// pipeline reads and changes. The environment's stack writes a Place into the parameter store
// and the adapters read it there, so that no name is configured twice. The package holds plain
// types and imports no SDK: the CDK app uses it too.
package place

import (
	"fmt"

	"github.com/pilotage/pilotage/shared/deploy"
)

// Place is the resources of one environment, as JSON in the parameter that PlaceParameter
// names.
type Place struct {
	// Account is the 12 digits of the account, Region where the resources are.
	Account string `json:"account"`
	Region  string `json:"region"`
	// Traffic, Fleet, Database and Metrics are one part for each adapter.
	Traffic  Traffic  `json:"traffic"`
	Fleet    Fleet    `json:"fleet"`
	Database Database `json:"database"`
	Metrics  Metrics  `json:"metrics"`
	// Parameter is where the place was read, for messages.
	Parameter string `json:"-"`
}

// Traffic is the environment's part of an application load balancer.
type Traffic struct {
	// ListenerArn is the listener on which the maintenance rule is made.
	ListenerArn string `json:"listenerArn"`
	// UsersRuleArn is the rule that divides users' traffic by weight. It must be a rule of its
	// own with the lowest precedence: ELB does not let ModifyRule change a listener's default
	// rule (API reference, ModifyRule, OperationNotPermitted).
	UsersRuleArn string `json:"usersRuleArn"`
	// MaintenancePriority, 1 to 50000, is kept free for the maintenance rule. It comes after
	// the rules that send a request with traffic.HeaderSlot to its slot and before the users'.
	MaintenancePriority int `json:"maintenancePriority"`
	// TargetGroupArns are those of the two slots.
	TargetGroupArns Slots `json:"targetGroupArns"`
}

// Fleet is the ECS services of the slots.
type Fleet struct {
	// Cluster is a name or an ARN, Services are the services' names.
	Cluster  string `json:"cluster"`
	Services Slots  `json:"services"`
	// Family is where the task definitions of releases are registered. Template is a task
	// definition of another family that has all but the image: roles, logs, secrets, ports.
	Family   string `json:"family"`
	Template string `json:"template"`
	// Container is the one of the template's containers that runs the release.
	Container string `json:"container"`
}

// Database is the service's database.
type Database struct {
	// Identifier is that of the RDS instance or Aurora cluster, as pilotage.yaml has it.
	Identifier string `json:"identifier"`
	// Kind is KindInstance or KindCluster; empty is an instance.
	Kind string `json:"kind,omitempty"`
	// SecretArn is a secret in the form that RDS uses: JSON with username and password, and
	// perhaps host, port and dbname.
	SecretArn string `json:"secretArn"`
	// Host, Port and Name apply where the secret does not have them, as those that RDS
	// manages.
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"`
	Name string `json:"name,omitempty"`
}

// The kinds of Database.
const (
	KindInstance = "instance"
	KindCluster  = "cluster"
)

// Metrics is where requests and errors are counted, for either value of deploy.Analysis.Source. Which
// of them counts is a setting, and none of the place.
type Metrics struct {
	// LoadBalancer and TargetGroups are dimension values of AWS/ApplicationELB, such as
	// "app/name/50dc6c495c0c9188" and "targetgroup/name/73e2d6bc24d8a067".
	LoadBalancer string `json:"loadBalancer"`
	TargetGroups Slots  `json:"targetGroups"`
	// Namespace is that of the application's own counters. A place that was written before there
	// were any has none.
	Namespace string `json:"namespace,omitempty"`
}

// Namespace is where services write their own counters. They are told it by VariableNamespace.
const Namespace = "Pilotage"

// The variables by which a release is told how to write its own counters: under which namespace,
// and with which dimensions. The environment's task definition has the first three; the slot is
// known when a release is put into one.
const (
	VariableNamespace   = "PILOTAGE_METRICS_NAMESPACE"
	VariableService     = "PILOTAGE_SERVICE"
	VariableEnvironment = "PILOTAGE_ENVIRONMENT"
	VariableSlot        = "PILOTAGE_SLOT"
)

// Slots is one name for each slot.
type Slots struct {
	Blue  string `json:"blue"`
	Green string `json:"green"`
}

// Of is the name of one slot.
func (s Slots) Of(slot deploy.Slot) string {
	if slot == deploy.Blue {
		return s.Blue
	}
	return s.Green
}

// Settings is one environment's part of pilotage.yaml, as JSON in the parameter that
// SettingsParameter names. The pipeline's stack writes it.
type Settings struct {
	Service string `json:"service"`
	// Repository is the "owner/name" whose pushes may be deployed.
	Repository string `json:"repository"`
	// Name is the environment's name.
	Name        string             `json:"name"`
	Region      string             `json:"region"`
	Environment deploy.Environment `json:"environment"`
}

// DefaultRoot is below which parameters are kept.
const DefaultRoot = "/pilotage"

// SettingsParameter is the name of an environment's Settings.
func SettingsParameter(root, service, environment string) string {
	return fmt.Sprintf("%s/%s/%s/settings", root, service, environment)
}

// PlaceParameter is the name of an environment's Place.
//
//nolint:revive // place.PlaceParameter beside place.SettingsParameter: neither is just the parameter
func PlaceParameter(root, service, environment string) string {
	return fmt.Sprintf("%s/%s/%s/place", root, service, environment)
}
