package differential

import (
	"slices"
	"strings"
	"testing"
)

func TestReportCountsPlansAndNamesWhatIsUnexplained(t *testing.T) {
	report := &Report{Total: 3, Choice: Choice{Omitted: map[string][]string{"too long": {"a", "b"}}, Repeated: 7}}
	report.Add(Recorded{Plan: Plan{ID: "p1"}, Trace: one()}, nil)
	stopped := Difference{Plan: "stopped", Status: "ABORTED", What: "cause", Local: "by hand"}
	odd := Difference{Plan: "odd", Execution: "deploy:p3", What: "status", Local: "FAILED", Emulated: "SUCCEEDED"}
	report.Add(Recorded{Plan: Plan{ID: "p2", Name: "stopped"}}, []Difference{stopped})
	if report.Sound() {
		t.Error("it is sound with two of three plans compared")
	}
	report.Add(Recorded{Plan: Plan{ID: "p3", Name: "odd"}}, []Difference{odd})
	if got := report.Doubtful(); !slices.Equal(got, []string{"p3"}) || report.Sound() {
		t.Errorf("got %q in doubt and sound %v, want p3 and not", got, report.Sound())
	}
	wants(
		t, report.String(), "UNEXPLAINED odd: status of deploy:p3: here “FAILED”, there “SUCCEEDED”\n", "  stopped: cause\n", "left out: 2 too long\n",
		"compared: 1 executions with 2 states and 1 calls of functions; 7 more", "\n2 of 3 plans agree (1 known deviation, with its cause)\n",
	)
	report.Add(Recorded{Plan: Plan{ID: "p3", Name: "odd"}}, nil)
	if !report.Sound() {
		t.Error("it is not sound with all plans explained")
	}
	wants(t, report.String(), "run again, because it differed at first: 1 plan.", "  odd: status of deploy:p3", "\n3 of 3 plans agree (")
	if empty := (&Report{}); empty.Sound() {
		t.Error("it is sound with nothing compared")
	}
}

func wants(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("got\n%s\nwithout %q", got, part)
		}
	}
}
