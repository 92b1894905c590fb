package place

import (
	"errors"
	"fmt"
)

// Check names every part of a place that is missing or cannot be.
func (p Place) Check() error {
	var problems []error
	for _, part := range []struct{ name, value string }{
		{"account", p.Account},
		{"region", p.Region},
		{"traffic.listenerArn", p.Traffic.ListenerArn},
		{"traffic.usersRuleArn", p.Traffic.UsersRuleArn},
		{"traffic.targetGroupArns.blue", p.Traffic.TargetGroupArns.Blue},
		{"traffic.targetGroupArns.green", p.Traffic.TargetGroupArns.Green},
		{"fleet.cluster", p.Fleet.Cluster},
		{"fleet.services.blue", p.Fleet.Services.Blue},
		{"fleet.services.green", p.Fleet.Services.Green},
		{"fleet.family", p.Fleet.Family},
		{"fleet.template", p.Fleet.Template},
		{"fleet.container", p.Fleet.Container},
		{"database.identifier", p.Database.Identifier},
		{"database.secretArn", p.Database.SecretArn},
		{"metrics.loadBalancer", p.Metrics.LoadBalancer},
		{"metrics.targetGroups.blue", p.Metrics.TargetGroups.Blue},
		{"metrics.targetGroups.green", p.Metrics.TargetGroups.Green},
	} {
		if part.value == "" {
			problems = append(problems, fmt.Errorf("%s is missing", part.name))
		}
	}
	if n := p.Traffic.MaintenancePriority; n < 1 || n > 50000 {
		problems = append(problems, fmt.Errorf("traffic.maintenancePriority is %d, not from 1 to 50000", n))
	}
	if k := p.Database.Kind; k != "" && k != KindInstance && k != KindCluster {
		problems = append(problems, fmt.Errorf("database.kind is %q, neither %q nor %q", k, KindInstance, KindCluster))
	}
	return errors.Join(problems...)
}
