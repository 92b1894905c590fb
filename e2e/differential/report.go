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
	mu    sync.Mutex
	plans int
	found map[string][]Difference
}

// Add adds the differences of one plan.
func (r *Report) Add(plan Plan, found []Difference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil {
		r.found = map[string][]Difference{}
	}
	r.plans++
	if len(found) > 0 {
		r.found[plan.ID] = found
	}
}

// Unexplained counts the differences that no known deviation explains.
func (r *Report) Unexplained() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := 0
	for _, list := range r.found {
		for _, difference := range list {
			if _, known := Explain(difference); !known {
				count++
			}
		}
	}
	return count
}

// String is the summary, and then the differences: those that nothing explains one by one, and
// those of each known deviation by plan.
func (r *Report) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	fmt.Fprintf(&out, "differential: %d plans, %d agree, %d differ\n", r.plans, r.plans-len(r.found), len(r.found))
	var unexplained []string
	known := map[string]map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(r.found)) {
		for _, difference := range r.found[id] {
			reason, explained := Explain(difference)
			if !explained {
				unexplained = append(unexplained, difference.String())
				continue
			}
			if known[reason] == nil {
				known[reason] = map[string][]string{}
			}
			known[reason][difference.Plan] = append(known[reason][difference.Plan], difference.What)
		}
	}
	for _, line := range unexplained {
		fmt.Fprintf(&out, "UNEXPLAINED %s\n", line)
	}
	for _, reason := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(&out, "known: %s\n", reason)
		for _, plan := range slices.Sorted(maps.Keys(known[reason])) {
			fmt.Fprintf(&out, "  %s: %s\n", plan, counted(known[reason][plan]))
		}
	}
	return out.String()
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
