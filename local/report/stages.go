package report

import (
	"cmp"
	"fmt"
	"slices"
)

// stages is the traffic summed up between changes of weights: the plot in numbers.
type stages struct {
	Versions []string
	Rows     []stage
}

type stage struct {
	From, To, Weights string
	// Requests is by version, in the order of stages.Versions.
	Requests     []string
	Failed, Lost string
	// Worst is the highest 99th percentile of latency of any second and release.
	Worst string
}

func newStages(s Scenario) *stages {
	if len(s.Series) == 0 {
		return nil
	}
	versions := versionsOf(s.Series)
	all := &stages{}
	for _, version := range versions {
		all.Versions = append(all.Versions, word(version))
	}
	start, text := 0.0, "–"
	for _, w := range s.Weights {
		if w.Seconds > start {
			all.add(s.Series, versions, start, w.Seconds, text)
			start = w.Seconds
		}
		text = fmt.Sprintf("%d / %d %%", w.Blue, w.Green)
	}
	end := max(s.Seconds, s.Series[len(s.Series)-1].Seconds+1)
	all.add(s.Series, versions, start, end, text)
	return all
}

// add sums the seconds whose middle lies between from and to.
func (a *stages) add(series []Second, versions []string, from, to float64, weights string) {
	sums := make([]int, len(versions))
	var failed, lost int
	var worst float64
	for _, second := range series {
		if middle := second.Seconds + 0.5; middle < from || middle >= to {
			continue
		}
		for i, version := range versions {
			tally := second.Releases[version]
			sums[i] += tally.Requests
			failed, lost = failed+tally.Failed, lost+tally.Lost
			worst = max(worst, tally.P99Millis)
		}
	}
	row := stage{
		From: fmt.Sprintf("%.1f", from), To: fmt.Sprintf("%.1f", to), Weights: weights,
		Failed: count(failed), Lost: count(lost), Worst: fmt.Sprintf("%.0f ms", worst),
	}
	for _, sum := range sums {
		row.Requests = append(row.Requests, count(sum))
	}
	a.Rows = append(a.Rows, row)
}

// versionsOf is each release that answered, in the order in which they first did. What no
// release answered comes last.
func versionsOf(series []Second) []string {
	type sighting struct {
		version         string
		first, requests int
	}
	seen := map[string]sighting{}
	for i, second := range series {
		for version, tally := range second.Releases {
			if _, ok := seen[version]; !ok {
				seen[version] = sighting{version, i, tally.Requests}
			}
		}
	}
	order := make([]sighting, 0, len(seen))
	for _, s := range seen {
		if s.version == unknownVersion {
			s.first = len(series)
		}
		order = append(order, s)
	}
	slices.SortFunc(order, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.requests, a.requests),
			cmp.Compare(a.version, b.version))
	})
	versions := make([]string, len(order))
	for i, s := range order {
		versions[i] = s.version
	}
	return versions
}

// unknownVersion holds what no release answered.
const unknownVersion = "(unknown)"
