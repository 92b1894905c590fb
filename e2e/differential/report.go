package differential

import (
	"cmp"
	"fmt"
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

// String is the summary, and then each difference with its cause, those of one cause together.
func (r *Report) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	fmt.Fprintf(&out, "differential: %d plans, %d agree, %d differ\n", r.plans, r.plans-len(r.found), len(r.found))
	causes := map[string][]Difference{}
	for _, list := range r.found {
		for _, difference := range list {
			cause, known := Explain(difference)
			if !known {
				cause = "UNEXPLAINED"
			}
			causes[cause] = append(causes[cause], difference)
		}
	}
	for _, cause := range sorted(causes) {
		fmt.Fprintf(&out, "%s (%d)\n", cause, len(causes[cause]))
		list := causes[cause]
		slices.SortFunc(list, func(a, b Difference) int { return cmp.Compare(a.Execution+a.What, b.Execution+b.What) })
		for _, difference := range list {
			fmt.Fprintf(&out, "  %s\n", difference)
		}
	}
	return out.String()
}

func sorted(causes map[string][]Difference) []string {
	var names []string
	for name := range causes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
