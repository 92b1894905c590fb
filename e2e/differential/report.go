package differential

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Report is what a differential run found. It is safe for concurrent use.
type Report struct {
	// Total is how many plans there are to compare, and Choice where they come from.
	Total  int
	Choice Choice

	mu     sync.Mutex
	found  map[string][]Difference // by plan; none for one that agrees
	size   Size
	doubts []string // what differed at first in the plans that were run again
}

// Size is how much was compared.
type Size struct{ Executions, States, Calls int }

// Add adds the differences of one plan. A plan that was added before is replaced.
func (r *Report) Add(recorded Recorded, found []Difference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil {
		r.found = map[string][]Difference{}
	}
	if before, again := r.found[recorded.Plan.ID]; again && len(before) > 0 {
		r.doubts = append(r.doubts, before[0].String())
	} else {
		for _, execution := range recorded.Trace {
			r.size.Executions++
			r.size.States += len(execution.Path)
			r.size.Calls += len(execution.Calls)
		}
	}
	r.found[recorded.Plan.ID] = found
}

// Progress is a line about how far the run is.
func (r *Report) Progress() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("%d of %d plans, %d agree", len(r.found), r.Total, len(r.found)-len(r.unexplained()))
}

// Doubtful are the ids of the plans with a difference that no known deviation explains.
func (r *Report) Doubtful() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.unexplained()))
}

// Sound says whether plans were compared, all that there were, and nothing is unexplained.
func (r *Report) Sound() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Total > 0 && len(r.found) == r.Total && len(r.unexplained()) == 0
}

// unexplained are the differences that no known deviation explains, by plan.
func (r *Report) unexplained() map[string][]Difference {
	left := map[string][]Difference{}
	for id, list := range r.found {
		for _, difference := range list {
			if _, known := Explain(difference); !known {
				left[id] = append(left[id], difference)
			}
		}
	}
	return left
}

// String is the summary: the differences that nothing explains one by one, those of each known
// deviation by plan, what was left out, and at the end how many plans agree.
func (r *Report) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	unexplained := r.unexplained()
	for _, id := range slices.Sorted(maps.Keys(unexplained)) {
		for _, difference := range unexplained[id] {
			fmt.Fprintf(&out, "UNEXPLAINED %s\n", difference)
		}
	}
	known := r.known()
	for _, reason := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(&out, "known deviation, in %s: %s\n", plans(len(known[reason])), reason)
		listed(&out, known[reason])
	}
	if len(r.doubts) > 0 {
		fmt.Fprintf(&out, "run again, because it differed at first: %s. Timeouts take real time here, and a busy machine is late.\n", plans(len(r.doubts)))
		listed(&out, r.doubts)
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Choice.Omitted)) {
		left := r.Choice.Omitted[reason]
		fmt.Fprintf(&out, "left out: %d %s\n", len(left), reason)
	}
	fmt.Fprintf(&out, "compared: %d executions with %d states and %d calls of functions", r.size.Executions, r.size.States, r.size.Calls)
	if r.Choice.Repeated > 0 {
		fmt.Fprintf(&out, "; %d more executions are the same as one of these, names aside", r.Choice.Repeated)
	}
	fmt.Fprintf(&out, "\n%d of %d plans agree (%s)\n", len(r.found)-len(unexplained), r.Total, deviations(len(known)))
	return out.String()
}

func plans(count int) string {
	if count == 1 {
		return "1 plan"
	}
	return fmt.Sprintf("%d plans", count)
}

func deviations(count int) string {
	switch count {
	case 0:
		return "no deviation"
	case 1:
		return "1 known deviation, with its cause"
	}
	return fmt.Sprintf("%d known deviations, each with its cause", count)
}

// known are the plans that show a known deviation, and in what, by its reason.
func (r *Report) known() map[string][]string {
	known := map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(r.found)) {
		whats := map[string][]string{}
		name := ""
		for _, difference := range r.found[id] {
			if reason, explained := Explain(difference); explained {
				whats[reason] = append(whats[reason], difference.What)
				name = difference.Plan
			}
		}
		for reason, what := range whats {
			known[reason] = append(known[reason], name+": "+counted(what))
		}
	}
	return known
}

// listed writes the first of a list.
func listed(out *strings.Builder, list []string) {
	const most = 4
	for _, line := range list[:min(most, len(list))] {
		fmt.Fprintf(out, "  %s\n", line)
	}
	if left := len(list) - most; left > 0 {
		fmt.Fprintf(out, "  and %d more\n", left)
	}
}

// counted lists what differs in a plan; of the calls only how many.
func counted(whats []string) string {
	var names []string
	calls := 0
	for _, what := range whats {
		if strings.HasPrefix(what, "call ") {
			calls++
		} else {
			names = append(names, what)
		}
	}
	if calls > 0 {
		names = append(names, fmt.Sprintf("the payloads of %d calls", calls))
	}
	return strings.Join(names, ", ")
}
