package plan

import (
	"fmt"
	"math"
	"time"

	"github.com/pilotage/pilotage/shared/canary"
	"github.com/pilotage/pilotage/shared/deploy"
)

// proof notes what a schedule asks of the traffic when steps without a verdict are taken back:
// the step that asks for most, or nothing. How much traffic there is, the plan does not know.
func proof(plan deploy.Plan) string {
	analysis := plan.Environment.Analysis
	patience := 0
	switch analysis.WhenInconclusive {
	case deploy.InconclusiveExtend:
		patience = analysis.ExtendSeconds
	case deploy.InconclusiveFail:
	default:
		return ""
	}
	settings := canary.Defaults()
	settings.Alpha, settings.Tolerance = analysis.Alpha, analysis.Tolerance
	settings.MinRequests, settings.ErrorBudget = analysis.MinRequests, analysis.ErrorBudget
	var hardest deploy.Step
	var requests int64
	var rate float64
	for _, step := range plan.Schedule {
		if step.BakeSeconds == 0 || step.Weight == 100 {
			continue
		}
		need := needed(settings, int(step.Weight))
		if wanted := float64(need) / float64(step.BakeSeconds+patience) / (float64(step.Weight) / 100); wanted > rate {
			hardest, requests, rate = step, need, wanted
		}
	}
	if rate == 0 {
		return ""
	}
	return fmt.Sprintf("a step without proof is taken back (%s): at %d %% that takes about %d candidate requests without an error, %.0f requests per second to the service",
		analysis.WhenInconclusive, hardest.Weight, requests, math.Ceil(rate))
}

// needed is how many requests without an error prove a candidate at a weight: what a verdict
// asks for after the first one.
func needed(settings canary.Settings, weight int) int64 {
	first := canary.Interval{Length: time.Second, Weight: weight, Candidate: canary.Counts{Requests: 1}, Active: canary.Counts{Requests: 1}}
	return 1 + canary.Judge(settings, []canary.Interval{first}, canary.BakeState{Weight: weight}).NeedRequests
}
