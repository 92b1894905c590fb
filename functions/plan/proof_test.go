package plan

import (
	"strings"
	"testing"

	"github.com/pilotage/pilotage/shared/deploy"
)

func TestNotesWhatAStepNeedsWhereUnprovenIsTakenBack(t *testing.T) {
	for policy, want := range map[string]string{
		deploy.InconclusiveProceed: "",
		deploy.InconclusiveFail:    "at 1 % that takes about 4465 candidate requests",
		deploy.InconclusiveExtend:  "at 1 % that takes about 4465 candidate requests",
	} {
		plan := deploy.Plan{Schedule: deploy.Schedule{{Weight: 1, BakeSeconds: 120}, {Weight: 25, BakeSeconds: 120}, {Weight: 100, BakeSeconds: 300}}}
		plan.Environment.Analysis = deploy.Analysis{Alpha: 0.01, Tolerance: 2, ErrorBudget: 0.001, MinRequests: 100, WhenInconclusive: policy, ExtendSeconds: 120}
		got := proof(plan)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", policy, got, want)
		}
	}
}
