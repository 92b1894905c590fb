// Package maintenance is the stage that shows users the maintenance page, and takes it away.
package maintenance

import (
	"context"

	"github.com/pilotage/pilotage/shared/clock"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Balancer turns maintenance mode on and off.
type Balancer interface {
	SetMaintenance(ctx context.Context, lease deploy.Lease, scope deploy.Scope, mode traffic.Mode) error
}

// Stage turns maintenance mode on and off.
type Stage struct {
	Balancer Balancer
	Clock    clock.Clock
}

// Handle puts maintenance mode where the state that runs says: on for EnterMaintenance,
// otherwise as the plan found it. Repeating it is safe.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.MaintenanceResult, error) {
	on := doc.Plan.Capsule.Maintenance
	if doc.Stage == "EnterMaintenance" {
		on = true
	}
	err := s.Balancer.SetMaintenance(ctx, doc.Lease(), doc.Request.Scope, traffic.ModeOf(on))
	if err != nil {
		return deploy.MaintenanceResult{}, err
	}
	return deploy.MaintenanceResult{On: on, Since: s.Clock.Now()}, nil
}
