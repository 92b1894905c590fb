package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// traffic is the weights and what users see.
func (s *scene) traffic(columns int) []line {
	var lines []line
	if s.weights != nil {
		lines = append(lines, bar(*s.weights, columns))
	}
	if len(s.rates) == 0 {
		return lines
	}
	versions := slices.Sorted(maps.Keys(s.rates))
	versions = versions[:min(4, len(versions))]
	peak := 0.0
	for _, version := range versions {
		peak = max(peak, s.rates[version].peak())
	}
	graph := max(4, min(60, columns-margin-24))
	for _, version := range versions {
		row := line{}.say(left(fit(oneLine(version), margin-1), margin), strong)
		row = row.say(fmt.Sprintf("%7.1f/s  ", s.rate.PerSecond[version]), normal)
		row = row.say(s.rates[version].spark(graph, peak), inBlue)
		if failed := s.rate.FailedPerSecond[version]; failed > 0 {
			row = row.say(fmt.Sprintf(" ✗ %.1f/s", failed), inRed)
		}
		lines = append(lines, row)
	}
	lines = append(lines, line{}.say(left("errors", margin), strong).
		say(fmt.Sprintf("%7.1f/s  ", s.rate.ErrorsPerSecond), normal).
		say(s.errors.spark(graph, max(s.errors.peak(), peak/10)), inRed))
	bad := normal
	if s.rate.Failed+s.rate.Lost > 0 {
		bad = inRed
	}
	return append(lines, line{}.say(left("total", margin), strong).
		say(fmt.Sprintf("%7s  requests   ", count(s.rate.Requests)), normal).
		say(fmt.Sprintf("%s failed (%s)   %s lost", count(s.rate.Failed),
			percent(s.rate.Failed, s.rate.Requests), count(s.rate.Lost)), bad))
}

// bar shows the weights by length; blue is solid and green is not, so that it reads without
// colour.
func bar(w WeightAt, columns int) line {
	before, after := fmt.Sprintf("blue %3d %% ", w.Blue), fmt.Sprintf(" green %3d %%", w.Green)
	length := max(4, min(60, columns-margin-len(before)-len(after)))
	blue := int(math.Round(float64(length*w.Blue) / float64(max(1, w.Blue+w.Green))))
	if w.Blue > 0 {
		blue = max(1, blue)
	}
	if w.Green > 0 {
		blue = min(length-1, blue)
	}
	if w.Blue+w.Green == 0 {
		return line{}.say(left("weights", margin), strong).say("blue   0 %  green   0 %: nobody gets an answer", inRed)
	}
	return line{}.say(left("weights", margin), strong).say(before, normal).
		say(strings.Repeat("█", blue), inBlue).say(strings.Repeat("░", length-blue), inGreen).say(after, normal)
}
