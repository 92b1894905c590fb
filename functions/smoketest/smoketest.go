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
		if wrong := judge(test, answer, doc.Plan.Release.Version); wrong != "" {
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

// judge says what is wrong with an answer, or nothing.
func judge(test deploy.SmokeTest, answer traffic.Answer, version string) string {
	switch {
	case answer.Status != test.Status:
		return fmt.Sprintf("%s %s answered %d, not %d: %s", test.Method, test.Path, answer.Status, test.Status, start(answer.Body))
	case !strings.Contains(answer.Body, test.Contains):
		return fmt.Sprintf("%s %s answered without %q: %s", test.Method, test.Path, test.Contains, start(answer.Body))
	case answer.Release != version:
		return fmt.Sprintf("%s %s was answered by release %q, not by %q", test.Method, test.Path, answer.Release, version)
	}
	return ""
}

// start is what fits into a sentence of an answer's body.
func start(body string) string {
	const most = 200
	body = strings.Join(strings.Fields(body), " ")
	if len(body) > most {
		return body[:most] + " …"
	}
	return body
}
