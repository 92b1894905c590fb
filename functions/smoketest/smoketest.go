// Package smoketest is the stage that asks a release, through the load balancer and by
// header, what users will ask it.
package smoketest

import (
	"context"
	"fmt"
	"strings"

	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/traffic"
)

// Caller makes requests through the data plane.
type Caller interface {
	Call(ctx context.Context, scope deploy.Scope, call traffic.Call) (traffic.Answer, error)
}

// Stage runs smoke tests.
type Stage struct{ Caller Caller }

// Handle runs the plan's smoke tests against its target slot. One that does not pass is
// fault.Unhealthy, and all that did not are named. Repeating it makes the requests again.
func (s Stage) Handle(ctx context.Context, doc deploy.Document) (deploy.SmokeTestResult, error) {
	var result deploy.SmokeTestResult
	var failed []string
	for _, test := range doc.Plan.SmokeTests {
		answer, err := s.Caller.Call(ctx, doc.Request.Scope, traffic.Call{
			Method: test.Method, Path: test.Path, Body: test.Body, Slot: doc.Plan.Target, Probe: doc.ID,
		})
		if err != nil {
			return deploy.SmokeTestResult{}, fmt.Errorf("smoke test %q: %w", test.Name, err)
		}
		if wrong := answer.Judge(test, doc.Plan.Release.Version); wrong != "" {
			failed = append(failed, fmt.Sprintf("%s: %s", test.Name, wrong))
			continue
		}
		result.Passed = append(result.Passed, test.Name)
	}
	if len(failed) > 0 {
		return deploy.SmokeTestResult{}, fault.New(fault.Unhealthy, "%d of %d smoke tests did not pass on %s: %s",
			len(failed), len(doc.Plan.SmokeTests), doc.Plan.Release.Version, strings.Join(failed, "; "))
	}
	return result, nil
}
